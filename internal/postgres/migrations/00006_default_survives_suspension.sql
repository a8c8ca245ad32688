-- A suspended payment service stays the default: with new credentials it goes on as before.

-- +goose Up
alter table payment_services drop constraint only_active_default,
    add constraint only_active_default check (status in ('active', 'suspended') or not is_default);
