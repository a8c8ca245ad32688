-- What a company's documents say of it, and the PDFs of its invoices that its own product made.

-- +goose Up
alter table companies
    add column letterhead jsonb   not null default '{}',
    add column attach_pdf boolean not null default false;

create table company_logos (
    company_id   text  primary key references companies,
    content_type text  not null check (content_type in ('image/png', 'image/jpeg')),
    content      bytea not null check (length(content) between 1 and 2097152)
);
alter table company_logos enable row level security;
alter table company_logos force row level security;
create policy own_company on company_logos using (company_id = current_setting('quittance.company_id', true));

create table invoice_pdfs (
    company_id     text        not null,
    invoice_id     text        not null,
    size           bigint      not null check (size between 1 and 5242880),
    sealed_content bytea       not null,
    received_at    timestamptz not null,
    primary key (company_id, invoice_id),
    foreign key (company_id, invoice_id) references invoices (company_id, id)
);
alter table invoice_pdfs enable row level security;
alter table invoice_pdfs force row level security;
create policy own_company on invoice_pdfs using (company_id = current_setting('quittance.company_id', true));
