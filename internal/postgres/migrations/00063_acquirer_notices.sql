-- Merchant reconciliation files (MRX) of the acquirer, and what it carries over instead of paying it out.

-- +goose Up
alter table settlements drop constraint settlements_format_check,
    add constraint settlements_format_check check (format in ('csv', 'camt.053', 'camt.054', 'mrx', 'mrx.test'));
alter table payouts drop constraint payouts_state_check,
    add constraint payouts_state_check check (state in ('unmatched', 'proposed', 'booked', 'dismissed', 'returned', 'carried'));
-- How many lines a payout has, without reading them.
alter table payouts add column line_count integer generated always as (jsonb_array_length(lines)) stored;

-- A file that names no order names the authorization code.
create index on payments (company_id, authorization_code) where authorization_code <> '';
