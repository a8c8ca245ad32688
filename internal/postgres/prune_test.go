package postgres_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/session"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestLogsOfDeliveriesAndOldAnswersGoAndEventsStay(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	companies := []told{newTold(t, store), newTold(t, store)}
	for _, c := range companies {
		ended, pending := c.tell(event.InvoicePaid, "inv_1", "inv_1"), c.tell(event.InvoicePaid, "inv_2", "inv_2")
		c.in(func(tx *postgres.Tx) error {
			d, err := tx.LockDelivery(t.Context(), c.endpoint.ID, ended)
			require.NoError(t, err)
			d.Attempted(delivery.Attempt{At: noon, Status: 200}, d.Round, time.Time{})
			return tx.SaveDelivery(t.Context(), d)
		})
		_, err := store.TakeRequest(t.Context(), idempotency.Request{Owner: c.company.ID, Key: "k", Fingerprint: []byte("f"), CreatedAt: noon, TakenAt: noon})
		require.NoError(t, err)
		logged := func() (events []string) {
			c.in(func(tx *postgres.Tx) error {
				all, _, err := tx.Deliveries(t.Context(), listing.Deliveries{EndpointID: c.endpoint.ID})
				for _, d := range all {
					events = append(events, d.EventID)
				}
				return err
			})
			return events
		}
		require.NoError(t, store.Prune(t.Context(), noon.AddDate(0, 0, merchant.DefaultRetention.LogsDays)))
		assert.ElementsMatch(t, []string{ended, pending}, logged(), "not yet")
		require.NoError(t, store.Prune(t.Context(), noon.AddDate(0, 0, merchant.DefaultRetention.LogsDays).Add(time.Second)))
		assert.Equal(t, []string{pending}, logged(), "what is still on its way stays, however old")
		c.in(func(tx *postgres.Tx) error {
			_, err := tx.Event(t.Context(), ended)
			return err
		})
	}
	var answers int
	require.NoError(t, connect(t, db.SuperuserURL).QueryRow(t.Context(), "select count(*) from idempotency_keys").Scan(&answers))
	assert.Zero(t, answers)
}

func TestEndedSessionsAndNamesOfIdentityDocumentsGoWithTheLogs(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	short, long := createBooks(t, store), createBooks(t, store)
	for b, days := range map[*books]int{&short: 30, &long: 120} {
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			c, err := tx.LockCompany(t.Context())
			require.NoError(t, err)
			c.Retention.LogsDays = days
			require.NoError(t, tx.SaveCompany(t.Context(), c))
			document, err := merchant.NewDocument(id.New(id.Document), b.service, "Pass Zoë Müller.pdf", []byte("%PDF-1.7"), noon)
			require.NoError(t, err)
			document.SealedContent = []byte("sealed")
			document, err = tx.InsertDocument(t.Context(), document)
			require.NoError(t, err)
			document.ErasedAt = noon
			return tx.EraseDocument(t.Context(), document)
		})
		_, entering, err := session.New(session.Session{
			ID: id.New(id.ConsoleSession), CompanyID: b.company.ID, User: session.User{ID: "u", Name: "N"}, Role: session.Viewer, Language: "fr",
		}, noon)
		require.NoError(t, err)
		require.NoError(t, store.CreateConsoleSession(t.Context(), entering))
	}
	superuser := connect(t, db.SuperuserURL)
	left := func() (owners []string) {
		rows, err := superuser.Query(t.Context(), `select company_id from console_sessions union all select company_id from documents where name <> '' order by 1`)
		require.NoError(t, err)
		owners, err = pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return owners
	}
	require.NoError(t, store.Prune(t.Context(), noon.AddDate(0, 0, 30)))
	assert.Len(t, left(), 4)
	require.NoError(t, store.Prune(t.Context(), noon.AddDate(0, 0, 31)))
	assert.Equal(t, []string{long.company.ID, long.company.ID}, left())
}
