-- What operators watch of the receipt accounts: what no payout has come for, over all companies.

-- +goose Up
create index positions_by_day on journal_entries (date) where source_kind in ('payment', 'refund', 'transaction');

create policy monitoring on journal_entries for select using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on journal_lines for select using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on payouts for select using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on payout_items for select using (current_setting('quittance.monitoring', true) = 'on');
