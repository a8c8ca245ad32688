-- From where settlement files are fetched, and what became of each file.

-- +goose Up
create table settlement_sources (
    company_id      text        primary key references companies,
    host            text        not null,
    port            integer     not null check (port between 1 and 65535),
    username        text        not null,
    folder          text        not null,
    file_pattern    text        not null,
    host_key        text        not null,
    auth            text        not null check (auth in ('password', 'private_key')),
    sealed_secret   bytea       not null,
    every_hours     integer     not null check (every_hours between 0 and 24), -- 0: once a day, in that hour
    hour            integer     not null check (hour between 0 and 23),
    enabled         boolean     not null,
    updated_at      timestamptz not null,
    next_look_at    timestamptz,
    last_look_at    timestamptz,
    last_success_at timestamptz,
    failing_since   timestamptz,
    failures        integer     not null check (failures >= 0),
    failure         jsonb       not null, -- see source.Failure
    constraint looked_at_when_enabled check (enabled = (next_look_at is not null)),
    constraint failing_since_when_failing check ((failures > 0) = (failing_since is not null))
);
alter table settlement_sources enable row level security;
alter table settlement_sources force row level security;
create policy own_company on settlement_sources using (company_id = current_setting('quittance.company_id', true));

-- They stay when the source goes, so that a source that comes back fetches nothing twice.
create table source_files (
    company_id    text        not null references companies,
    id            text        not null,
    name          text        not null,
    size          bigint      not null,
    modified_at   timestamptz not null,
    state         text        not null check (state in ('imported', 'known', 'set_aside', 'waiting')),
    tries         integer     not null,
    settlement_id text,
    reason        text        not null default '',
    at            timestamptz not null,
    primary key (company_id, id),
    foreign key (company_id, settlement_id) references settlements (company_id, id),
    constraint one_source_file unique (company_id, name, size, modified_at),
    constraint settlement_when_imported check ((state in ('imported', 'known')) = (settlement_id is not null))
);
create index on source_files (company_id, at desc, id desc);
create index on source_files (company_id) where state = 'waiting';
create index on source_files (company_id, settlement_id) where settlement_id is not null;
alter table source_files enable row level security;
alter table source_files force row level security;
create policy own_company on source_files using (company_id = current_setting('quittance.company_id', true));
