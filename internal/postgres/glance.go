package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/oversight"
)

// Glance adds up what the company sees of itself on that day, midnight UTC.
func (tx *Tx) Glance(ctx context.Context, today time.Time) (g oversight.Glance, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`select count(*) from exceptions where resolved_at is null`).QueryRow(func(row pgx.Row) error { return row.Scan(&g.Exceptions) })
	batch.Queue(`select count(*) from payouts where state in ('proposed', 'unmatched')`).QueryRow(func(row pgx.Row) error { return row.Scan(&g.Payouts) })
	tallies := func(into *[]oversight.Tally) func(pgx.Rows) error {
		return func(rows pgx.Rows) (err error) {
			*into, err = pgx.CollectRows(rows, scanTally)
			return err
		}
	}
	batch.Queue(`
		select currency, sum(debit), sum(entries) from (
			select currency, debit, entries from daily_turnovers
			where date between date_trunc('month', $1::date) and $1 and source_kind in ('payment', 'receipt') and debit > 0
			union all
			select currency, -debit, -1 from journal_entries e join journal_entries r on r.reverses = e.id join journal_lines l on l.sequence = e.sequence
			where r.source_kind = 'reversal' and e.source_kind in ('payment', 'receipt') and e.date between date_trunc('month', $1::date) and $1 and debit > 0
		) received group by currency having sum(entries) > 0 order by currency`, today).Query(tallies(&g.Received))
	const open = `select currency, sum(amount - amount_paid), count(*) from invoices where status in ('open', 'partially_paid')`
	batch.Queue(open + ` group by currency order by currency`).Query(tallies(&g.Open))
	batch.Queue(open+` and due_date < $1 group by currency order by currency`, today).Query(tallies(&g.Overdue))
	return g, failed(tx.tx.SendBatch(ctx, batch).Close(), "add up what the company sees at a glance")
}

func scanTally(row pgx.CollectableRow) (t oversight.Tally, err error) {
	var currency money.Currency
	var value decimal.Decimal
	err = row.Scan(&currency, &value, &t.Count)
	t.Amount = amount(value, currency)
	return t, err
}
