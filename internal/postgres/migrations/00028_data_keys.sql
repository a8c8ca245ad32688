-- The keys that seal what this database must not show, and who owns what is sealed.

-- +goose Up
-- One row: a Tink key set, wrapped by the master key, which is not here. A key was added at rotated_at; at resealed_at nothing
-- in this database was sealed with an older one any more.
create table data_keys (
    only_one    boolean     primary key default true check (only_one),
    wrapped     bytea       not null,
    rotated_at  timestamptz not null,
    resealed_at timestamptz
);

-- All companies, for work that is done for each of them. Without a policy, and with nothing in it but ids.
create table company_ids (
    id text primary key references companies
);
alter table companies no force row level security;
insert into company_ids (id) select id from companies;
alter table companies force row level security;

-- +goose StatementBegin
create function list_company() returns trigger language plpgsql as $$
begin
    insert into company_ids (id) values (new.id);
    return null;
end $$;
-- +goose StatementEnd
create trigger listed after insert on companies for each row execute function list_company();
