-- What operators watch is read company by company: a second policy beside that of the company is combined with it by "or", and then
-- no query of the product finds its rows by an index on company_id any more.

-- +goose Up
drop policy monitoring on payments;
drop policy monitoring on exceptions;
drop index payments_under_way;
drop index exceptions_open;
create index payments_under_way on payments (company_id, state, created_at) where state in ('created', 'redirected', 'pending', 'unknown', 'authorized');
create index exceptions_open on exceptions (company_id, kind, raised_at) where resolved_at is null;
