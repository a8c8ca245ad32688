-- Where a company gets its payouts, and how long they take.

-- +goose Up
alter table companies
    add column payout_days  smallint not null default 2 check (payout_days between 0 and 60), -- business days after a payment
    add column payout_ibans text[]   not null default '{}'; -- statements of other accounts are refused; none: of any is taken
