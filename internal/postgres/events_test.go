package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestEventsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	opened := event.New(event.InvoiceOpened, b.company.ID, b.invoice.ID, noon, map[string]string{"number": b.invoice.Number})
	captured := event.New(event.PaymentCaptured, b.company.ID, b.payment.ID, noon, nil)
	paid := event.New(event.InvoicePaid, b.company.ID, b.invoice.ID, noon, map[string]string{})
	filled(t, opened)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		for _, e := range []event.Event{opened, captured, paid, opened} {
			require.NoError(t, tx.AppendEvent(t.Context(), e))
		}
		captured.Data = map[string]string{}
		for name, c := range map[string]struct {
			filter listing.Events
			want   []event.Event
		}{
			"all":           {listing.Events{}, []event.Event{paid, captured, opened}},
			"of a type":     {listing.Events{Type: event.PaymentCaptured}, []event.Event{captured}},
			"about a thing": {listing.Events{Subject: b.invoice.ID}, []event.Event{paid, opened}},
			"after another": {listing.Events{Cursor: paid.ID}, []event.Event{captured, opened}},
		} {
			events, next, err := tx.Events(t.Context(), c.filter)
			require.NoError(t, err, name)
			assert.Empty(t, next)
			same(t, c.want, events)
		}
		first, next, err := tx.Events(t.Context(), listing.Events{Limit: 1})
		require.NoError(t, err)
		assert.Len(t, first, 1)
		assert.Equal(t, paid.ID, next)
		return nil
	})
}
