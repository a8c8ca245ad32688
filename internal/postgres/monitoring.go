package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/exception"
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
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select set_config('quittance.monitoring', 'on', true)"); err != nil {
			return err
		}
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
