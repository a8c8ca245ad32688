package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger/export"
	"github.com/quittance/quittance/internal/listing"
)

// selectExports counts what came into the period since: such an entry follows the ones that the file has.
const selectExports = `
	select id, company_id, number, format, first_day, last_day, until_sequence, datev, taken_by, taken_at,
		(select count(*) from journal_entries e where e.sequence > until_sequence and e.date between first_day and last_day)
	from journal_exports`

func scanExport(row pgx.CollectableRow) (e export.Export, err error) {
	var datev *export.Client
	err = row.Scan(&e.ID, &e.CompanyID, &e.Number, &e.Format, &e.From, &e.To, &e.Until, &datev, &e.By, &e.TakenAt, &e.Later)
	if datev != nil {
		e.DATEV = *datev
	}
	return e, err
}

// InsertExport stores an export of the journal as it is now, under the company's next number, and returns it; the same id again returns
// the one that is stored.
func (tx *Tx) InsertExport(ctx context.Context, e export.Export) (export.Export, error) {
	var datev *export.Client
	if e.Format == export.DATEV {
		datev = &e.DATEV
	}
	// The journal's head is locked, so that two at once get two numbers. Entries up to its sequence are committed.
	var batch pgx.Batch
	batch.Queue(`select from journal_heads where company_id = $1 for no key update`, e.CompanyID)
	batch.Queue(`
		insert into journal_exports (company_id, id, number, format, first_day, last_day, until_sequence, datev, taken_by, taken_at)
		select $1, $2, (select coalesce(max(number), 0) + 1 from journal_exports), $3, $4, $5, sequence, $6, $7, $8
		from journal_heads where company_id = $1
		on conflict (company_id, id) do nothing`,
		e.CompanyID, e.ID, e.Format, e.From, e.To, datev, e.By, e.TakenAt)
	stored := queue(&batch, scanExport, selectExports+` where id = $1`, e.ID)
	if err := tx.tx.SendBatch(ctx, &batch).Close(); err != nil {
		return export.Export{}, failed(err, "insert journal export %s", e.ID)
	}
	return single(*stored, "company", e.CompanyID)
}

// Export returns an export of the journal, or problem.NotFound.
func (tx *Tx) Export(ctx context.Context, id string) (export.Export, error) {
	return one(ctx, tx.tx, scanExport, "journal export", id, selectExports+` where id = $1`, id)
}

// Exports returns the exports of the journal, newest first, and the cursor for more, if there are. A cursor that didn't come from here
// is problem.Invalid.
func (tx *Tx) Exports(ctx context.Context, f listing.Exports) (exports []export.Export, next string, err error) {
	q := query{sql: selectExports}
	if err := q.before(f.Cursor, id.JournalExport); err != nil {
		return nil, "", err
	}
	exports, next, err = page(ctx, tx, q, newestFirst, f.Limit, scanExport, func(e export.Export) string { return e.ID })
	return exports, next, failed(err, "list journal exports")
}

// Titles are the number and the customer's name of invoices, by id.
func (tx *Tx) Titles(ctx context.Context, invoiceIDs []string) (map[string]export.Title, error) {
	rows, err := all(ctx, tx.tx, tx.scanTitle, "look up the numbers of invoices", selectTitles+` where id = any($1)`, invoiceIDs)
	titles := map[string]export.Title{}
	for _, i := range rows {
		titles[i.ID] = export.Title{Invoice: i.Number, Customer: i.Customer.Name}
	}
	return titles, err
}

// selectTitles reads of invoices only what they are called and whose they are.
const selectTitles = `select id, company_id, number, customer_name, customer_id, personal, sealed_key from invoices i` + whoOf

func (tx *Tx) scanTitle(row pgx.CollectableRow) (i invoice.Invoice, err error) {
	var of kept
	if err := row.Scan(&i.ID, &i.CompanyID, &i.Number, &of.name, &of.customerID, &of.personal, &of.key); err != nil {
		return i, err
	}
	_, err = tx.customers.fill(&i, of)
	return i, err
}
