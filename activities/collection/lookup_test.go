package collection_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

// withoutInquire is a shop with an open invoice whose license does not include Inquire.
func withoutInquire(t *testing.T) *shop {
	t.Helper()
	s := issued(t)
	s.Put("/_sim/customers/123123", map[string]any{"features": []string{"MANAGEMENT_API", "PAYMENT_API", "REFUND", "NO_INQUIRE"}})
	return s
}

func (s *shop) lookBack(paymentID string) payment.State {
	s.T.Helper()
	return do[collection.Outcome](s, s.Collection.CloseExpired, s.Ref(paymentID)).State
}

func TestWithoutInquireAssertSaysWhatBecameOfADeadPage(t *testing.T) {
	t.Parallel()
	s := withoutInquire(t)
	s.Put("/_sim/settings", map[string]any{"early_assert_in_wrong_state": true})
	want := map[string]payment.State{}
	for _, p := range []struct {
		means, action string
		ends          payment.State
	}{
		{"", "", payment.Expired},
		{"", "close", payment.Expired},
		{"", "abort", payment.Aborted},
		{"9010403153150003", "pay", payment.Failed},
		{"9010003150000001", "pay", payment.Authorized},
	} {
		paymentID, page := s.Checkout(payment.Card)
		if p.action != "" {
			s.Pay(page, p.means, p.action)
		}
		want[paymentID] = p.ends
	}
	s.Steer("/_sim/age", map[string]any{"by": "2h"})
	for paymentID, ends := range want {
		for range 2 { // as after a crash
			assert.Equal(t, ends, s.lookBack(paymentID))
		}
		assert.Equal(t, ends, s.Payment(paymentID).State)
	}
}

func TestWithoutInquireAPersonHasToLookOnceTheTokenIsDead(t *testing.T) {
	t.Parallel()
	s := withoutInquire(t)
	unused, _ := s.Checkout(payment.Card)
	s.Steer("/_sim/age", map[string]any{"by": "25h"})
	_, err := s.Run(s.Collection.CloseExpired, s.Ref(unused))
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, []any{activities.SaferpayRefused, false}, []any{name, again})
	require.ErrorContains(t, err, "PERMISSION_DENIED")
	assert.Equal(t, payment.Redirected, s.Payment(unused).State)
}

func TestWithoutInquireAssertConfirmsALostCapture(t *testing.T) {
	t.Parallel()
	s := withoutInquire(t)
	paymentID := s.Authorized()
	s.Fault("Transaction/Capture", "http_500_after")
	_, err := s.Run(s.Collection.CapturePayment, s.Ref(paymentID))
	require.Error(t, err)
	assert.Equal(t, payment.Unknown, s.Payment(paymentID).State)
	captured := do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(paymentID))
	assert.Equal(t, s.Payment(paymentID).TransactionID+"_c", captured.CaptureID)
	assert.Equal(t, 1, s.Transactions()[s.Payment(paymentID).OrderID].Captures)
	found := do[collection.Outcome](s, s.Collection.LookOnceMore, s.Ref(paymentID))
	assert.Equal(t, []any{payment.Captured, captured.CaptureID}, []any{found.State, found.CaptureID})
}

func TestWithoutInquireAssertConfirmsALostRelease(t *testing.T) {
	t.Parallel()
	s := withoutInquire(t)
	lost := s.Authorized()
	s.Fault("Transaction/Cancel", "http_500_after")
	in := collection.Release{PaymentRef: s.Ref(lost), Objection: payment.InvoiceSettled}
	_, err := s.Run(s.Collection.ReleasePayment, in)
	require.Error(t, err)
	do[collection.Released](s, s.Collection.ReleasePayment, in)
	assert.Equal(t, payment.Cancelled, s.Payment(lost).State)

	gone := s.Authorized()
	s.Send(http.MethodPatch, "/_sim/transactions/"+s.Payment(gone).TransactionID, map[string]any{"status": "CANCELED"})
	assert.True(t, do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(gone)).Gone)
}

// The payer came to the page and left, and the provider might decide later: only Assert knows that nobody paid.
func TestDeadPageThatAPayerLeftEndsThePayment(t *testing.T) {
	t.Parallel()
	s := issued(t)
	s.Put("/_sim/settings", map[string]any{"early_assert_in_wrong_state": true})
	paymentID, page := s.Checkout(payment.TWINT)
	s.Pay(page, "", "close")
	s.Steer("/_sim/age", map[string]any{"by": "2h"})
	assert.Equal(t, payment.Expired, s.lookBack(paymentID))
}
