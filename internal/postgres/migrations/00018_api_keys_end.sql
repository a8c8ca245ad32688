-- Keys of companies may end, and show when they were used.

-- +goose Up
alter table api_keys
    add column expires_at timestamptz,
    add column last_used_at timestamptz;
