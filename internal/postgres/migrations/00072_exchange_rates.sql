-- What foreign money is worth in francs: a rate for each month and currency, or that of the entry. Accounts for foreign money at the
-- bank, and for what is exchanged.

-- +goose Up
create table exchange_rates (
    company_id text          not null references companies,
    month      date          not null check (extract(day from month) = 1),
    currency   text          not null check (currency ~ '^[A-Z]{3}$' and currency <> 'CHF'),
    rate       numeric(14,8) not null check (rate > 0), -- francs for one unit
    source     text          not null check (source in ('manual', 'customs')),
    saved_at   timestamptz   not null,
    saved_by   text          not null,
    primary key (company_id, month, currency)
);
alter table exchange_rates enable row level security;
alter table exchange_rates force row level security;
create policy own_company on exchange_rates using (company_id = current_setting('quittance.company_id', true));

alter table journal_entries add column exchange_rate numeric(14,8) check (exchange_rate > 0);
create index foreign_lines on journal_lines (company_id, sequence) where currency <> 'CHF';

-- Companies from before get the accounts that new ones start with. The tables' owner sees all rows for the moment in which their
-- policies do not bind it.
alter table companies no force row level security;
alter table accounts no force row level security;
insert into accounts (company_id, number, names)
select c.id, chart.number, jsonb_build_object('de', de, 'fr', fr, 'it', it, 'en', en)
from companies c, (values
    ('1021', 'Bankguthaben EUR', 'Banque EUR', 'Banca EUR', 'Bank EUR'),
    ('1022', 'Bankguthaben USD', 'Banque USD', 'Banca USD', 'Bank USD'),
    ('1023', 'Bankguthaben GBP', 'Banque GBP', 'Banca GBP', 'Bank GBP'),
    ('1090', 'Transferkonto', 'Compte de transfert', 'Conto di trasferimento', 'Transit account')
) as chart (number, de, fr, it, en)
on conflict do nothing;
alter table companies force row level security;
alter table accounts force row level security;
