package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/oversight"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestOperatorsSeeHowMuchIsUnderWayInAllCompanies(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	before, err := store.Monitor(t.Context())
	require.NoError(t, err)
	assert.Equal(t, oversight.Monitored{
		Payments: map[payment.State]int{}, Authorized: map[money.Currency]money.Amount{}, Exceptions: map[exception.Kind]int{},
		Unsettled: map[money.Currency]oversight.Unsettled{}, PaymentServices: map[merchant.ServiceStatus]int{},
	}, before)

	for range 2 {
		b := createBooks(t, store)
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			p, err := tx.LockPayment(t.Context(), b.payment.ID)
			require.NoError(t, err)
			for _, state := range []payment.State{payment.Redirected, payment.Authorized} {
				if p.State.CanBecome(state) {
					require.NoError(t, p.Become(state, noon, ""))
				}
			}
			require.NoError(t, tx.SavePayment(t.Context(), p))
			_, _, err = tx.RaiseException(t.Context(), b.exception(exception.CaptureUnclear))
			return err
		})
	}
	now, err := store.Monitor(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[payment.State]int{payment.Authorized: 2}, now.Payments)
	assert.Equal(t, map[exception.Kind]int{exception.CaptureUnclear: 2}, now.Exceptions)
	assert.InDelta(t, time.Since(noon).Hours(), now.OldestAuthorized.Hours(), 1)
	assert.InDelta(t, time.Since(noon).Hours(), now.OldestException.Hours(), 1)
}

func TestWhatOperatorsWatchShowsTheProcessesNoRowsOfAnybody(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	twoCompanies(t, postgrestest.Open(t, db))
	process, owner := connect(t, db.URL), connect(t, db.OwnerURL)
	_, err := process.Exec(t.Context(), "set quittance.monitoring = 'on'")
	require.NoError(t, err)
	_, err = owner.Exec(t.Context(), "select from monitored_payments()")
	require.NoError(t, err)
	for who, conn := range map[string]*pgx.Conn{"a process that says that it watches": process, "the owner, who has watched": owner} {
		for _, table := range []string{"companies", "payments", "exceptions", "payment_services", "journal_entries", "payouts"} {
			var rows int
			require.NoError(t, conn.QueryRow(t.Context(), "select count(*) from "+table).Scan(&rows))
			assert.Zero(t, rows, "%s, %s", who, table)
		}
	}
	var payments int
	require.NoError(t, process.QueryRow(t.Context(), "select sum(number) from monitored_payments()").Scan(&payments))
	assert.Equal(t, 2, payments)
}

func TestADatabaseThatGotAnotherOwnerIsWatchedAfterTheNextMigrate(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewBareDatabase(t)
	db.Migrate(t)
	createBooks(t, postgrestest.Open(t, db))
	superuser := connect(t, db.SuperuserURL)
	_, err := superuser.Exec(t.Context(), "alter policy monitoring on payments to postgres") // as after a restore under another name
	require.NoError(t, err)
	blind, err := postgrestest.Open(t, db).MonitorOpen(t.Context())
	require.NoError(t, err)
	require.Empty(t, blind.Payments)
	db.Migrate(t)
	sees, err := postgrestest.Open(t, db).MonitorOpen(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, sees.Payments)
}

func TestManyCompaniesAreWatchedInAMoment(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewBareDatabase(t)
	db.Migrate(t)
	store := postgrestest.Open(t, db)
	b := createBooks(t, store)
	superuser := connect(t, db.SuperuserURL)
	const companies = 36_000
	_, err := superuser.Exec(t.Context(), "set session_replication_role = replica") // the copies point to nothing
	require.NoError(t, err)
	for table, changes := range map[string]string{
		"companies":        `jsonb_build_object('id', 'cmp_' || n)`,
		"company_ids":      `jsonb_build_object('id', 'cmp_' || n)`,
		"payment_services": `jsonb_build_object('company_id', 'cmp_' || n, 'id', 'psv_' || n)`,
		"payments": `jsonb_build_object('company_id', 'cmp_' || n, 'id', 'pay_' || n, 'order_id', 'ord_' || n, 'payment_service_id', 'psv_' || n,
			'transaction_id', '', 'state', 'authorized')`,
	} {
		_, err := superuser.Exec(t.Context(), `
			insert into `+table+` select c.* from (select t from `+table+` t limit 1) first, generate_series(1, $1::int) n, jsonb_populate_record(first.t, `+changes+`) c`, companies)
		require.NoError(t, err, table)
	}
	_, err = superuser.Exec(t.Context(), "analyze")
	require.NoError(t, err)
	started := time.Now()
	m, err := store.Monitor(t.Context())
	require.NoError(t, err)
	took := time.Since(started)
	t.Logf("%d companies are watched in %s", companies, took.Round(time.Millisecond))
	assert.Equal(t, companies, m.Payments[payment.Authorized])
	assert.Equal(t, b.payment.Amount.Currency(), m.Authorized[money.CHF].Currency())
	assert.Less(t, took, 2*time.Second)
}

func TestOperatorsSeeWhatNoPayoutHasComeFor(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	settling, importing := createBooks(t, store), createBooks(t, store)
	for i, b := range []books{settling, importing, createBooks(t, store)} { // the third one never imports a payout
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			on := calendar.Day(time.Now().AddDate(0, 0, -i-3))
			_, err := tx.Append(t.Context(), ledger.Receipt(b.occasion(b.payment.Amount, on), ledger.SystemBank, ledger.Receivables))
			require.NoError(t, err)
			_, err = tx.Append(t.Context(), ledger.Refund(b.occasion(chf("8.00"), on), ledger.SystemBank, ledger.Receivables, id.New(id.Refund)))
			return err
		})
	}
	book := func(b books, items ...settlement.Item) {
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			entry, err := tx.Append(t.Context(), sale(b.company.ID, fmt.Sprint("payout", len(items))))
			require.NoError(t, err)
			p := b.payout("105.70")
			p.State, p.EntryID, p.Items = settlement.Booked, entry.ID, items
			return tx.SavePayout(t.Context(), p)
		})
	}
	unsettled := func() map[money.Currency]oversight.Unsettled {
		now, err := store.Monitor(t.Context())
		require.NoError(t, err)
		return now.Unsettled
	}
	assert.Empty(t, unsettled(), "nobody imports payouts yet")
	book(settling)
	book(importing)
	all := unsettled()
	require.Len(t, all, 1)
	francs := all[money.CHF]
	assert.Equal(t, []any{"CHF 200.00", 4}, []any{francs.Amount.String(), francs.Entries})
	assert.InDelta(t, 4*24, francs.Oldest.Hours(), 24)
	book(settling, settling.item())
	assert.Equal(t, "CHF 92.00", unsettled()[money.CHF].Amount.String(), "the refund waits for its payout")
}
