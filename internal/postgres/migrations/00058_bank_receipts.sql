-- Money that comes by bank for invoices.

-- +goose Up

-- The digits that both kinds of reference of an invoice share, see qrbill.Reference.Number: SHA-256 of its id, modulo 10^20. So an
-- invoice is found by any reference that ever stood on a bill of it, whichever bank account the company had then.
-- +goose StatementBegin
create function payment_number(id text) returns text language plpgsql immutable strict parallel safe as $$
declare
    hash   bytea   := sha256(convert_to(id, 'UTF8'));
    number numeric := 0;
begin
    for i in 0..31 loop
        number := (number * 256 + get_byte(hash, i)) % 100000000000000000000;
    end loop;
    return lpad(number::text, 20, '0');
end $$;
-- +goose StatementEnd
-- A column, since row-level security keeps an index on the function from being used.
alter table invoices add column payment_number text not null generated always as (payment_number(id)) stored;
create unique index one_invoice_per_reference on invoices (company_id, payment_number);

create table bank_receipts (
    company_id   text          not null references companies,
    id           text          not null, -- of the receipt as which it is booked
    state        text          not null check (state in ('waiting', 'booked', 'asked', 'skipped')),
    invoice_id   text          not null,
    reference    text          not null,
    currency     text          not null check (currency ~ '^[A-Z]{3}$'),
    amount       numeric(14,2) not null check (amount > 0),
    date         date          not null, -- of the bank's booking
    occurrence   integer       not null check (occurrence > 0),
    bank_refs    text[]        not null, -- what the bank calls it
    iban         text          not null, -- of the statement
    account      text          not null, -- on which it is booked
    certain      boolean       not null,
    parked       numeric(14,2) check (parked >= 0 and parked <= amount), -- of it, on 2030
    exception_id text,
    line         integer       not null,
    seen_in      text[]        not null, -- settlements
    created_at   timestamptz   not null,
    primary key (company_id, id),
    foreign key (company_id, invoice_id) references invoices (company_id, id),
    foreign key (company_id, account) references accounts (company_id, number),
    foreign key (company_id, exception_id) references exceptions (company_id, id),
    constraint one_bank_receipt unique (company_id, reference, currency, amount, date, occurrence)
);
create index on bank_receipts (company_id, id) where state = 'waiting';
create index on bank_receipts (company_id, invoice_id);
create index on bank_receipts (company_id, exception_id) where exception_id is not null;
create index on bank_receipts using gin (seen_in);

alter table bank_receipts enable row level security;
alter table bank_receipts force row level security;
create policy own_company on bank_receipts using (company_id = current_setting('quittance.company_id', true));

alter table companies add column payment_tolerance numeric(14,2) not null default 0 check (payment_tolerance >= 0);

-- 3805 is booked on from now on: a company that removed it gets it back.
alter table companies no force row level security;
alter table accounts no force row level security;
insert into accounts (company_id, number, names)
select id, '3805', '{"de": "Verluste aus Forderungen", "fr": "Pertes sur créances", "it": "Perdite su crediti", "en": "Bad debts"}'::jsonb from companies
on conflict do nothing;
alter table companies force row level security;
alter table accounts force row level security;
