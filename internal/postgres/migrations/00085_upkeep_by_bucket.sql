-- What is done every day for every payment service is done for a bucket of companies at a time.

-- +goose Up
alter table payment_services
    -- what Saferpay's report says until then was compared; of those that are here already at least a week ago
    add column swept_until   timestamptz default now() - interval '7 days',
    -- since the last comparison that ended well, or since it became active
    add column unswept_since timestamptz not null default now();
alter table payment_services alter column swept_until drop default;

create policy monitoring on refunds for select to current_user using (current_setting('quittance.monitoring', true) = 'on');

-- +goose StatementBegin
create function monitored_sweeps() returns table (number bigint, oldest interval)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform set_config('quittance.monitoring', 'on', true);
    return query select count(*), greatest(max(now() - unswept_since), interval '0') from payment_services where status = 'active';
    perform set_config('quittance.monitoring', '', true);
end
$$;
-- +goose StatementEnd

-- The next payment services of a bucket in the order of their companies, with no more of anybody than payment_service_companies shows, and
-- whether anything is there to be compared: what is in flight, or has an id that is not older than these.
-- +goose StatementBegin
create function payment_services_of_bucket(
    bucket integer, buckets integer, statuses text[], swept_before timestamptz, after_company text, after_service text,
    payments_from text, refunds_from text, most integer
) returns table (company_id text, id text, swept_until timestamptz, busy boolean)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform set_config('quittance.monitoring', 'on', true);
    return query
    select s.company_id, s.id, s.swept_until,
        exists (select from payments p where p.company_id = s.company_id and p.payment_service_id = s.id
            and p.state in ('created', 'redirected', 'pending', 'unknown', 'authorized'))
        or exists (select from refunds r where r.company_id = s.company_id and r.state in ('requested', 'pending', 'unknown', 'authorized', 'awaiting_approval'))
        or exists (select from payments p where p.company_id = s.company_id and p.id >= payments_from and p.payment_service_id = s.id)
        or exists (select from refunds r where r.company_id = s.company_id and r.id >= refunds_from)
    from payment_services s
    where (hashtextextended(s.company_id, 0) & 1073741823) % buckets = bucket and s.status = any(statuses)
        and (s.company_id, s.id) > (after_company, after_service) and (swept_before is null or s.unswept_since < swept_before)
    order by s.company_id, s.id limit most;
    perform set_config('quittance.monitoring', '', true);
end
$$;
-- +goose StatementEnd

revoke execute on function monitored_sweeps(),
    payment_services_of_bucket(integer, integer, text[], timestamptz, text, text, text, text, integer) from public;
