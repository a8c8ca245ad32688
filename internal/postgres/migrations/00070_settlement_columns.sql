-- What the columns of the acquirer's lists are, as a company has confirmed it.

-- +goose Up
create table settlement_columns (
    company_id  text        not null references companies,
    id          text        not null,
    fingerprint text        not null,
    header      jsonb       not null,
    columns     jsonb       not null,
    currency    text        not null check (currency = '' or currency ~ '^[A-Z]{3}$'),
    payouts     text        not null check (payouts in ('reference', 'date', 'brand', 'brand_and_day')),
    saved_at    timestamptz not null,
    saved_by    text        not null,
    primary key (company_id, id),
    constraint once_per_header unique (company_id, fingerprint)
);
alter table settlement_columns enable row level security;
alter table settlement_columns force row level security;
create policy own_company on settlement_columns using (company_id = current_setting('quittance.company_id', true));

alter table settlements drop constraint settlements_format_check,
    add constraint settlements_format_check check (format in ('csv', 'csv.list', 'camt.053', 'camt.054', 'mrx', 'mrx.test'));
