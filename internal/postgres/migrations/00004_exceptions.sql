-- What a person must decide.

-- +goose Up
create table exceptions (
    company_id  text        not null references companies,
    id          text        not null,
    kind        text        not null,
    subject     text        not null,
    workflow_id text        not null,
    detail      text        not null,
    choices     text[]      not null check (cardinality(choices) > 0),
    raised_at   timestamptz not null,
    resolved_at timestamptz,
    choice      text        not null,
    note        text        not null,
    resolved_by text        not null,
    primary key (company_id, id),
    constraint choice_when_resolved check ((resolved_at is null) = (choice = ''))
);
-- raising the same thing again while it is open is the same exception
create unique index one_open_exception on exceptions (company_id, kind, subject) where resolved_at is null;

alter table exceptions enable row level security;
alter table exceptions force row level security;
create policy own_company on exceptions using (company_id = current_setting('quittance.company_id', true));
