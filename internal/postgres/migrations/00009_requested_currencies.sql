-- The currencies that companies ask the acquirer for.

-- +goose Up
alter table payment_services add column requested_currencies jsonb not null default '[]';
