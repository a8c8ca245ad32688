-- Reminders of invoices that are overdue.

-- +goose Up
alter table companies
    add column reminders       jsonb not null default '[]', -- the ladder, see merchant.Reminder
    add column reminders_since timestamptz;                 -- when it was last changed

alter table invoices add column reminders_stopped boolean not null default false;

create table invoice_reminders (
    company_id     text        not null,
    invoice_id     text        not null,
    step           integer     not null check (step between 1 and 5),
    days_after_due integer     not null,
    at             timestamptz not null, -- when its time had come
    email_state    text        not null check (email_state in ('queued', 'unknown', 'delivered', 'failed')),
    email_to       text        not null,
    email_at       timestamptz not null,
    email_reason   text        not null default '',
    primary key (company_id, invoice_id, step), -- none goes twice
    foreign key (company_id, invoice_id) references invoices (company_id, id),
    constraint reason_when_failed check ((email_state = 'failed') = (email_reason <> ''))
);
alter table invoice_reminders enable row level security;
alter table invoice_reminders force row level security;
create policy own_company on invoice_reminders using (company_id = current_setting('quittance.company_id', true));
