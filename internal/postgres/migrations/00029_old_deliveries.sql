-- The logs of deliveries go some time after their end.

-- +goose Up
create index old_event_deliveries on event_deliveries (company_id, ended_at) where ended_at is not null;
