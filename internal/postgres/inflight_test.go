package postgres_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestWhatIsUnderWayThroughAPaymentServiceIsListed(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	ended, returned, given := newPayment(b.invoice), b.refund("1.00"), b.refund("2.00")
	require.NoError(t, errors.Join(ended.Become(payment.Redirected, noon, ""), ended.Become(payment.Expired, noon, ""), given.Become(refund.Captured, noon, "")))
	first := merchant.InFlight{PaymentID: b.payment.ID, InvoiceID: b.invoice.ID}
	second := merchant.InFlight{PaymentID: b.payment.ID, InvoiceID: b.invoice.ID, RefundID: returned.ID}
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, insertPayment(t, tx, ended))
		require.NoError(t, errors.Join(tx.InsertRefund(t.Context(), returned), tx.InsertRefund(t.Context(), given)))
		for _, c := range []struct {
			after string
			limit int
			want  []merchant.InFlight
		}{{"", 10, []merchant.InFlight{first, second}}, {"", 1, []merchant.InFlight{first}}, {first.ID(), 1, []merchant.InFlight{second}}, {second.ID(), 1, []merchant.InFlight{}}} {
			list, err := tx.InFlight(t.Context(), b.service.ID, c.after, c.limit)
			require.NoError(t, err)
			assert.Equal(t, c.want, list)
		}
		list, err := tx.InFlight(t.Context(), id.New(id.PaymentService), "", 10)
		assert.Empty(t, list)
		return err
	})
}
