-- +goose NO TRANSACTION
-- Whether a company has a refund in flight is asked every night and every five minutes.

-- +goose Up
create index concurrently if not exists refunds_in_flight on refunds (company_id)
    where state in ('requested', 'pending', 'unknown', 'authorized', 'awaiting_approval');
