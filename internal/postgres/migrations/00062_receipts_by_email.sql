-- What is known of the means of payment, and the mail to the payer about money that came or goes back. No mail_state: there is no
-- mail. Of a card number at most ten digits are kept: the first six and the last four.

-- +goose Up
alter table companies add column receipts_by_email boolean not null default false;

alter table payments
    add column brand              text not null default '',
    add column card               text not null default '' check (length(regexp_replace(card, '[^0-9]', '', 'g')) <= 10),
    add column authorization_code text not null default '',
    add column language           text not null default '' check (language in ('', 'de', 'fr', 'it', 'en')),
    add column mail_state         text not null default '' check (mail_state in ('', 'queued', 'delivered', 'failed')),
    add column mail_at            timestamptz,
    add column mail_reason        text not null default '',
    add constraint mail_is_whole check ((mail_state = '') = (mail_at is null)),
    add constraint mail_reason_when_failed check ((mail_state = 'failed') = (mail_reason <> ''));

alter table refunds
    add column mail_state  text not null default '' check (mail_state in ('', 'queued', 'delivered', 'failed')),
    add column mail_at     timestamptz,
    add column mail_reason text not null default '',
    add constraint mail_is_whole check ((mail_state = '') = (mail_at is null)),
    add constraint mail_reason_when_failed check ((mail_state = 'failed') = (mail_reason <> ''));
