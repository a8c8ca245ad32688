-- The requests that callers may repeat, and their answers, for a day.

-- +goose Up
create table idempotency_keys (
    company_id   text        not null, -- or "administrator"
    key          text        not null,
    fingerprint  bytea       not null,
    seed         bytea       not null,
    created_at   timestamptz not null,
    taken_at     timestamptz not null,
    status       integer,
    content_type text,
    sealed       bytea,
    primary key (company_id, key),
    constraint answered_whole check (num_nulls(status, content_type, sealed) in (0, 3))
);
create index old_idempotency_keys on idempotency_keys (company_id, created_at);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy own_company on idempotency_keys using (company_id = current_setting('quittance.company_id', true));
