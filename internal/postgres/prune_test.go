package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
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
