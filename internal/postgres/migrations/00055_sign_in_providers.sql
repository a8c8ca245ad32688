-- Where the people of a company sign in, when they come by OpenID Connect.

-- +goose Up
create table sign_in_providers (
    company_id    text        primary key references companies,
    issuer        text        not null,
    client_id     text        not null,
    sealed_secret bytea,
    role_claim    text        not null,
    roles         jsonb       not null, -- by value of the claim
    default_role  text        not null check (default_role in ('', 'viewer', 'bookkeeper', 'manager')),
    updated_at    timestamptz not null
);

alter table sign_in_providers enable row level security;
alter table sign_in_providers force row level security;
create policy own_company on sign_in_providers using (company_id = current_setting('quittance.company_id', true));
