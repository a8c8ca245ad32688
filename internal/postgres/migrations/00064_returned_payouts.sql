-- Whether the bank told a payout as one that takes an earlier one back. Such a one is never the same as one that doesn't.

-- +goose Up
alter table payout_sightings add column returned boolean not null default false;

-- What was told as such before: it returns a known payout, or is held because none was known.
alter table payouts no force row level security;
alter table payout_sightings no force row level security;
update payout_sightings s set returned = true
from payouts p
where p.company_id = s.company_id and p.id = s.payout_id
    and (p.returns is not null or p.held and p.timeline #>> '{0,note}' like 'The bank takes back %');
alter table payouts force row level security;
alter table payout_sightings force row level security;
