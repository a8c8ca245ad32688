package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// everybody is one bucket with all companies.
func everybody(since time.Time) merchant.Shift {
	return merchant.Shift{Buckets: 1, Statuses: []merchant.ServiceStatus{merchant.Active}, BusySince: since, Most: 10}
}

func upkeep(t *testing.T, store *postgres.Store, shift merchant.Shift) []merchant.Upkept {
	t.Helper()
	services, err := store.Upkeep(t.Context(), shift)
	require.NoError(t, err)
	return services
}

// become changes the status of the payment service of the books.
func become(t *testing.T, store *postgres.Store, b *books, status merchant.ServiceStatus) {
	t.Helper()
	require.NoError(t, b.service.Become(status, time.Now(), ""))
	in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.SavePaymentService(t.Context(), b.service) })
}

func TestWhoHasSomethingInFlightOrBegunIsNotIdle(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	busy := func(since time.Time) bool {
		services := upkeep(t, store, everybody(since))
		require.Len(t, services, 1)
		return services[0].Busy
	}
	future := time.Now().Add(time.Hour)
	assert.True(t, busy(future), "its payment has not ended")
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, b.payment.Become(payment.Failed, time.Now(), ""))
		return tx.SavePayment(t.Context(), b.payment)
	})
	assert.False(t, busy(future))
	assert.True(t, busy(time.Now().Add(-time.Hour)), "its payment was begun since")

	r := b.refund("1.00")
	in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.InsertRefund(t.Context(), r) })
	assert.True(t, busy(future), "its refund has not ended")
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, r.Become(refund.Failed, time.Now(), ""))
		return tx.SaveRefund(t.Context(), r)
	})
	assert.False(t, busy(future))
}

func TestEachSweepIsNotedAndWatched(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	unswept := func() time.Duration {
		m, err := store.MonitorOpen(t.Context())
		require.NoError(t, err)
		return m.Unswept
	}
	assert.Less(t, unswept(), time.Minute, "since it became active")
	note := func(until, at time.Time) {
		in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.NoteSwept(t.Context(), b.service.ID, until, at) })
	}
	began, until := time.Now(), time.Now().UTC().Truncate(time.Microsecond).Add(-24*time.Hour)
	shift := everybody(began)
	shift.SweptBefore = began
	require.Len(t, upkeep(t, store, shift), 1)
	note(until, time.Now())
	assert.Empty(t, upkeep(t, store, shift), "it is through")
	assert.Equal(t, until, upkeep(t, store, everybody(began))[0].SweptUntil)
	note(time.Time{}, time.Now())
	note(until.Add(-time.Hour), time.Now())
	assert.Equal(t, until, upkeep(t, store, everybody(began))[0].SweptUntil, "neither a night without a report nor a late end takes days back")

	become(t, store, &b, merchant.Suspended)
	assert.Empty(t, upkeep(t, store, everybody(began)))
	assert.Zero(t, unswept(), "nobody is missed who is not swept")
	become(t, store, &b, merchant.Active)
	assert.Less(t, unswept(), time.Minute)
}

func TestABucketOfManyCompaniesIsListedInAMoment(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewBareDatabase(t)
	db.Migrate(t)
	store := postgrestest.Open(t, db)
	createBooks(t, store)
	superuser := connect(t, db.SuperuserURL)
	const companies = 100_000
	_, err := superuser.Exec(t.Context(), "set session_replication_role = replica") // the copies point to nothing
	require.NoError(t, err)
	for table, changes := range map[string]string{
		"payment_services": `jsonb_build_object('company_id', 'cmp_' || n, 'id', 'psv_' || n, 'is_default', false)`,
		"payments": `jsonb_build_object('company_id', 'cmp_' || n, 'id', '` + id.Earliest(id.Payment, noon) + `' || n, 'order_id', 'ord_' || n, 'payment_service_id', 'psv_' || n,
			'transaction_id', '', 'state', 'captured')`,
	} {
		_, err := superuser.Exec(t.Context(), `
			insert into `+table+` select c.* from (select t from `+table+` t limit 1) first, generate_series(1, $1::int) n, jsonb_populate_record(first.t, `+changes+`) c`, companies)
		require.NoError(t, err, table)
	}
	_, err = superuser.Exec(t.Context(), "analyze")
	require.NoError(t, err)
	shift := merchant.Shift{Bucket: 7, Buckets: 32, Statuses: []merchant.ServiceStatus{merchant.Active}, BusySince: time.Now(), Most: 1000}
	started, listed := time.Now(), 0
	for some := upkeep(t, store, shift); len(some) > 0; some = upkeep(t, store, shift) {
		listed, shift.After = listed+len(some), some[len(some)-1]
		assert.False(t, some[0].Busy)
	}
	t.Logf("a bucket with %d of %d companies is listed in %s", listed, companies, time.Since(started).Round(time.Millisecond))
	assert.InDelta(t, companies/32, listed, companies/320, "buckets are alike")
	assert.Less(t, time.Since(started), 5*time.Second)
}
