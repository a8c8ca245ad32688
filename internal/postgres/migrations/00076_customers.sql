-- What is known of customers as persons stands in tables of its own, sealed with a key that each customer has alone. Erasing a customer
-- deletes the key. The columns of before stay for processes of before, and are emptied by "quittance migrate", which can seal.

-- +goose Up

-- Keys of the installation, sealed. They make what can't be guessed at from the database alone, see personal.Keys.
create table installation_keys (
    id         text  primary key,
    sealed_key bytea not null
);

-- A customer is a mail address within a company, or one invoice that has none.
create table customers (
    company_id    text        not null references companies,
    id            text        not null,
    address_index bytea, -- a hash of the mail address with a key of the installation
    sealed_key    bytea,
    created_at    timestamptz not null,
    erased_at     timestamptz,
    primary key (company_id, id),
    constraint one_customer_per_address unique (company_id, address_index),
    constraint erased_for_good check ((erased_at is null) = (sealed_key is not null) and (erased_at is null or address_index is null))
);
alter table customers enable row level security;
alter table customers force row level security;
create policy own_company on customers using (company_id = current_setting('quittance.company_id', true));

create table invoice_customers (
    company_id  text     not null,
    invoice_id  text     not null,
    customer_id text     not null,
    personal    bytea, -- sealed with the customer's key, null once that is erased
    mailable    boolean  not null, -- there is a mail address
    name_index  bigint[] not null, -- hashes of the pieces of the name, see personal.Pieces
    email_index bigint[] not null,
    primary key (company_id, invoice_id),
    foreign key (company_id, invoice_id) references invoices (company_id, id),
    foreign key (company_id, customer_id) references customers (company_id, id)
);
create index on invoice_customers (company_id, customer_id);
alter table invoice_customers enable row level security;
alter table invoice_customers force row level security;
create policy own_company on invoice_customers using (company_id = current_setting('quittance.company_id', true));

alter table invoice_reminders
    add column personal bytea, -- the address, and why it failed: sealed with the key of the invoice's customer
    alter column email_to set default '',
    drop constraint reason_when_failed;

-- The token of an online document is made from a key of the installation, the invoice's id and the version of its link.
alter table invoices
    add column link_version integer not null default 1 check (link_version > 0),
    add column cancelled_at timestamptz,
    alter column customer_name set default '',
    alter column customer_email set default '',
    alter column token set default '',
    drop constraint reason_when_failed;
alter table invoices no force row level security;
update invoices set cancelled_at = now() where status = 'cancelled';
alter table invoices force row level security;
alter table online_documents add column revoked_at timestamptz;
create index on online_documents (company_id, invoice_id);

-- The audit log names the fields of customers' things that were changed, and copies no values that people write: also of before.
-- It is chained again, as by the migration that made the chain.
alter table companies no force row level security;
alter table audit_log no force row level security;
alter table audit_heads no force row level security;
drop trigger immutable on audit_log;
-- +goose StatementBegin
do $$
declare
    e audit_log;
    head audit_heads;
begin
    update audit_heads set sequence = 0, hash = '';
    for e in select * from audit_log order by company_id, sequence loop
        select * into head from audit_heads h where h.company_id = e.company_id;
        if e.subject ~ '^(inv|pay|ref|rcp|exc|man|jre|dsp)_' then
            select coalesce(jsonb_object_agg(key, case when key in ('status', 'state', 'amount', 'amount_paid', 'amount_due', 'amount_refunded', 'currency',
                'due_date', 'issue_date', 'issued_at', 'paid_at', 'created_at', 'payment_service_ids', 'overdue', 'reminders_stopped', 'choice')
                then value else '{}'::jsonb end), '{}') into e.changes from jsonb_each(e.changes);
        end if;
        e.previous_hash := head.hash;
        e.hash := audit_hash(e);
        update audit_log a set changes = e.changes, previous_hash = e.previous_hash, hash = e.hash where a.company_id = e.company_id and a.sequence = e.sequence;
        update audit_heads h set sequence = e.sequence, hash = e.hash where h.company_id = e.company_id;
    end loop;
end $$;
-- +goose StatementEnd
create trigger immutable before update or delete or truncate on audit_log for each statement execute function refuse_audit_change();
alter table companies force row level security;
alter table audit_log force row level security;
alter table audit_heads force row level security;
