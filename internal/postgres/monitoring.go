package postgres

import (
	"context"
	"strings"
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
	m, err := s.MonitorOpen(ctx)
	if err == nil {
		m.Unsettled, err = s.MonitorUnsettled(ctx)
	}
	return m, err
}

// MonitorOpen is Monitor without what is unsettled: all that is quick, however long the journals are.
func (s *Store) MonitorOpen(ctx context.Context) (oversight.Monitored, error) {
	m := oversight.Monitored{
		Payments: map[payment.State]int{}, Authorized: map[money.Currency]money.Amount{}, Exceptions: map[exception.Kind]int{},
		PaymentServices: map[merchant.ServiceStatus]int{},
	}
	var batch pgx.Batch
	batch.Queue("select state, currency, number, total, oldest from monitored_payments()").Query(func(rows pgx.Rows) error {
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
	batch.Queue("select kind, number, oldest from monitored_exceptions()").Query(func(rows pgx.Rows) error {
		var kind exception.Kind
		var number int
		var age time.Duration
		_, err := pgx.ForEachRow(rows, []any{&kind, &number, &age}, func() error {
			m.Exceptions[kind], m.OldestException = number, max(m.OldestException, age)
			return nil
		})
		return err
	})
	batch.Queue("select status, number, overdue from monitored_payment_services()").Query(func(rows pgx.Rows) error {
		var status merchant.ServiceStatus
		var number int
		var overdue time.Duration
		_, err := pgx.ForEachRow(rows, []any{&status, &number, &overdue}, func() error {
			m.PaymentServices[status], m.VerificationOverdue = number, max(m.VerificationOverdue, overdue)
			return nil
		})
		return err
	})
	batch.Queue("select number, oldest from monitored_sweeps()").QueryRow(func(row pgx.Row) error { return row.Scan(nil, &m.Unswept) })
	batch.Queue("select disabled, parked from monitored_endpoints()").QueryRow(func(row pgx.Row) error { return row.Scan(&m.Disabled, &m.Parked) })
	return m, failed(s.pool.SendBatch(ctx, &batch).Close(), "add up what is open in all companies")
}

// MonitorUnsettled returns for what money no payout has come. It takes longer, the more payments there are.
func (s *Store) MonitorUnsettled(ctx context.Context) (map[money.Currency]oversight.Unsettled, error) {
	unsettled := map[money.Currency]oversight.Unsettled{}
	rows, _ := s.pool.Query(ctx, `
		select canton, payout_days, now(), currency, booked, day, total, number
		from monitored_unsettled($1, array[`+strings.Trim(positionKinds, "()")+`], $2)`,
		unsettledFor, []string{ledger.Receivables, ledger.Prepayments, ledger.Disputed, ledger.BadDebts}) // its error comes out of ForEachRow
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
		u := unsettled[currency]
		u.Amount, u.Entries = plus(u.Amount, sum, currency), u.Entries+number
		u.Oldest = max(u.Oldest, setting.Now.Sub(booked).Truncate(24*time.Hour))
		u.Overdue = plus(u.Overdue, decimal.Zero, currency)
		if setting.Overdue(day) {
			u.Overdue, u.OverdueEntries = plus(u.Overdue, sum, currency), u.OverdueEntries+number
		}
		unsettled[currency] = u
		return nil
	})
	return unsettled, failed(err, "add up what no payout has come for in all companies")
}

// monitoringFunctions are what the processes' role may call of migrations 80 and 85, and monitoredTables what the functions read.
var (
	monitoringFunctions = []string{
		"monitored_payments()", "monitored_exceptions()", "monitored_payment_services()", "monitored_endpoints()", "monitored_unsettled(integer, text[], text[])",
		"monitored_sweeps()", "payment_services_of_bucket(integer, integer, text[], timestamptz, text, text, text, text, integer)",
	}
	monitoredTables = []string{
		"companies", "event_deliveries", "exceptions", "journal_entries", "journal_lines", "payment_services", "payments", "payout_items", "payouts", "refunds", "webhook_endpoints",
	}
)

// Connections are the connections of a store's pool.
type Connections struct {
	Used, Most int
	Waits      int64 // how often somebody had to wait for one
}

// Connections returns how the pool stands.
func (s *Store) Connections() Connections {
	now := s.pool.Stat()
	return Connections{Used: int(now.AcquiredConns()), Most: int(now.MaxConns()), Waits: now.EmptyAcquireCount()}
}

// plus adds a sum to a total, which has no currency yet before the first one.
func plus(total money.Amount, sum decimal.Decimal, currency money.Currency) money.Amount {
	if total.Currency() == "" {
		total = money.Zero(currency)
	}
	return total.Add(amount(sum, currency))
}
