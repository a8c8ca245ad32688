package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/pgbouncer"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestBehindPgBouncerCompaniesStayApartAndNothingIsLost(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	db.URL = pgbouncer.Start(t, db.URL, pgbouncer.Bounded)
	store := postgrestest.Open(t, db)
	require.NoError(t, store.SchemaCurrent(t.Context()))
	first, second := twoCompanies(t, store) // rows in every table

	ctx, stop := context.WithCancel(t.Context())
	var looked sync.WaitGroup
	taken := make(chan string, 100)
	looked.Go(func() {
		_ = store.OnDeliveriesDue(ctx, time.Hour, func(ctx context.Context) error {
			due, err := store.TakeDeliveries(ctx, many)
			for _, d := range due {
				taken <- d.EventID
			}
			return err
		})
	})
	endpoint := newEndpoint(first.company.ID)
	in(t, store, first.company.ID, func(tx *postgres.Tx) error { return tx.InsertWebhookEndpoint(t.Context(), endpoint) })
	e := event.New(event.InvoicePaid, first.company.ID, first.invoice.ID, time.Now(), map[string]string{"x": "y"})
	in(t, store, first.company.ID, func(tx *postgres.Tx) error { return tx.AppendEvent(t.Context(), e) })
	for got := ""; got != e.ID; {
		select {
		case got = <-taken:
		case <-time.After(10 * time.Second):
			t.Fatal("nobody saw the event in the outbox")
		}
	}
	stop()
	looked.Wait()

	var many sync.WaitGroup
	for i := range 12 { // on three connections
		many.Go(func() {
			for range 30 {
				mine := []books{first, second}[i%2]
				assert.NoError(t, store.InCompany(t.Context(), mine.company.ID, func(tx *postgres.Tx) error {
					invoices, _, err := tx.Invoices(t.Context(), listing.Invoices{})
					for _, inv := range invoices {
						assert.Equal(t, mine.company.ID, inv.CompanyID)
					}
					assert.NotEmpty(t, invoices)
					return err
				}))
			}
		})
	}
	many.Wait()
	m, err := store.Monitor(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, m.Payments)
}

func TestBehindPgBouncerNothingLastsForEver(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	unbounded, err := postgres.Open(t.Context(), pgbouncer.Start(t, db.URL, "set lock_timeout = '10s'"))
	require.NoError(t, err)
	t.Cleanup(unbounded.Close)
	require.ErrorContains(t, unbounded.Ping(t.Context()), "no idle_in_transaction_session_timeout, statement_timeout: set them in its connect_query")

	url := pgbouncer.Start(t, db.URL, pgbouncer.Bounded+"; set statement_timeout = '300ms'")
	config, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	delete(config.RuntimeParams, "pooler")
	conn, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	_, err = conn.Exec(t.Context(), "select pg_sleep(10)", pgx.QueryExecModeExec)
	require.ErrorContains(t, err, "statement timeout")
}

func TestMigrateDoesNotGoThroughAPooler(t *testing.T) {
	t.Parallel()
	err := postgres.Migrate(t.Context(), "postgres://owner@127.0.0.1:6432/quittance?pooler=transaction", "postgres://app@127.0.0.1:6432/quittance")
	require.ErrorContains(t, err, "migrate needs a connection of its own")
	_, err = postgres.Open(t.Context(), "postgres://app@127.0.0.1:6432/quittance?pooler=session")
	require.ErrorContains(t, err, "only pooler=transaction is known")
}
