-- Companies, and how a caller or a notification finds the company that it belongs to.
--
-- Every table of this schema that holds a company's business has a policy that shows only the rows of the company in the
-- setting quittance.company_id, and forces it on the owner of the table too, since that is who the application connects
-- as. Foreign keys include the company, so that a row can't point into another company.

-- +goose Up
create table companies (
    id              text primary key,
    name            text not null,
    language        text not null check (language in ('de', 'fr', 'it', 'en')),
    canton          text not null check (canton ~ '^[A-Z]{2}$'),
    receipt_account text not null,
    fee_account     text not null,
    liability       text not null check (liability in ('require', 'prefer')),
    created_at      timestamptz not null
);

create table accounts (
    company_id text  not null references companies,
    number     text  not null check (number <> ''),
    names      jsonb not null,
    primary key (company_id, number)
);

alter table companies
    add constraint receipt_account_in_chart foreign key (id, receipt_account) references accounts (company_id, number),
    add constraint fee_account_in_chart foreign key (id, fee_account) references accounts (company_id, number);

create table payment_services (
    company_id      text        not null references companies,
    id              text        not null,
    provider        text        not null check (provider = 'worldline_saferpay'),
    name            text        not null,
    environment     text        not null check (environment in ('test', 'live')),
    status          text        not null check (status in
        ('awaiting_credentials', 'in_verification', 'active', 'rejected', 'suspended', 'disconnected')),
    is_default      boolean     not null default false,
    customer_id     text        not null,
    terminal_id     text        not null,
    api_username    text        not null,
    sealed_password bytea,
    methods         jsonb       not null,
    submitted_at    timestamptz,
    earliest_at     timestamptz,
    due_at          timestamptz,
    last_checked_at timestamptz,
    timeline        jsonb       not null,
    created_at      timestamptz not null,
    primary key (company_id, id),
    constraint only_active_default check (status = 'active' or not is_default)
);
create unique index one_default_payment_service on payment_services (company_id) where is_default;

alter table companies enable row level security;
alter table companies force row level security;
create policy own_company on companies using (id = current_setting('quittance.company_id', true));

alter table accounts enable row level security;
alter table accounts force row level security;
create policy own_company on accounts using (company_id = current_setting('quittance.company_id', true));

alter table payment_services enable row level security;
alter table payment_services force row level security;
create policy own_company on payment_services using (company_id = current_setting('quittance.company_id', true));

-- The tables below are read before the company is known. They have no policy, hold nothing but keys and ids, and their
-- keys are hashes or can't be guessed.

create table api_keys (
    hash       bytea       primary key check (octet_length(hash) = 32),
    id         text        not null unique,
    company_id text        not null constraint key_of_a_company references companies,
    prefix     text        not null,
    scopes     text[]      not null,
    created_at timestamptz not null
);
create index on api_keys (company_id);

create table payment_service_companies (
    payment_service_id text primary key,
    company_id         text not null,
    foreign key (company_id, payment_service_id) references payment_services (company_id, id)
);
