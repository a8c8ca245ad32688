-- Invoices and the attempts to pay them. Amounts are in major units of the currency beside them.

-- +goose Up
create table invoices (
    company_id        text          not null references companies,
    id                text          not null,
    number            text          not null,
    status            text          not null check (status in ('draft', 'open', 'partially_paid', 'paid', 'cancelled')),
    currency          text          not null check (currency ~ '^[A-Z]{3}$'),
    amount            numeric(14,2) not null check (amount between 0.01 and 999999999.99),
    amount_paid       numeric(14,2) not null check (amount_paid between 0 and amount),
    customer_name     text          not null,
    customer_email    text          not null,
    customer_language text          not null check (customer_language in ('de', 'fr', 'it', 'en')),
    description       text          not null,
    due_date          date          not null,
    token             text          not null,
    created_at        timestamptz   not null,
    issued_at         timestamptz,
    paid_at           timestamptz,
    primary key (company_id, id),
    constraint invoice_number unique (company_id, number),
    constraint paid_means_in_full check ((status = 'paid') = (amount_paid = amount)),
    constraint paid_at_when_paid check ((status = 'paid') = (paid_at is not null))
);
create index on invoices (company_id, status, id);

create table invoice_payment_services (
    company_id         text     not null,
    invoice_id         text     not null,
    payment_service_id text     not null,
    position           smallint not null,
    constraint attached_once primary key (company_id, invoice_id, payment_service_id),
    foreign key (company_id, invoice_id) references invoices (company_id, id),
    constraint known_payment_service foreign key (company_id, payment_service_id) references payment_services (company_id, id)
);

create table payments (
    company_id             text          not null,
    id                     text          not null,
    invoice_id             text          not null,
    payment_service_id     text          not null,
    order_id               text          not null unique, -- Saferpay's view of us: one OrderId, one payment
    method                 text          not null check (method in ('card', 'twint')),
    state                  text          not null check (state in
        ('created', 'redirected', 'pending', 'unknown', 'authorized', 'captured', 'failed', 'aborted', 'expired', 'cancelled')),
    currency               text          not null check (currency ~ '^[A-Z]{3}$'),
    amount                 numeric(14,2) not null check (amount between 0.01 and 999999999.99),
    token                  text          not null,
    redirect_url           text          not null,
    expires_at             timestamptz,
    transaction_id         text          not null,
    capture_id             text          not null,
    payment_means          text          not null,
    liability_shift        boolean       not null,
    failure_name           text          not null,
    failure_payer_message  text          not null,
    booked_account         text,
    parked                 boolean       not null,
    timeline               jsonb         not null,
    created_at             timestamptz   not null,
    primary key (company_id, id),
    foreign key (company_id, invoice_id) references invoices (company_id, id),
    foreign key (company_id, payment_service_id) references payment_services (company_id, id),
    foreign key (company_id, booked_account) references accounts (company_id, number)
);
create index on payments (company_id, invoice_id, id);
create index on payments (company_id, state, id);
create unique index one_payment_per_transaction on payments (company_id, transaction_id) where transaction_id <> '';

alter table invoices enable row level security;
alter table invoices force row level security;
create policy own_company on invoices using (company_id = current_setting('quittance.company_id', true));

alter table invoice_payment_services enable row level security;
alter table invoice_payment_services force row level security;
create policy own_company on invoice_payment_services using (company_id = current_setting('quittance.company_id', true));

alter table payments enable row level security;
alter table payments force row level security;
create policy own_company on payments using (company_id = current_setting('quittance.company_id', true));

-- Without a policy, as in the migration before: what a payer's browser or a notification brings is all that is known.

create table online_documents (
    token_hash bytea primary key check (octet_length(token_hash) = 32 and token_hash <> sha256('')),
    company_id text  not null,
    invoice_id text  not null,
    foreign key (company_id, invoice_id) references invoices (company_id, id)
);

create table notifications (
    secret_hash bytea primary key check (octet_length(secret_hash) = 32 and secret_hash <> sha256('')),
    company_id  text  not null,
    invoice_id  text  not null,
    payment_id  text  not null,
    foreign key (company_id, payment_id) references payments (company_id, id)
);
