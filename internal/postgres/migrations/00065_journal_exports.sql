-- Files of the journal for accounting programs: which period was taken out when, and up to which entry.

-- +goose Up

create table journal_exports (
    company_id     text        not null references companies,
    id             text        not null,
    number         integer     not null check (number > 0),
    format         text        not null check (format in ('table', 'banana', 'datev')),
    first_day      date        not null,
    last_day       date        not null check (last_day >= first_day),
    until_sequence bigint      not null check (until_sequence >= 0), -- of the journal's last entry at that moment
    datev          jsonb,
    taken_by       text        not null,
    taken_at       timestamptz not null,
    primary key (company_id, id),
    constraint one_export_per_number unique (company_id, number)
);

alter table journal_exports enable row level security;
alter table journal_exports force row level security;
create policy own_company on journal_exports using (company_id = current_setting('quittance.company_id', true));
