-- Who works in the console for a company. Whoever shows the link's code, or later the token, sees the row of it and no other.

-- +goose Up
create table console_sessions (
    id           text        primary key,
    company_id   text        not null references companies (id),
    hash         bytea       not null unique,
    user_id      text        not null,
    user_name    text        not null,
    user_email   text        not null,
    role         text        not null check (role in ('viewer', 'bookkeeper', 'manager')),
    language     text        not null,
    page         text        not null,
    embed_origin text        not null,
    created_at   timestamptz not null,
    entered_at   timestamptz,
    expires_at   timestamptz not null
);
create index old_console_sessions on console_sessions (company_id, expires_at);

alter table console_sessions enable row level security;
alter table console_sessions force row level security;
create policy own_company on console_sessions using (company_id = current_setting('quittance.company_id', true));
create policy shown on console_sessions for select using (hash = decode(current_setting('quittance.shown', true), 'hex'));
