package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/oversight"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/settlement"
)

// unsettledFor is how many days back oversight.Unsettled looks. So it stays quick, however long the journals are. What is older has
// long been in the company's reconciliation and on the operators' list.
const unsettledFor = 90

// Monitor returns what operators watch.
func (s *Store) Monitor(ctx context.Context) (oversight.Monitored, error) {
	m := monitored{
		Payments: map[payment.State]int{}, Authorized: map[money.Currency]money.Amount{}, Exceptions: map[exception.Kind]int{},
		Unsettled: map[money.Currency]oversight.Unsettled{}, PaymentServices: map[merchant.ServiceStatus]int{},
	}
	companies, err := s.Companies(ctx)
	if err == nil {
		err = s.eachCompany(ctx, companies, m.queue)
	}
	return oversight.Monitored(m), err
}

// monitored is oversight.Monitored while it is added up.
type monitored oversight.Monitored

// queue adds the queries for what one company has.
func (m *monitored) queue(batch *pgx.Batch) {
	m.queuePayments(batch)
	m.queueUnsettled(batch)
	batch.Queue("select kind, count(*), now() - min(raised_at) from exceptions where resolved_at is null group by kind").Query(func(rows pgx.Rows) error {
		var kind exception.Kind
		var number int
		var age time.Duration
		_, err := pgx.ForEachRow(rows, []any{&kind, &number, &age}, func() error {
			m.Exceptions[kind] += number
			m.OldestException = max(m.OldestException, age)
			return nil
		})
		return err
	})
	batch.Queue("select status, count(*) from payment_services group by status").Query(func(rows pgx.Rows) error {
		var status merchant.ServiceStatus
		var number int
		_, err := pgx.ForEachRow(rows, []any{&status, &number}, func() error {
			m.PaymentServices[status] += number
			return nil
		})
		return err
	})
	batch.Queue(`
		select count(*) filter (where disabled_at is not null), coalesce(sum(parked), 0) from webhook_endpoints e, lateral (
			select count(*) as parked from event_deliveries d where d.company_id = e.company_id and d.endpoint_id = e.id and d.state = 'parked'
		) p`).QueryRow(func(row pgx.Row) error {
		var disabled, parked int
		err := row.Scan(&disabled, &parked)
		m.Disabled, m.Parked = m.Disabled+disabled, m.Parked+parked
		return err
	})
}

func (m *monitored) queuePayments(batch *pgx.Batch) {
	batch.Queue(`
		select state, currency, count(*), sum(amount), now() - min(created_at) from payments
		where state in ('created', 'redirected', 'pending', 'unknown', 'authorized') group by state, currency`).Query(func(rows pgx.Rows) error {
		var state payment.State
		var currency money.Currency
		var number int
		var sum decimal.Decimal
		var age time.Duration
		_, err := pgx.ForEachRow(rows, []any{&state, &currency, &number, &sum, &age}, func() error {
			if m.Payments[state] += number; state == payment.Authorized || state == payment.Unknown {
				m.OldestAuthorized = max(m.OldestAuthorized, age)
				m.Authorized[currency] = plus(m.Authorized[currency], sum, currency)
			}
			return nil
		})
		return err
	})
}

func (m *monitored) queueUnsettled(batch *pgx.Batch) {
	batch.Queue(`
		select c.canton, c.payout_days, now(), l.currency, e.date, coalesce(e.value_date, e.date), sum(l.debit - l.credit), count(distinct e.sequence)
		from companies c join journal_entries e on e.company_id = c.id join journal_lines l using (company_id, sequence)
		where e.source_kind in `+positionKinds+` and e.date > current_date - $1::int and l.account <> all($2)
			and exists (select from payouts where state = 'booked')
			and not exists (select from payout_items i where i.booked and i.source_kind = e.source_kind and i.source_id = e.source_id)
			and not exists (select from journal_entries r where r.reverses = e.id)
		group by 1, 2, 3, 4, 5, 6`, unsettledFor, []string{ledger.Receivables, ledger.Prepayments, ledger.Disputed, ledger.BadDebts}).Query(func(rows pgx.Rows) error {
		var canton string
		var setting settlement.Setting
		var currency money.Currency
		var booked, day time.Time
		var sum decimal.Decimal
		var number int
		_, err := pgx.ForEachRow(rows, []any{&canton, &setting.PayoutDays, &setting.Now, &currency, &booked, &day, &sum, &number}, func() (err error) {
			if setting.Calendar, err = calendar.ForCanton(canton); err != nil {
				return err
			}
			u := m.Unsettled[currency]
			u.Amount, u.Entries = plus(u.Amount, sum, currency), u.Entries+number
			u.Oldest = max(u.Oldest, setting.Now.Sub(booked).Truncate(24*time.Hour))
			u.Overdue = plus(u.Overdue, decimal.Zero, currency)
			if setting.Overdue(day) {
				u.Overdue, u.OverdueEntries = plus(u.Overdue, sum, currency), u.OverdueEntries+number
			}
			m.Unsettled[currency] = u
			return nil
		})
		return err
	})
}

// plus adds a sum to a total, which has no currency yet before the first one.
func plus(total money.Amount, sum decimal.Decimal, currency money.Currency) money.Amount {
	if total.Currency() == "" {
		total = money.Zero(currency)
	}
	return total.Add(amount(sum, currency))
}
