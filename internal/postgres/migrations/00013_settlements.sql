-- What the acquirer pays out. Amounts are in major units of the currency beside them.

-- +goose Up
create table settlements (
    company_id   text        not null references companies,
    id           text        not null,
    file_hash    bytea       not null check (octet_length(file_hash) = 32),
    file_size    integer     not null,
    format       text        not null check (format in ('csv', 'camt.053', 'camt.054')),
    message      text        not null,
    message_id   text        not null,
    created      timestamptz, -- by the bank
    accounts     jsonb       not null,
    skipped      jsonb       not null,
    imported_at  timestamptz not null,
    imported_by  text        not null,
    primary key (company_id, id),
    constraint one_settlement_per_file unique (company_id, file_hash)
);

create table payouts (
    company_id    text          not null references companies,
    id            text          not null,
    state         text          not null check (state in ('unmatched', 'proposed', 'booked', 'dismissed', 'returned')),
    reference     text          not null,
    account       text          not null, -- of the merchant at the bank
    date          date          not null,
    currency      text          not null check (currency ~ '^[A-Z]{3}$'), -- at the bank: of total and net
    total         numeric(14,2) not null,
    net           numeric(14,2) not null,
    paid_currency text          not null check (paid_currency ~ '^[A-Z]{3}$'), -- of what it pays: of the amounts below
    exchanged     numeric(14,2),
    fee_told      numeric(14,2),
    fee           numeric(14,2),
    rest          numeric(14,2),
    rest_to       text,
    exchange_to   text,
    part_of       text,
    returns       text,
    held          boolean       not null,
    lines         jsonb         not null,
    confidence    text          not null check (confidence in ('', 'certain', 'likely', 'possible')),
    reason        text          not null,
    choices       jsonb         not null,
    entry_id      text,
    bookings      integer       not null,
    timeline      jsonb         not null,
    created_at    timestamptz   not null,
    primary key (company_id, id),
    foreign key (company_id, rest_to) references accounts (company_id, number),
    foreign key (company_id, exchange_to) references accounts (company_id, number),
    foreign key (company_id, part_of) references payouts (company_id, id),
    foreign key (company_id, returns) references payouts (company_id, id),
    foreign key (company_id, entry_id) references journal_entries (company_id, id),
    constraint exchanged_between_two_currencies check ((exchanged is null) = (currency = paid_currency)),
    constraint entry_while_booked check ((entry_id is not null) = (state in ('booked', 'returned')))
);
create index on payouts (company_id, date);
create index on payouts (company_id, state, id);
create index on payouts (company_id, entry_id);

-- What a payout pays, or is proposed to pay. One that is booked pays it and no other does.
create table payout_items (
    company_id  text          not null,
    payout_id   text          not null,
    position    integer       not null,
    source_kind text          not null,
    source_id   text          not null,
    order_id    text          not null,
    account     text          not null, -- from which it takes it
    currency    text          not null check (currency ~ '^[A-Z]{3}$'),
    gross       numeric(14,2) not null check (gross <> 0),
    fee         numeric(14,2),
    booked      boolean       not null,
    primary key (company_id, payout_id, position),
    foreign key (company_id, payout_id) references payouts (company_id, id),
    foreign key (company_id, account) references accounts (company_id, number),
    foreign key (company_id, source_kind, source_id) references journal_entries (company_id, source_kind, source_id)
);
create unique index paid_out_once on payout_items (company_id, source_kind, source_id) where booked;
create index on payout_items (company_id, source_kind, source_id);

create table payout_sightings (
    company_id    text    not null,
    payout_id     text    not null,
    position      integer not null,
    settlement_id text    not null,
    format        text    not null,
    line          integer not null,
    reference     text    not null,
    account       text    not null,
    date          date    not null,
    mentions      text[]  not null,
    known         boolean not null, -- from an earlier file
    primary key (company_id, payout_id, position),
    foreign key (company_id, payout_id) references payouts (company_id, id),
    foreign key (company_id, settlement_id) references settlements (company_id, id)
);
create index on payout_sightings (company_id, settlement_id, line);
create index on payout_sightings (company_id, reference) where reference <> '';

-- For what stands on the receipt accounts.
create index on payments (company_id, booked_account);

alter table settlements enable row level security;
alter table settlements force row level security;
create policy own_company on settlements using (company_id = current_setting('quittance.company_id', true));

alter table payouts enable row level security;
alter table payouts force row level security;
create policy own_company on payouts using (company_id = current_setting('quittance.company_id', true));

alter table payout_items enable row level security;
alter table payout_items force row level security;
create policy own_company on payout_items using (company_id = current_setting('quittance.company_id', true));

alter table payout_sightings enable row level security;
alter table payout_sightings force row level security;
create policy own_company on payout_sightings using (company_id = current_setting('quittance.company_id', true));
