-- What the nightly sweep needs to know.

-- +goose Up
-- Whose an order or a transaction at Saferpay is: companies may share a terminal, whose report then shows each of them the
-- transactions of all. Without a policy, like the tables of migrations 1 and 2, and with nothing in it but hashes.
create table saferpay_references (
    reference_hash bytea not null check (octet_length(reference_hash) = 32),
    company_id     text  not null,
    primary key (reference_hash, company_id)
);

-- +goose StatementBegin
create function note_saferpay_references() returns trigger language plpgsql as $$
begin
    insert into saferpay_references (reference_hash, company_id)
    select sha256(convert_to(reference, 'UTF8')), new.company_id
    from unnest(array[new.order_id, new.transaction_id]) as reference where reference <> ''
    on conflict do nothing;
    return null;
end $$;
-- +goose StatementEnd

-- A payment keeps its order id, which stands in the report. Of a refund the transaction id counts too: one that the merchant
-- made in the Backoffice has no order id there. An order id that is given up for another one stays noted.
create trigger known_at_saferpay after insert on payments
    for each row execute function note_saferpay_references();
create trigger known_at_saferpay after insert or update of order_id, transaction_id on refunds
    for each row execute function note_saferpay_references();

-- The tables' owner sees all rows for the moment in which their policies don't bind it.
alter table payments no force row level security;
alter table refunds no force row level security;
insert into saferpay_references (reference_hash, company_id)
    select sha256(convert_to(order_id, 'UTF8')), company_id from payments
    union
    select sha256(convert_to(reference, 'UTF8')), company_id from refunds, unnest(array[order_id, transaction_id]) as reference where reference <> '';
alter table payments force row level security;
alter table refunds force row level security;

-- What the sweep finds is found again every night for as long as the report shows it, and raised once.
create unique index one_finding on exceptions (company_id, kind, subject)
    where kind in ('orphan_transaction', 'missing_capture', 'amount_differs', 'refund_found');
