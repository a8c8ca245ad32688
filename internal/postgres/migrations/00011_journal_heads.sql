-- What proves to others that the journal was never changed.

-- +goose Up
create index on journal_entries (company_id, created_at, sequence);

-- The keys that sign the heads of all companies' journals, without a policy as all that isn't about one company. The private
-- halves are sealed by the master key.
create table signing_keys (
    id             text        primary key,
    public_key     text        not null,
    sealed_private bytea       not null,
    created_at     timestamptz not null,
    retired_at     timestamptz
);
create unique index one_signing_key on signing_keys ((true)) where retired_at is null;
