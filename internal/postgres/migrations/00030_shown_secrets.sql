-- A key, the token of a public link and the secret of a notification are looked up before the company is known. Whoever shows one
-- sees its row and no other: the hash of what was shown is in the setting quittance.shown.

-- +goose Up
alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy own_company on api_keys using (company_id = current_setting('quittance.company_id', true));
create policy shown on api_keys for select using (hash = decode(current_setting('quittance.shown', true), 'hex'));

alter table online_documents enable row level security;
alter table online_documents force row level security;
create policy own_company on online_documents using (company_id = current_setting('quittance.company_id', true));
create policy shown on online_documents for select using (token_hash = decode(current_setting('quittance.shown', true), 'hex'));

alter table notifications enable row level security;
alter table notifications force row level security;
create policy own_company on notifications using (company_id = current_setting('quittance.company_id', true));
create policy shown on notifications for select using (secret_hash = decode(current_setting('quittance.shown', true), 'hex'));
