-- Disputes: money of a captured payment that the payer's bank takes back, and the company contests. Amounts are in major units of the
-- currency beside them.

-- +goose Up
create table disputes (
    company_id        text          not null references companies,
    id                text          not null,
    payment_id        text          not null,
    invoice_id        text          not null,
    state             text          not null check (state in ('open', 'won', 'lost')),
    currency          text          not null check (currency ~ '^[A-Z]{3}$'),
    amount            numeric(14,2) not null check (amount between 0.01 and 999999999.99),
    reason            text          not null,
    reference         text          not null, -- the acquirer's; may be empty
    opened_on         date          not null,
    respond_by        date,
    fee               numeric(14,2) check (fee between 0 and 999999999.99),
    claim             text          check (claim in ('invoice', 'loss')),
    decided_on        date          check (decided_on >= opened_on),
    entry_id          text          not null,
    decision_entry_id text,
    timeline          jsonb         not null,
    created_at        timestamptz   not null,
    primary key (company_id, id),
    foreign key (company_id, payment_id) references payments (company_id, id),
    foreign key (company_id, invoice_id) references invoices (company_id, id),
    constraint claim_when_lost check ((state = 'lost') = (claim is not null)),
    constraint decided_unless_open check ((state = 'open') = (decided_on is null) and (state = 'open') = (decision_entry_id is null))
);
create index on disputes (company_id, payment_id, id);
create index on disputes (company_id, invoice_id, id);
create unique index one_dispute_per_case on disputes (company_id, payment_id, reference) where reference <> '';

alter table disputes enable row level security;
alter table disputes force row level security;
create policy own_company on disputes using (company_id = current_setting('quittance.company_id', true));

-- What disputes take that are open or lost: it can't be refunded too.
alter table payments add column disputed numeric(14,2) not null default 0,
    add constraint disputed_is_a_part check (disputed between 0 and amount);

-- Companies from before get the account that new ones start with.
alter table companies no force row level security;
alter table accounts no force row level security;
insert into accounts (company_id, number, names)
select id, '1190', jsonb_build_object('de', 'Strittige Rückbelastungen', 'fr', 'Rétrofacturations contestées', 'it', 'Riaddebiti contestati', 'en', 'Disputed chargebacks')
from companies
on conflict do nothing;
alter table companies force row level security;
alter table accounts force row level security;
