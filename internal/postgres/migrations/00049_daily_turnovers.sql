-- What was booked on an account in a day by one kind of entries, so that a balance need not go through the whole journal. It is written with the lines, whoever
-- writes them, and verified with the journal.

-- +goose Up
create table daily_turnovers (
    company_id  text          not null,
    account     text          not null,
    currency    text          not null,
    date        date          not null,
    source_kind text          not null,
    debit       numeric(20,2) not null,
    credit      numeric(20,2) not null,
    entries     integer       not null,
    primary key (company_id, account, currency, date, source_kind),
    constraint known_account foreign key (company_id, account) references accounts (company_id, number)
);

-- The tables' owner sees all rows for the moment in which their policies do not bind it.
alter table journal_entries no force row level security;
alter table journal_lines no force row level security;
insert into daily_turnovers
select company_id, account, currency, date, source_kind, sum(debit), sum(credit), count(distinct sequence)
from journal_lines join journal_entries using (company_id, sequence) group by 1, 2, 3, 4, 5;
alter table journal_entries force row level security;
alter table journal_lines force row level security;

alter table daily_turnovers enable row level security;
alter table daily_turnovers force row level security;
create policy own_company on daily_turnovers using (company_id = current_setting('quittance.company_id', true));

-- +goose StatementBegin
create function add_to_daily_turnovers() returns trigger language plpgsql as $$
begin
    insert into daily_turnovers as d
    select company_id, account, currency, date, source_kind, sum(debit), sum(credit), count(distinct sequence)
    from booked join journal_entries using (company_id, sequence) group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (company_id, account, currency, date, source_kind) do update
        set debit = d.debit + excluded.debit, credit = d.credit + excluded.credit, entries = d.entries + excluded.entries;
    return null;
end
$$;
-- +goose StatementEnd
create trigger summed after insert on journal_lines referencing new table as booked
    for each statement execute function add_to_daily_turnovers();
