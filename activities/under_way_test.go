package activities_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

func TestRefusedCredentialsAreAnnouncedBeforeTheyAreNoted(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID, _ := s.checkout(payment.Card)
	before := s.paymentService(s.serviceRef())
	s.processes.err = errors.New("Temporal restarts")
	s.refuse("PaymentPage/Assert", "AUTHENTICATION_FAILED")
	_, err := s.run(s.saferpay.AssertPayment, activities.AskOutcome{PaymentRef: s.ref(paymentID), Turn: 1})
	require.Error(t, err)
	assert.Equal(t, merchant.Active, s.paymentService(s.serviceRef()).Status, "else nobody would be told")

	s.processes.err = nil
	s.refuse("PaymentPage/Assert", "AUTHENTICATION_FAILED")
	_, err = s.run(s.saferpay.AssertPayment, activities.AskOutcome{PaymentRef: s.ref(paymentID), Turn: 1})
	require.Error(t, err)
	assert.Equal(t, merchant.Suspended, s.paymentService(s.serviceRef()).Status)
	assert.Contains(t, s.processes.told, s.service+" "+string(before.SealedPassword))

	news := activities.ServiceNews{PaymentServiceRef: s.serviceRef(), RefusedPassword: before.SealedPassword}
	v := do[activities.Verification](s, s.merchants.CatchUp, news)
	assert.Equal(t, merchant.Suspended, v.Status)
	require.Len(t, v.PendingMails, 2, "that it became active, and that it is suspended")
	assert.Equal(t, 1, count(s.events(), event.PaymentServiceSuspended))
}

func TestNewCredentialsReachWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	open, _ := s.checkout(payment.TWINT)
	captured := s.paid(payment.Card)
	wanted, err := s.wanted(captured, "8.00")
	require.NoError(t, err)

	resumed := do[activities.Resumed](s, s.merchants.ResumePayments, activities.Resume{PaymentServiceRef: s.serviceRef()})
	assert.Equal(t, activities.Resumed{Told: 2}, resumed)
	assert.Equal(t, []merchant.InFlight{
		{PaymentID: open, InvoiceID: s.invoice}, {PaymentID: captured, InvoiceID: s.invoice, RefundID: wanted.RefundID},
	}, s.processes.tried)
	resumed = do[activities.Resumed](s, s.merchants.ResumePayments, activities.Resume{PaymentServiceRef: s.serviceRef(), After: open})
	assert.Equal(t, 1, resumed.Told)
}

func TestCredentialsAreErasedWhenADisconnectedServiceNeedsThemNoMore(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	assert.Equal(t, merchant.Disconnected, do[activities.Verification](s, s.merchants.Disconnect, s.serviceRef()).Status)
	_, err := s.run(s.saferpay.OpenPaymentPage, activities.StartCheckout{
		InvoiceRef: s.invoiceRef(), PaymentID: id.New(id.Payment), OrderID: id.NewOrder(), NotificationSecret: id.NewSecret(), Method: payment.Card, Language: "de",
	})
	name, _ := errorType(t, err)
	assert.Equal(t, string(problem.PaymentServiceNotActive), name, "no new payment begins")

	assert.True(t, do[activities.Left](s, s.merchants.EraseCredentials, s.serviceRef()).InFlight)
	_, err = s.run(s.saferpay.CapturePayment, s.ref(paymentID))
	require.NoError(t, err, "what is under way comes to its end")
	_, err = s.run(s.books.BookReceipt, activities.Receipt{PaymentRef: s.ref(paymentID), CaptureID: "c"})
	require.NoError(t, err)
	for range 2 {
		assert.False(t, do[activities.Left](s, s.merchants.EraseCredentials, s.serviceRef()).InFlight)
	}
	service := s.paymentService(s.serviceRef())
	assert.Empty(t, service.SealedPassword)
	assert.Equal(t, merchant.CredentialsErased, service.Timeline[len(service.Timeline)-1].What)

	wanted, err := s.wanted(paymentID, "8.00")
	require.NoError(t, err)
	byHand := do[activities.RefundOutcome](s, s.saferpay.SendRefund, wanted)
	assert.Equal(t, []any{refund.Requested, true}, []any{byHand.State, byHand.ByHand}, "the merchant does it in the Backoffice")
	assert.Contains(t, byHand.Why, "credentials are erased")
}

func TestCredentialsOfAServiceThatCollectsAreNeverErased(t *testing.T) {
	t.Parallel()
	s := open(t)
	do[activities.Left](s, s.merchants.EraseCredentials, s.serviceRef())
	assert.NotEmpty(t, s.paymentService(s.serviceRef()).SealedPassword)
}
