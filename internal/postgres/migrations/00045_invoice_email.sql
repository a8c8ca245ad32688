-- What became of the mail with the link of an invoice that was asked for last. No state: none was ever asked for.

-- +goose Up
alter table invoices
    add column email_id     text not null default '',
    add column email_state  text not null default '' check (email_state in ('', 'queued', 'delivered', 'failed')),
    add column email_to     text not null default '',
    add column email_at     timestamptz,
    add column email_reason text not null default '',
    add constraint email_is_whole check ((email_state = '') = (email_id = '') and (email_state = '') = (email_at is null)),
    add constraint reason_when_failed check ((email_state = 'failed') = (email_reason <> ''));
