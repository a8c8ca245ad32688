-- How long a company keeps what it need not keep for ever, see merchant.Retention.

-- +goose Up
alter table companies
    add column retention       jsonb not null default '{"links_days": 365, "books_years": 10, "unpaid_days": 365, "logs_days": 90}',
    add column erasure_told_at timestamptz; -- when the company was told of its first erasure
create index on invoices (company_id, paid_at) where status = 'paid';
