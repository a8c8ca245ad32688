package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// Monitored is what operators watch, over all companies: numbers, sums and ages, and nothing about anybody.
type Monitored struct {
	Payments         map[payment.State]int // that have not ended
	OldestAuthorized time.Duration         // since the oldest payment was begun whose money is authorized, or unclear, and not taken
	Exceptions       map[exception.Kind]int
	OldestException  time.Duration // since the oldest one was raised
	Unsettled        map[money.Currency]Unsettled
}

// Unsettled is the money in one currency for which no payout has been booked: what came, less what went back. It counts only
// companies that have booked a payout, because companies that import none would never leave it.
type Unsettled struct {
	Amount  money.Amount
	Entries int
	Oldest  time.Duration // since the day of the oldest entry
}

const (
	// unsettledFor is how many days back Unsettled looks. So it stays quick, however long the journals are. What is older has
	// long been in the company's reconciliation and on the operators' list.
	unsettledFor = 90
	// monitoredAtOnce is how many companies are asked for in one round trip.
	monitoredAtOnce = 200
)

// Monitor returns what operators watch. It reads company by company, as each company sees its own rows.
func (s *Store) Monitor(ctx context.Context) (Monitored, error) {
	m := Monitored{Payments: map[payment.State]int{}, Exceptions: map[exception.Kind]int{}, Unsettled: map[money.Currency]Unsettled{}}
	companies, err := s.Companies(ctx)
	if err != nil {
		return m, err
	}
	for some := range slices.Chunk(companies, monitoredAtOnce) {
		var batch pgx.Batch
		for _, company := range some {
			m.queue(&batch, company)
		}
		if err := s.pool.SendBatch(ctx, &batch).Close(); err != nil { // what is sent together is one transaction
			return m, failed(err, "read what is under way")
		}
	}
	return m, nil
}

// queue adds the queries for what one company has in flight.
func (m *Monitored) queue(batch *pgx.Batch, companyID string) {
	var number, days int
	var age time.Duration
	batch.Queue("select set_config('quittance.company_id', $1, true)", companyID)
	batch.Queue(`
		select state, count(*), now() - min(created_at) from payments
		where state in ('created', 'redirected', 'pending', 'unknown', 'authorized') group by state`).Query(func(rows pgx.Rows) error {
		var state payment.State
		_, err := pgx.ForEachRow(rows, []any{&state, &number, &age}, func() error {
			if m.Payments[state] += number; state == payment.Authorized || state == payment.Unknown {
				m.OldestAuthorized = max(m.OldestAuthorized, age)
			}
			return nil
		})
		return err
	})
	batch.Queue("select kind, count(*), now() - min(raised_at) from exceptions where resolved_at is null group by kind").Query(func(rows pgx.Rows) error {
		var kind exception.Kind
		_, err := pgx.ForEachRow(rows, []any{&kind, &number, &age}, func() error {
			m.Exceptions[kind] += number
			m.OldestException = max(m.OldestException, age)
			return nil
		})
		return err
	})
	batch.Queue(`
		select l.currency, sum(l.debit - l.credit), count(distinct e.sequence), extract(day from now() - min(e.date)::timestamptz)::int
		from journal_entries e join journal_lines l using (company_id, sequence)
		where e.source_kind in `+positionKinds+` and e.date > current_date - $1::int and l.account <> all($2)
			and exists (select from payouts where state = 'booked')
			and not exists (select from payout_items i where i.booked and i.source_kind = e.source_kind and i.source_id = e.source_id)
			and not exists (select from journal_entries r where r.reverses = e.id)
		group by l.currency`, unsettledFor, []string{ledger.Receivables, ledger.Prepayments}).Query(func(rows pgx.Rows) error {
		var currency money.Currency
		var sum decimal.Decimal
		_, err := pgx.ForEachRow(rows, []any{&currency, &sum, &number, &days}, func() error {
			u := m.Unsettled[currency]
			if u.Entries == 0 {
				u.Amount = money.Zero(currency)
			}
			u.Amount, u.Entries = u.Amount.Add(amount(sum, currency)), u.Entries+number
			u.Oldest = max(u.Oldest, time.Duration(days)*24*time.Hour)
			m.Unsettled[currency] = u
			return nil
		})
		return err
	})
}
