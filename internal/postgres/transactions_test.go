package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// concurrently runs n calls at once; all must succeed.
func concurrently(t testing.TB, n int, call func(i int) error) {
	t.Helper()
	var group errgroup.Group
	for i := range n {
		group.Go(func() error { return call(i) })
	}
	require.NoError(t, group.Wait())
}

func TestNothingOfAFailedTransactionStays(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	refused := errors.New("refused")
	i := newInvoice(company.ID, "2026-1")
	err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertInvoice(t.Context(), i))
		return refused
	})
	require.ErrorIs(t, err, refused)
	assert.Panics(t, func() {
		_ = store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error {
			require.NoError(t, tx.InsertInvoice(t.Context(), i))
			panic("bug")
		})
	})
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		invoices, _, err := tx.Invoices(t.Context(), listing.Invoices{})
		assert.Empty(t, invoices)
		return err
	})
}

func TestAFirstStatementThatFailsLeavesTheConnectionInOrder(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store, err := postgres.Open(t.Context(), db.URL+"&pool_max_conns=1")
	require.NoError(t, err)
	t.Cleanup(store.Close)
	postgrestest.Unlock(t, store)
	b := createBooks(t, store)
	taken := newInvoice(b.company.ID, b.invoice.Number)
	unknown := newInvoice(b.company.ID, "2026-2")
	for name, first := range map[string]func(tx *postgres.Tx) error{
		"a statement": func(tx *postgres.Tx) error { return tx.InsertInvoice(t.Context(), taken) },
		"a query":     func(tx *postgres.Tx) error { _, err := tx.Invoice(t.Context(), unknown.ID); return err },
		"a batch":     func(tx *postgres.Tx) error { _, err := tx.LockInvoice(t.Context(), unknown.ID); return err },
		"nothing":     func(*postgres.Tx) error { return errors.New("refused") },
	} {
		t.Run(name, func(t *testing.T) {
			require.Error(t, store.InCompany(t.Context(), b.company.ID, first))
			in(t, store, b.company.ID, func(tx *postgres.Tx) error {
				stored, err := tx.Invoice(t.Context(), b.invoice.ID)
				same(t, b.invoice, stored)
				return err
			})
		})
	}
}

func TestASnapshotSeesNothingThatComesAfterIt(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	changed := b.invoice
	changed.Description = "changed meanwhile"
	err := store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
		tx.Snapshot()
		_, err := tx.Company(t.Context())
		require.NoError(t, err)
		in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.SaveInvoice(t.Context(), changed) })
		seen, err := tx.Invoice(t.Context(), b.invoice.ID)
		require.NoError(t, err)
		same(t, b.invoice, seen)
		return tx.SaveInvoice(t.Context(), changed)
	})
	require.ErrorContains(t, err, "read-only transaction")
}

func TestTransactionsThatBlockEachOtherBothSucceed(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewBareDatabase(t)
	db.Migrate(t)
	_, err := connect(t, db.SuperuserURL).Exec(t.Context(), `
		do $$ begin execute format('alter database %I set deadlock_timeout = ''20ms''', current_database()); end $$`)
	require.NoError(t, err)
	store := postgrestest.Open(t, db)
	company := createCompany(t, store)
	a, b := newInvoice(company.ID, "2026-1"), newInvoice(company.ID, "2026-2")
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertInvoice(t.Context(), a))
		return tx.InsertInvoice(t.Context(), b)
	})

	var bothHoldOne sync.WaitGroup
	bothHoldOne.Add(2)
	tries := make([]int, 2)
	done := []chan struct{}{make(chan struct{}), make(chan struct{})}
	concurrently(t, 2, func(n int) error {
		defer close(done[n])
		order := [][]string{{a.ID, b.ID}, {b.ID, a.ID}}[n]
		return store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error {
			if tries[n]++; tries[n] > 1 {
				<-done[1-n]
			}
			if _, err := tx.LockInvoice(t.Context(), order[0]); err != nil {
				return err
			}
			if tries[n] == 1 {
				bothHoldOne.Done()
				bothHoldOne.Wait()
			}
			_, err := tx.LockInvoice(t.Context(), order[1])
			return err
		})
	})
	assert.Equal(t, 3, tries[0]+tries[1], "one of the two was run again")
}

func TestWhoWaitsForAnInvoiceSeesWhatTheOtherDid(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	b := createBooks(t, store)
	observer := connect(t, db.SuperuserURL)

	var group errgroup.Group
	var seen invoice.Invoice
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		changed, err := tx.LockInvoice(t.Context(), b.invoice.ID)
		require.NoError(t, err)
		group.Go(func() error {
			return store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) (err error) {
				seen, err = tx.LockInvoice(t.Context(), b.invoice.ID)
				return err
			})
		})
		require.Eventually(t, func() bool {
			var waiting bool
			err := observer.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waiting)
			return err == nil && waiting
		}, 10*time.Second, 5*time.Millisecond)
		changed.Description, changed.PaymentServiceIDs = "changed meanwhile", nil
		return errors.Join(tx.SaveInvoice(t.Context(), changed), tx.AttachPaymentServices(t.Context(), changed))
	})
	require.NoError(t, group.Wait())
	assert.Equal(t, "changed meanwhile", seen.Description)
	assert.Empty(t, seen.PaymentServiceIDs)
}
