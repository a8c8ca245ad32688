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
-- Whoever notes at an endpoint that it fails or works notes it here, also a worker of an older version.
-- +goose StatementBegin
create or replace function note_failing_endpoint() returns trigger language plpgsql as $$
begin
    if new.failing_since is not null and new.disabled_at is null then
        insert into failing_endpoints (endpoint_id, company_id, next_at) values (new.id, new.company_id, now() + interval '30 seconds') on conflict do nothing;
    else
        delete from failing_endpoints where endpoint_id = new.id;
    end if;
    return null;
end $$;
-- +goose StatementEnd
create or replace trigger failing after update of failing_since, disabled_at on webhook_endpoints for each row execute function note_failing_endpoint();
insert into failing_endpoints select id, company_id, now() from webhook_endpoints where failing_since is not null and disabled_at is null on conflict do nothing;
create index concurrently if not exists delivery_outbox_of_an_endpoint on delivery_outbox (endpoint_id, due_at);
