-- Invoice numbers that look the same are the same: without blanks around them, and in Unicode normalization form C, as the product
-- writes them from now on.

-- +goose Up
-- The table's owner sees all rows for the moment in which their policy does not bind it.
alter table invoices no force row level security;
-- Of several that look the same already, one gets the form that new numbers are compared with, the oldest first. The others keep
-- their own, which stand on documents that customers have.
with looks as (
    select company_id, id, number, created_at, btrim(normalize(number, nfc),
        U&' \00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\202F\205F\3000') as kept
    from invoices
), first as (
    select distinct on (company_id, kept) company_id, id, number, kept
    from looks order by company_id, kept, number <> kept, created_at, id
)
update invoices i set number = first.kept
from first where i.company_id = first.company_id and i.id = first.id and first.number <> first.kept;
alter table invoices force row level security;
