-- What an invoice says beyond who pays how much until when, see invoice.Content.

-- +goose Up
alter table invoices add column content jsonb not null default '{}';
