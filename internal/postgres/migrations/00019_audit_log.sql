-- Who changed what through the API. Entries are completed once and never change or go afterwards.

-- +goose Up
create table audit_log (
    company_id text        not null references companies,
    id         text        not null,
    at         timestamptz not null,
    actor      text        not null,
    action     text        not null,
    subject    text        not null,
    request_id text        not null,
    status     integer,
    problem    text        not null,
    changes    jsonb       not null,
    primary key (company_id, id)
);
create index audit_log_subject on audit_log (company_id, subject, id);

-- +goose StatementBegin
create function keep_audit_log() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.status is null
        and (new.company_id, new.id, new.at, new.actor, new.action, new.request_id) = (old.company_id, old.id, old.at, old.actor, old.action, old.request_id)
    then
        return new;
    end if;
    raise exception 'the audit log can only be added to' using errcode = 'restrict_violation';
end $$;
-- +goose StatementEnd
create trigger keep_audit_log before update or delete on audit_log for each row execute function keep_audit_log();
create trigger keep_whole_audit_log before truncate on audit_log execute function keep_audit_log();

alter table audit_log enable row level security;
alter table audit_log force row level security;
create policy own_company on audit_log using (company_id = current_setting('quittance.company_id', true));
