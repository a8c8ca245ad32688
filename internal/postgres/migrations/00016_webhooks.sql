-- Webhooks: the endpoints that are told of events, what became of each event on its way to them, and what is still to be sent.

-- +goose Up
create table webhook_endpoints (
    company_id       text        not null references companies,
    id               text        not null,
    url              text        not null,
    description      text        not null,
    types            text[]      not null, -- empty for all
    sealed_secret    bytea       not null,
    sealed_previous  bytea,
    previous_until   timestamptz,
    failing_since    timestamptz,
    disabled_at      timestamptz,
    disabled_because text        not null,
    created_at       timestamptz not null,
    primary key (company_id, id),
    constraint previous_secret_ends check ((sealed_previous is null) = (previous_until is null)),
    constraint reason_when_disabled check ((disabled_at is null) = (disabled_because = ''))
);

create table event_deliveries (
    company_id  text        not null,
    endpoint_id text        not null,
    event_id    text        not null,
    state       text        not null check (state in ('pending', 'delivered', 'parked')),
    round       integer     not null default 1, -- how often it was put on its way
    attempts    jsonb       not null,
    retry_at    timestamptz,
    queued_at   timestamptz not null,
    ended_at    timestamptz,
    primary key (company_id, endpoint_id, event_id),
    foreign key (company_id, endpoint_id) references webhook_endpoints on delete cascade,
    foreign key (company_id, event_id) references events,
    constraint ended_unless_pending check ((ended_at is null) = (state = 'pending'))
);
create index on event_deliveries (company_id, endpoint_id, state, event_id);
create index on event_deliveries (company_id, event_id);

alter table webhook_endpoints enable row level security;
alter table webhook_endpoints force row level security;
create policy own_company on webhook_endpoints using (company_id = current_setting('quittance.company_id', true));

alter table event_deliveries enable row level security;
alter table event_deliveries force row level security;
create policy own_company on event_deliveries using (company_id = current_setting('quittance.company_id', true));

-- Events of one thread reach an endpoint one after the other: those of an invoice, its payments and its refunds, else those of
-- one subject.
alter table events add column thread text not null generated always as (coalesce(data ->> 'invoice_id', subject)) stored;

-- Every pending delivery, until it ends. The worker looks here for what is due in all companies, so there is no policy and
-- nothing but ids. In a thread of an endpoint only the first one, by sequence, is ever due.
create table delivery_outbox (
    endpoint_id text        not null,
    event_id    text        not null,
    company_id  text        not null,
    type        text        not null,
    thread      text        not null,
    sequence    bigint      not null generated always as identity,
    due_at      timestamptz not null default now(), -- when a worker is to see to it, for the first time or once more
    again       boolean     not null default false, -- the company asked for it
    primary key (endpoint_id, event_id),
    foreign key (company_id, endpoint_id, event_id) references event_deliveries on delete cascade
);
create unique index on delivery_outbox (endpoint_id, thread, sequence);
create index on delivery_outbox (due_at);
