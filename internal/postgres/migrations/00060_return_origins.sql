-- +goose Up
-- Where payers may be sent after a payment.
alter table companies add column return_origins text[] not null default '{}';
