-- Periods of the books that are closed, who entered what by hand, and the rest of the chart.

-- +goose Up
alter table journal_heads
    add column booked_at    timestamptz, -- of the last entry
    add column closed_until date;        -- the last day that nothing can be booked on any more

alter table journal_entries
    add column value_date date,
    add column booked_by  text,
    add constraint value_date_where_it_differs check (value_date < date);
create unique index one_reversal_per_entry on journal_entries (company_id, reverses) where reverses is not null;
create index on journal_entries (company_id, source_kind, sequence);

-- +goose StatementBegin
create function refuse_closed_period() returns trigger language plpgsql as $$
begin
    if exists (select from journal_heads h where h.company_id = new.company_id and h.closed_until >= new.date) then
        raise exception 'journal entry % of % lies in a closed period: %', new.sequence, new.company_id, new.date
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
-- +goose StatementEnd

create trigger open_period before insert on journal_entries for each row execute function refuse_closed_period();

-- Companies from before get the accounts that new ones start with. Row-level security steps aside for its owner meanwhile:
-- this is about all companies.
alter table companies no force row level security;
alter table accounts no force row level security;
insert into accounts (company_id, number, names)
select c.id, chart.number, jsonb_build_object('de', de, 'fr', fr, 'it', it, 'en', en)
from companies c, (values
    ('1000', 'Kasse', 'Caisse', 'Cassa', 'Cash'),
    ('1010', 'PostFinance', 'PostFinance', 'PostFinance', 'PostFinance'),
    ('1099', 'Unklare Beträge', 'Montants à clarifier', 'Importi da chiarire', 'Amounts to be clarified'),
    ('2000', 'Verbindlichkeiten aus Lieferungen und Leistungen', 'Dettes fournisseurs', 'Debiti per forniture e prestazioni', 'Trade payables'),
    ('3805', 'Verluste aus Forderungen', 'Pertes sur créances', 'Perdite su crediti', 'Bad debts'),
    ('6945', 'Rundungsdifferenzen', 'Différences d’arrondi', 'Differenze di arrotondamento', 'Rounding differences'),
    ('6949', 'Währungsverluste', 'Pertes de change', 'Perdite su cambi', 'Exchange losses'),
    ('6999', 'Währungsgewinne', 'Gains de change', 'Utili su cambi', 'Exchange gains')
) as chart (number, de, fr, it, en)
on conflict do nothing;
alter table companies force row level security;
alter table accounts force row level security;
