-- An entry is checked with one look at its lines instead of three: how many there are, and whether they are balanced.

-- +goose Up
-- +goose StatementBegin
create or replace function check_journal_entry() returns trigger language plpgsql as $$
declare
    lines  bigint;
    uneven text;
begin
    select coalesce(sum(number), 0), string_agg(currency, ', ') filter (where debits <> credits) into lines, uneven from (
        select currency, count(*) as number, sum(debit) as debits, sum(credit) as credits from journal_lines l
        where l.company_id = new.company_id and l.sequence = new.sequence group by currency
    ) sums;
    if lines <> new.line_count then
        raise exception 'journal entry % of % must have % lines, not %', new.sequence, new.company_id, new.line_count, lines
            using errcode = 'integrity_constraint_violation';
    end if;
    if uneven is not null then
        raise exception 'journal entry % of % is not balanced in %', new.sequence, new.company_id, uneven
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;
-- +goose StatementEnd
