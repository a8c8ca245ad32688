-- Money that goes back to payers. Amounts are in major units of the currency beside them.

-- +goose Up
create table refunds (
    company_id            text          not null references companies,
    id                    text          not null,
    payment_id            text          not null,
    invoice_id            text          not null,
    order_id              text          not null unique, -- Saferpay's view of us
    state                 text          not null check (state in
        ('requested', 'pending', 'unknown', 'authorized', 'captured', 'recorded', 'failed')),
    currency              text          not null check (currency ~ '^[A-Z]{3}$'),
    amount                numeric(14,2) not null check (amount between 0.01 and 999999999.99),
    reason                text          not null,
    transaction_id        text          not null,
    failure_name          text          not null,
    failure_payer_message text          not null,
    booked_account        text,
    timeline              jsonb         not null,
    created_at            timestamptz   not null,
    primary key (company_id, id),
    foreign key (company_id, payment_id) references payments (company_id, id),
    foreign key (company_id, invoice_id) references invoices (company_id, id),
    foreign key (company_id, booked_account) references accounts (company_id, number)
);
create index on refunds (company_id, payment_id, id);
create unique index one_refund_per_transaction on refunds (company_id, transaction_id) where transaction_id <> '';

alter table refunds enable row level security;
alter table refunds force row level security;
create policy own_company on refunds using (company_id = current_setting('quittance.company_id', true));

-- A refund takes money off what was paid, and the invoice stays paid: whether it is owed again is for its issuer to say.
alter table invoices drop constraint paid_means_in_full, add column amount_refunded numeric(14,2) not null default 0,
    add constraint paid_means_in_full check ((status = 'paid') = (amount_paid + amount_refunded = amount));
