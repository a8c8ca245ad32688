package onboarding_test

import (
	"errors"
	"testing"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestRefusedCredentialsAreAnnouncedBeforeTheyAreNoted(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID, _ := s.Checkout(payment.Card)
	before := s.PaymentService(s.ServiceRef())
	s.Workflows.Err = errors.New("Temporal restarts")
	s.Refuse("PaymentPage/Assert", "AUTHENTICATION_FAILED")
	_, err := s.Run(s.Collection.AssertPayment, collection.AskOutcome{PaymentRef: s.Ref(paymentID), Turn: 1})
	require.Error(t, err)
	assert.Equal(t, merchant.Active, s.PaymentService(s.ServiceRef()).Status, "else nobody would be told")

	s.Workflows.Err = nil
	s.Refuse("PaymentPage/Assert", "AUTHENTICATION_FAILED")
	_, err = s.Run(s.Collection.AssertPayment, collection.AskOutcome{PaymentRef: s.Ref(paymentID), Turn: 1})
	require.Error(t, err)
	assert.Equal(t, merchant.Suspended, s.PaymentService(s.ServiceRef()).Status)
	assert.Contains(t, s.Workflows.Told, s.Service+" "+string(before.SealedPassword))

	news := onboarding.ServiceNews{PaymentServiceRef: s.ServiceRef(), RefusedPassword: before.SealedPassword}
	v := do[onboarding.Verification](s, s.Onboarding.CatchUp, news)
	assert.Equal(t, merchant.Suspended, v.Status)
	require.Len(t, v.PendingMails, 2, "that it became active, and that it is suspended")
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.PaymentServiceSuspended))
}

func TestNewCredentialsReachWhatIsInFlight(t *testing.T) {
	t.Parallel()
	s := issued(t)
	open, _ := s.Checkout(payment.TWINT)
	captured := s.Paid(payment.Card)
	wanted, err := s.Wanted(captured, "8.00")
	require.NoError(t, err)

	resumed := do[onboarding.Resumed](s, s.Onboarding.ResumePayments, onboarding.Resume{PaymentServiceRef: s.ServiceRef()})
	assert.Equal(t, onboarding.Resumed{Told: 2}, resumed)
	assert.Equal(t, []merchant.InFlight{
		{PaymentID: open, InvoiceID: s.Invoice}, {PaymentID: captured, InvoiceID: s.Invoice, RefundID: wanted.RefundID},
	}, s.Workflows.Tried)
	resumed = do[onboarding.Resumed](s, s.Onboarding.ResumePayments, onboarding.Resume{PaymentServiceRef: s.ServiceRef(), After: open})
	assert.Equal(t, 1, resumed.Told)
}

func TestCredentialsAreErasedWhenADisconnectedServiceNeedsThemNoMore(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	assert.Equal(t, merchant.Disconnected, do[onboarding.Verification](s, s.Onboarding.Disconnect, s.ServiceRef()).Status)
	_, err := s.Run(s.Collection.OpenPaymentPage, collection.StartCheckout{
		InvoiceRef: s.InvoiceRef(),
		PayNow:     contract.PayNow{PaymentID: id.New(id.Payment), OrderID: id.NewOrder(), NotificationSecret: id.NewSecret(), Method: payment.Card, Language: "de"},
	})
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.PaymentServiceNotActive), name, "no new payment begins")

	assert.True(t, do[onboarding.Left](s, s.Onboarding.EraseCredentials, s.ServiceRef()).InFlight)
	_, err = s.Run(s.Collection.CapturePayment, s.Ref(paymentID))
	require.NoError(t, err, "what is under way comes to its end")
	_, err = s.Run(s.Collection.BookReceipt, collection.Receipt{PaymentRef: s.Ref(paymentID), CaptureID: "c"})
	require.NoError(t, err)
	for range 2 {
		assert.False(t, do[onboarding.Left](s, s.Onboarding.EraseCredentials, s.ServiceRef()).InFlight)
	}
	service := s.PaymentService(s.ServiceRef())
	assert.Empty(t, service.SealedPassword)
	assert.Equal(t, merchant.CredentialsErased, service.Timeline[len(service.Timeline)-1].What)

	wanted, err := s.Wanted(paymentID, "8.00")
	require.NoError(t, err)
	byHand := do[refunding.RefundOutcome](s, s.Refunding.SendRefund, wanted)
	assert.Equal(t, []any{refund.Requested, true}, []any{byHand.State, byHand.ByHand}, "the merchant does it in the Backoffice")
	assert.Contains(t, byHand.Why, "credentials are erased")
}

func TestCredentialsOfAServiceThatCollectsAreNeverErased(t *testing.T) {
	t.Parallel()
	s := open(t)
	do[onboarding.Left](s, s.Onboarding.EraseCredentials, s.ServiceRef())
	assert.NotEmpty(t, s.PaymentService(s.ServiceRef()).SealedPassword)
}
