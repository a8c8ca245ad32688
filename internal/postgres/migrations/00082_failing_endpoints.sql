-- +goose NO TRANSACTION
-- What waits for a receiver that fails stays in the outbox: one of it is tried now and then, and the rest follows when something
-- arrives. The relay looks here for all companies, so there is no policy and nothing but ids.

-- +goose Up
create table if not exists failing_endpoints (
    endpoint_id text        not null primary key,
    company_id  text        not null,
    next_at     timestamptz not null, -- when the next of what waits is tried
    foreign key (company_id, endpoint_id) references webhook_endpoints on delete cascade
);
insert into failing_endpoints select id, company_id, now() from webhook_endpoints where failing_since is not null and disabled_at is null on conflict do nothing;
create index concurrently if not exists delivery_outbox_of_an_endpoint on delivery_outbox (endpoint_id, due_at);
