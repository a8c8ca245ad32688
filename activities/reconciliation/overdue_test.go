package reconciliation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/reconciliation"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

// Nobody paid on the page, and the refund was never asked for: Saferpay has nothing to report of either.
func TestWhatShouldHaveEndedLongAgoIsLookedAfterAlthoughSaferpayReportsNothing(t *testing.T) {
	t.Parallel()
	s := issued(t)
	left, _ := s.Checkout(payment.Card)
	reserved, form := s.Checkout(payment.TWINT) // and the process that would take it is gone
	s.Pay(form, "twint", "pay")
	require.Equal(t, payment.Authorized, s.Ask(reserved).State)
	refund, err := s.Wanted(s.Paid(payment.TWINT), "8.00")
	require.NoError(t, err)
	page := s.report()
	page.Overdue = 24 * time.Hour
	compare := func() reconciliation.Compared {
		t.Helper()
		return do[reconciliation.Compared](s, s.Reconciliation.CompareReport, page)
	}
	assert.Equal(t, reconciliation.Compared{}, compare(), "there is still time")

	s.Reconciliation.Now = func() time.Time { return time.Now().Add(49 * time.Hour) } // the page lives for a day
	overdue := compare()
	require.Len(t, overdue.Payments, 2)
	assert.Equal(t, []activities.PaymentRef{s.Ref(left), s.Ref(reserved)}, []activities.PaymentRef{overdue.Payments[0].PaymentRef, overdue.Payments[1].PaymentRef})
	assert.Equal(t, s.Invoice, overdue.Payments[0].InvoiceID)
	require.Len(t, overdue.Refunds, 1)
	assert.Equal(t, refund, overdue.Refunds[0].RefundRef)

	s.In(func(tx *postgres.Tx) error {
		service, err := tx.LockPaymentService(t.Context(), s.Service)
		require.NoError(t, err)
		service.Status = merchant.Suspended
		return tx.SavePaymentService(t.Context(), service)
	})
	without := compare()
	assert.NotEmpty(t, without.Skipped)
	assert.Equal(t, overdue.Payments, without.Payments, "the record can be read without a report")

	page.Page = 2
	assert.Empty(t, compare().Payments, "once a night is enough")
}
