package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// Monitored are the payments of all companies that have not ended and the exceptions that nobody has decided.
type Monitored struct {
	Payments         map[payment.State]int
	OldestAuthorized time.Duration // since the oldest payment was begun whose money is authorized, or unclear, and not taken
	Exceptions       map[exception.Kind]int
	OldestException  time.Duration // since the oldest one was raised
}

// Monitor reads what operators watch, over all companies: numbers and ages, and nothing about anybody.
func (s *Store) Monitor(ctx context.Context) (m Monitored, err error) {
	m = Monitored{Payments: map[payment.State]int{}, Exceptions: map[exception.Kind]int{}}
	err = s.monitoring(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			select state, count(*), now() - min(created_at) from payments
			where state in ('created', 'redirected', 'pending', 'unknown', 'authorized') group by state`)
		if err != nil {
			return err
		}
		var state payment.State
		var kind exception.Kind
		var number int
		var age time.Duration
		if _, err := pgx.ForEachRow(rows, []any{&state, &number, &age}, func() error {
			if m.Payments[state] = number; state == payment.Authorized || state == payment.Unknown {
				m.OldestAuthorized = max(m.OldestAuthorized, age)
			}
			return nil
		}); err != nil {
			return err
		}
		if rows, err = tx.Query(ctx, "select kind, count(*), now() - min(raised_at) from exceptions where resolved_at is null group by kind"); err != nil {
			return err
		}
		_, err = pgx.ForEachRow(rows, []any{&kind, &number, &age}, func() error {
			m.Exceptions[kind] = number
			m.OldestException = max(m.OldestException, age)
			return nil
		})
		return err
	})
	return m, failed(err, "read what is under way")
}

// Unsettled is what came, less what went back, in one currency and that no payout has been booked for.
type Unsettled struct {
	Amount  money.Amount
	Entries int
	Oldest  time.Duration // since the day of the oldest entry
}

// unsettledFor is how many days back Unsettled looks, so that it stays quick however long the journals are. What is older has been
// in everybody's reconciliation, and on the operators' list, for long.
const unsettledFor = 90

// Unsettled reads what stands on the receipt accounts for want of a payout, over all companies that have payouts booked: those that
// import none would stand out for ever.
func (s *Store) Unsettled(ctx context.Context) (byCurrency map[money.Currency]Unsettled, err error) {
	byCurrency = map[money.Currency]Unsettled{}
	err = s.monitoring(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			select l.currency, sum(l.debit - l.credit), count(distinct (e.company_id, e.sequence)), extract(day from now() - min(e.date)::timestamptz)::int
			from journal_entries e join journal_lines l using (company_id, sequence)
			where e.source_kind in `+positionKinds+` and e.date > current_date - $1::int and l.account <> all($2)
				and exists (select from payouts p where p.company_id = e.company_id and p.state = 'booked')
				and not exists (select from payout_items i
					where i.company_id = e.company_id and i.booked and i.source_kind = e.source_kind and i.source_id = e.source_id)
				and not exists (select from journal_entries r where r.company_id = e.company_id and r.reverses = e.id)
			group by l.currency`, unsettledFor, []string{ledger.Receivables, ledger.Prepayments})
		if err != nil {
			return err
		}
		var currency money.Currency
		var sum decimal.Decimal
		var entries, days int
		_, err = pgx.ForEachRow(rows, []any{&currency, &sum, &entries, &days}, func() error {
			byCurrency[currency] = Unsettled{Amount: amount(sum, currency), Entries: entries, Oldest: time.Duration(days) * 24 * time.Hour}
			return nil
		})
		return err
	})
	return byCurrency, failed(err, "read what no payout has come for")
}

// monitoring runs fn in a transaction that reads what operators watch over all companies, and writes nothing.
func (s *Store) monitoring(ctx context.Context, fn func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select set_config('quittance.monitoring', 'on', true)"); err != nil {
			return err
		}
		return fn(tx)
	})
}
