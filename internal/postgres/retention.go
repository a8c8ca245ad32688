package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Outdated returns at most so many customers of the company, oldest first, who are kept long enough: everything with them was settled
// before the time books, and what was never paid is older than the time unpaid.
func (tx *Tx) Outdated(ctx context.Context, books, unpaid time.Time, most int) (customerIDs []string, err error) {
	return all(ctx, tx.tx, pgx.RowTo[string], "look for customers who are kept long enough", `
		select c.id from customers c where erased_at is null
			and exists (select from invoice_customers ic where ic.company_id = c.company_id and ic.customer_id = c.id)
			and not exists (
				select from invoice_customers ic join invoices i on i.company_id = ic.company_id and i.id = ic.invoice_id
				where ic.company_id = c.company_id and ic.customer_id = c.id and not coalesce(case
					when status = 'draft' then i.created_at < $2
					when status = 'cancelled' and exists (select from journal_entries e where e.company_id = i.company_id and e.invoice_id = i.id) then cancelled_at < $1
					when status = 'cancelled' then cancelled_at < $2
					when status = 'paid' then paid_at < $1
				end, false)
			)
		order by id limit $3`, books, unpaid, most)
}

// pruneLogs removes at most so many of each of the company's logs that are kept long enough at that time, and returns of how many at most.
func (tx *Tx) pruneLogs(ctx context.Context, at time.Time, most int) (removed int64, err error) {
	var batch pgx.Batch
	for _, statement := range []string{
		`delete from event_deliveries where (company_id, endpoint_id, event_id) in (
			select d.company_id, endpoint_id, event_id from event_deliveries d, ` + logsEnd + ` where ended_at < before limit $2 for update of d skip locked)`,
		`delete from console_sessions where id in (select s.id from console_sessions s, ` + logsEnd + ` where expires_at < before limit $2 for update of s skip locked)`,
		`update documents set name = '' where (company_id, id) in (
			select d.company_id, d.id from documents d, ` + logsEnd + ` where erased_at < before and d.name <> '' limit $2 for update of d skip locked)`,
	} {
		batch.Queue(statement, at, most)
	}
	results := tx.tx.SendBatch(ctx, &batch)
	for range batch.Len() {
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close()
			return 0, failed(err, "remove logs that are kept long enough")
		}
		removed = max(removed, tag.RowsAffected())
	}
	return removed, results.Close()
}

// logsEnd is what is older than the company keeps its logs, at the time $1.
const logsEnd = `(select $1::timestamptz - make_interval(days => (retention ->> 'logs_days')::integer) as before from companies) kept`
