-- Whom Quittance writes to about a company's payment services, and the papers on their way to the acquirer.

-- +goose Up
alter table companies add column contact_email text not null default '';

create table documents (
    company_id         text        not null,
    id                 text        not null,
    payment_service_id text        not null,
    name               text        not null,
    content_type       text        not null check (content_type in ('application/pdf', 'image/jpeg', 'image/png')),
    size               bigint      not null check (size between 1 and 10485760),
    digest             bytea,
    sealed_content     bytea,
    received_at        timestamptz not null,
    erased_at          timestamptz,
    primary key (company_id, id),
    foreign key (company_id, payment_service_id) references payment_services (company_id, id),
    constraint erased_for_good check ((erased_at is null) = (sealed_content is not null) and (erased_at is null) = (digest is not null))
);
-- as long as a paper waits for the mail server, uploading it again is the same paper
create unique index one_waiting_document on documents (company_id, payment_service_id, digest) where digest is not null;

alter table documents enable row level security;
alter table documents force row level security;
create policy own_company on documents using (company_id = current_setting('quittance.company_id', true));
