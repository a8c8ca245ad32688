-- The audit log is a chain: each entry carries the hash of the one before it in its company. It is only added to: a write is noted
-- before it is tried, and once more with its answer.

-- +goose Up
-- The end of each company's chain: locked by whoever adds to it, so that sequences have no gaps.
create table audit_heads (
    company_id text   primary key references companies,
    sequence   bigint not null,
    hash       text   not null
);

drop trigger keep_audit_log on audit_log;
drop trigger keep_whole_audit_log on audit_log;
drop function keep_audit_log();
alter table audit_log
    add column sequence      bigint,
    add column previous_hash text,
    add column hash          text;

-- The SHA-256 of all that an entry says, each value as "<its bytes>:<value>,". This is part of the format of the audit log and must
-- not change: "quittance admin verify-audit" computes the same.
-- +goose StatementBegin
create function audit_hash(e audit_log) returns text language sql stable as $$
    select encode(sha256(convert_to(string_agg(octet_length(convert_to(value, 'UTF8')) || ':' || value || ',', '' order by position), 'UTF8')), 'hex')
    from unnest(array[
        e.previous_hash, e.company_id, e.sequence::text, e.id, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        e.actor, e.action, e.subject, e.request_id, coalesce(e.status::text, ''), e.problem, e.changes::text
    ]) with ordinality as said (value, position)
$$;
-- +goose StatementEnd

-- Entries from before are chained in the order of their ids, which is that of their times. Row-level security steps aside for its owner.
alter table companies no force row level security;
alter table audit_log no force row level security;
insert into audit_heads (company_id, sequence, hash) select id, 0, '' from companies;
-- +goose StatementBegin
do $$
declare
    e audit_log;
    head audit_heads;
begin
    for e in select * from audit_log order by company_id, id loop
        select * into head from audit_heads h where h.company_id = e.company_id;
        e.sequence := head.sequence + 1;
        e.previous_hash := head.hash;
        e.hash := audit_hash(e);
        update audit_log a set sequence = e.sequence, previous_hash = e.previous_hash, hash = e.hash where a.company_id = e.company_id and a.id = e.id;
        update audit_heads h set sequence = e.sequence, hash = e.hash where h.company_id = e.company_id;
    end loop;
end $$;
-- +goose StatementEnd
alter table companies force row level security;
alter table audit_log force row level security;

alter table audit_log
    alter column sequence set not null,
    alter column previous_hash set not null,
    alter column hash set not null,
    add check (sequence > 0),
    drop constraint audit_log_pkey,
    add primary key (company_id, sequence);
create unique index noted_once_and_answered_once on audit_log (company_id, id, (status is null));

-- +goose StatementBegin
create function chain_audit_entry() returns trigger language plpgsql as $$
declare
    head audit_heads;
begin
    select * into strict head from audit_heads h where h.company_id = new.company_id for update;
    new.sequence := head.sequence + 1;
    new.previous_hash := head.hash;
    new.hash := audit_hash(new);
    update audit_heads h set sequence = new.sequence, hash = new.hash where h.company_id = new.company_id;
    return new;
end $$;
-- +goose StatementEnd
create trigger chained before insert on audit_log for each row execute function chain_audit_entry();

-- +goose StatementBegin
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log can only be added to' using errcode = 'restrict_violation';
end $$;
-- +goose StatementEnd
create trigger immutable before update or delete or truncate on audit_log for each statement execute function refuse_audit_change();

-- +goose StatementBegin
create function begin_audit_log() returns trigger language plpgsql as $$
begin
    insert into audit_heads (company_id, sequence, hash) values (new.id, 0, '');
    return null;
end $$;
-- +goose StatementEnd
create trigger audited after insert on companies for each row execute function begin_audit_log();

alter table audit_heads enable row level security;
alter table audit_heads force row level security;
create policy own_company on audit_heads using (company_id = current_setting('quittance.company_id', true));
