-- What operators watch is added up over all companies in one query each. The functions run as the owner of the schema, for whom alone
-- there is a policy that shows the rows of all companies: the processes' role is not bound by it, so their queries keep the indexes on
-- company_id. They return numbers, sums and ages, and no id of anybody. "quittance migrate" gives the policies to the owner of the day.

-- +goose Up
create policy monitoring on companies for select to current_user using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on event_deliveries for select to current_user using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on exceptions for select to current_user using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on journal_entries for select to current_user using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on journal_lines for select to current_user using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on payment_services for select to current_user using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on payments for select to current_user using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on payout_items for select to current_user using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on payouts for select to current_user using (current_setting('quittance.monitoring', true) = 'on');
create policy monitoring on webhook_endpoints for select to current_user using (current_setting('quittance.monitoring', true) = 'on');

-- +goose StatementBegin
create function monitored_payments() returns table (state text, currency text, number bigint, total numeric, oldest interval)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform set_config('quittance.monitoring', 'on', true);
    return query
    select state, currency, count(*), sum(amount), now() - min(created_at) from payments
    where state in ('created', 'redirected', 'pending', 'unknown', 'authorized') group by state, currency;
    perform set_config('quittance.monitoring', '', true);
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function monitored_exceptions() returns table (kind text, number bigint, oldest interval)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform set_config('quittance.monitoring', 'on', true);
    return query
    select kind, count(*), now() - min(raised_at) from exceptions where resolved_at is null group by kind;
    perform set_config('quittance.monitoring', '', true);
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function monitored_payment_services() returns table (status text, number bigint, overdue interval)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform set_config('quittance.monitoring', 'on', true);
    return query
    select status, count(*), greatest(now() - min(due_at) filter (where status = 'in_verification'), interval '0') from payment_services group by status;
    perform set_config('quittance.monitoring', '', true);
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function monitored_endpoints() returns table (disabled bigint, parked bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform set_config('quittance.monitoring', 'on', true);
    return query
    select count(*) filter (where disabled_at is not null), coalesce(sum(parked), 0)::bigint from webhook_endpoints e, lateral (
        select count(*) as parked from event_deliveries d where d.company_id = e.company_id and d.endpoint_id = e.id and d.state = 'parked'
    ) p;
    perform set_config('quittance.monitoring', '', true);
end
$$;
-- +goose StatementEnd

-- Of companies that have booked a payout, the money of so many days for which none came: by what says when it should have come.
-- +goose StatementBegin
create function monitored_unsettled(days integer, kinds text[], apart text[])
returns table (canton text, payout_days smallint, currency text, booked date, day date, total numeric, number bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform set_config('quittance.monitoring', 'on', true);
    return query
    select c.canton, c.payout_days, l.currency, e.date, coalesce(e.value_date, e.date), sum(l.debit - l.credit), count(distinct (e.company_id, e.sequence))
    from companies c join journal_entries e on e.company_id = c.id join journal_lines l using (company_id, sequence)
    where e.source_kind = any(kinds) and e.date > current_date - days and l.account <> all(apart)
        and exists (select from payouts p where p.company_id = c.id and p.state = 'booked')
        and not exists (select from payout_items i where i.company_id = c.id and i.booked and i.source_kind = e.source_kind and i.source_id = e.source_id)
        and not exists (select from journal_entries r where r.company_id = c.id and r.reverses = e.id)
    group by 1, 2, 3, 4, 5;
    perform set_config('quittance.monitoring', '', true);
end
$$;
-- +goose StatementEnd

revoke execute on function monitored_payments(), monitored_exceptions(), monitored_payment_services(), monitored_endpoints(),
    monitored_unsettled(integer, text[], text[]) from public;
