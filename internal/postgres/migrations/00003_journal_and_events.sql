-- The journal, whose rules hold whoever writes to it, and the events that companies are told about.

-- +goose Up
create table journal_entries (
    company_id    text        not null references companies,
    sequence      bigint      not null check (sequence > 0),
    id            text        not null,
    date          date        not null,
    text          text        not null,
    source_kind   text        not null check (source_kind <> ''),
    source_id     text        not null check (source_id <> ''),
    invoice_id    text,
    payment_id    text,
    reverses      text,
    line_count    smallint    not null check (line_count >= 2),
    previous_hash text        not null,
    hash          text        not null check (hash ~ '^[0-9a-f]{64}$'),
    created_at    timestamptz not null,
    primary key (company_id, sequence),
    unique (company_id, id),
    constraint one_entry_per_source unique (company_id, source_kind, source_id),
    foreign key (company_id, invoice_id) references invoices (company_id, id),
    foreign key (company_id, payment_id) references payments (company_id, id),
    foreign key (company_id, reverses) references journal_entries (company_id, id)
);
create index on journal_entries (company_id, date, sequence);
create index on journal_entries (company_id, invoice_id, sequence);
create index on journal_entries (company_id, payment_id, sequence);

create table journal_lines (
    company_id text          not null,
    sequence   bigint        not null,
    position   smallint      not null,
    account    text          not null,
    currency   text          not null check (currency ~ '^[A-Z]{3}$'),
    debit      numeric(14,2) not null check (debit between 0 and 999999999.99),
    credit     numeric(14,2) not null check (credit between 0 and 999999999.99),
    primary key (company_id, sequence, position),
    foreign key (company_id, sequence) references journal_entries (company_id, sequence),
    constraint known_account foreign key (company_id, account) references accounts (company_id, number),
    constraint one_side_per_line check ((debit > 0) <> (credit > 0))
);
create index on journal_lines (company_id, account, sequence);

-- The end of each company's chain: locked by whoever appends, so that sequences have no gaps.
create table journal_heads (
    company_id text   primary key references companies,
    sequence   bigint not null,
    hash       text   not null
);

create table events (
    company_id text        not null references companies,
    id         text        not null,
    type       text        not null,
    subject    text        not null,
    data       jsonb       not null,
    at         timestamptz not null,
    primary key (company_id, id)
);
create index on events (company_id, type, id);
create index on events (company_id, subject, id);

-- An entry is complete and balanced when its transaction commits, and nothing can be added to it later.
-- +goose StatementBegin
create function check_journal_entry() returns trigger language plpgsql as $$
declare
    lines    bigint;
    expected bigint;
    uneven   text;
begin
    select line_count into expected from journal_entries e where e.company_id = new.company_id and e.sequence = new.sequence;
    select count(*) into lines from journal_lines l where l.company_id = new.company_id and l.sequence = new.sequence;
    if lines is distinct from expected then
        raise exception 'journal entry % of % must have % lines, not %', new.sequence, new.company_id, expected, lines
            using errcode = 'integrity_constraint_violation';
    end if;
    select string_agg(currency, ', ') into uneven from (
        select currency from journal_lines l where l.company_id = new.company_id and l.sequence = new.sequence
        group by currency having sum(debit) <> sum(credit)
    ) sums;
    if uneven is not null then
        raise exception 'journal entry % of % is not balanced in %', new.sequence, new.company_id, uneven
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;
-- +goose StatementEnd

create constraint trigger balanced after insert on journal_entries
    deferrable initially deferred for each row execute function check_journal_entry();
create constraint trigger balanced after insert on journal_lines
    deferrable initially deferred for each row execute function check_journal_entry();

-- +goose StatementBegin
create function refuse_journal_change() returns trigger language plpgsql as $$
begin
    raise exception 'the journal can''t be changed: correct an entry by a reversing one'
        using errcode = 'integrity_constraint_violation';
end $$;
-- +goose StatementEnd

create trigger immutable before update or delete or truncate on journal_entries
    for each statement execute function refuse_journal_change();
create trigger immutable before update or delete or truncate on journal_lines
    for each statement execute function refuse_journal_change();

alter table journal_entries enable row level security;
alter table journal_entries force row level security;
create policy own_company on journal_entries using (company_id = current_setting('quittance.company_id', true));

alter table journal_lines enable row level security;
alter table journal_lines force row level security;
create policy own_company on journal_lines using (company_id = current_setting('quittance.company_id', true));

alter table journal_heads enable row level security;
alter table journal_heads force row level security;
create policy own_company on journal_heads using (company_id = current_setting('quittance.company_id', true));

alter table events enable row level security;
alter table events force row level security;
create policy own_company on events using (company_id = current_setting('quittance.company_id', true));
