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
	received := queue(batch, scanTally, `
		select currency, sum(debit), sum(entries) from (
			select currency, debit, entries from daily_turnovers
			where date between date_trunc('month', $1::date) and $1 and source_kind in ('payment', 'receipt') and debit > 0
			union all
			select currency, -debit, -1 from journal_entries e join journal_entries r on r.reverses = e.id join journal_lines l on l.sequence = e.sequence
			where r.source_kind = 'reversal' and e.source_kind in ('payment', 'receipt') and e.date between date_trunc('month', $1::date) and $1 and debit > 0
		) received group by currency having sum(entries) > 0 order by currency`, today)
	const open = `select currency, sum(amount - amount_paid), count(*) from invoices where status in ('open', 'partially_paid')`
	opened := queue(batch, scanTally, open+` group by currency order by currency`)
	overdue := queue(batch, scanTally, open+` and due_date < $1 group by currency order by currency`, today)
	err = failed(tx.tx.SendBatch(ctx, batch).Close(), "add up what the company sees at a glance")
	g.Received, g.Open, g.Overdue = *received, *opened, *overdue
	return g, err
}

func scanTally(row pgx.CollectableRow) (t oversight.Tally, err error) {
	var currency money.Currency
	var value decimal.Decimal
	err = row.Scan(&currency, &value, &t.Count)
	t.Amount = amount(value, currency)
	return t, err
}
