-- What operators watch over all companies: numbers and ages, in a transaction that says that it is for that.

-- +goose Up
create index payments_under_way on payments (state, created_at) where state in ('created', 'redirected', 'pending', 'unknown', 'authorized');
create index exceptions_open on exceptions (kind, raised_at) where resolved_at is null;

create policy monitoring on payments for select using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on exceptions for select using (current_setting('quittance.monitoring', true) = 'on');
