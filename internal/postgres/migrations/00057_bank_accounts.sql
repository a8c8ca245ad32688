-- The company's accounts at its bank.

-- +goose Up
create table bank_accounts (
    company_id       text        not null references companies,
    id               text        not null,
    iban             text        not null,
    account          text        not null,
    currency         text        not null check (currency ~ '^[A-Z]{3}$'),
    use_for_invoices boolean     not null,
    holder           jsonb       not null,
    created_at       timestamptz not null,
    primary key (company_id, id),
    constraint one_account_per_iban unique (company_id, iban, currency),
    constraint bank_account_in_chart foreign key (company_id, account) references accounts (company_id, number)
);
create unique index one_for_invoices on bank_accounts (company_id, currency) where use_for_invoices;

alter table bank_accounts enable row level security;
alter table bank_accounts force row level security;
create policy own_company on bank_accounts using (company_id = current_setting('quittance.company_id', true));
