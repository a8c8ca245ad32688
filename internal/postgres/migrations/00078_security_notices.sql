-- Mails that tell a company of changes by which money or data could be stolen, one row for each change and address. The queue says which
-- companies have any to send. Keys may be bound to addresses.

-- +goose Up
create table security_notices (
    company_id text        not null references companies,
    id         text        not null,
    recipient  text        not null,
    at         timestamptz not null,
    change     text        not null,
    about      text        not null,
    before     text        not null,
    after      text        not null,
    actor      text        not null,
    address    text        not null, -- from which the change was asked for; empty when that is not known
    ended_at   timestamptz,
    failure    text        not null default '', -- why it was never delivered
    primary key (company_id, id, recipient)
);
create index open_security_notices on security_notices (company_id, id) where ended_at is null;
create index former_contacts on security_notices (company_id, at) where change = 'contact_changed';
alter table security_notices enable row level security;
alter table security_notices force row level security;
create policy own_company on security_notices using (company_id = current_setting('quittance.company_id', true));

create table security_notice_queue (
    company_id text        primary key references companies,
    due_at     timestamptz not null default now()
);

alter table api_keys add column allowed_addresses cidr[] not null default '{}'; -- empty: any
