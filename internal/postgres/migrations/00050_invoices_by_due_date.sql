-- +goose Up
create index on invoices (company_id, due_date, id);
