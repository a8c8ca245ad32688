-- The lines of an entry come in one statement, which is checked as a whole: an entry has all its lines from then on, so that none can be
-- added later. That they are balanced is checked once, with the entry, and no more with every line.

-- +goose Up
-- +goose StatementBegin
create function check_lines_are_all() returns trigger language plpgsql as $$
declare
    odd record;
begin
    select company_id, sequence, line_count as expected, lines into odd
    from (select company_id, sequence from booked group by company_id, sequence) b left join journal_entries e using (company_id, sequence), lateral (
        select count(*) as lines from journal_lines l where l.company_id = b.company_id and l.sequence = b.sequence
    ) counted
    where line_count is distinct from lines limit 1;
    if found then
        raise exception 'journal entry % of % must have % lines, not %', odd.sequence, odd.company_id, odd.expected, odd.lines
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;
-- +goose StatementEnd
drop trigger balanced on journal_lines;
create trigger whole after insert on journal_lines referencing new table as booked for each statement execute function check_lines_are_all();
