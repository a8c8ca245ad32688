package collection_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestDeadPageEndsThePaymentUnlessMoneyCame(t *testing.T) {
	t.Parallel()
	s := issued(t)
	unused, _ := s.Checkout(payment.Card)
	used, page := s.Checkout(payment.TWINT)
	s.Pay(page, "twint", "pay")
	for range 2 { // as after a crash
		assert.Equal(t, payment.Expired, do[collection.Outcome](s, s.Collection.CloseExpired, s.Ref(unused)).State)
		assert.Equal(t, payment.Authorized, do[collection.Outcome](s, s.Collection.CloseExpired, s.Ref(used)).State)
	}
	assert.Equal(t, payment.Expired, s.Payment(unused).State)
	assert.Equal(t, payment.Authorized, s.Payment(used).State)
}

// decidedLater is a shop with an invoice on which the provider decides ten minutes after it is paid by TWINT.
func decidedLater(t *testing.T) *shop {
	t.Helper()
	s := open(t)
	s.In(func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(t.Context(), s.Invoice)
		inv.Amount = money.MustParse("66.15", money.CHF)
		return errors.Join(err, tx.SaveInvoice(t.Context(), inv))
	})
	s.Issue()
	return s
}

// The payer confirmed in the last minute, and the provider decides later: Inquire does not know that, and Assert does.
func TestDeadPageDoesNotEndAPaymentOnWhichTheProviderDecidesLater(t *testing.T) {
	t.Parallel()
	s := decidedLater(t)
	paymentID, page := s.Checkout(payment.TWINT)
	s.Pay(page, "twint", "pay")
	assert.Equal(t, payment.Pending, do[collection.Outcome](s, s.Collection.CloseExpired, s.Ref(paymentID)).State)
	unused, _ := s.Checkout(payment.TWINT)
	assert.Equal(t, payment.Expired, do[collection.Outcome](s, s.Collection.CloseExpired, s.Ref(unused)).State)
}

func TestLookingBackThatFailsIsNoReasonToAssertAgain(t *testing.T) {
	t.Parallel()
	s := issued(t)
	unused, _ := s.Checkout(payment.TWINT)
	for range 3 {
		s.Fault("Transaction/Inquire", "http_500_before")
		_, err := s.Run(s.Collection.CloseExpired, s.Ref(unused))
		require.Error(t, err)
	}
	assert.Equal(t, payment.Expired, do[collection.Outcome](s, s.Collection.CloseExpired, s.Ref(unused)).State)
	assert.Equal(t, 1, s.Calls()["PaymentPage/Assert"])
}

func TestDeadTokenIsNotTakenForAnUnpaidOne(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID, page := s.Checkout(payment.Card)
	s.Pay(page, "9010003150000001", "pay")
	s.Refuse("PaymentPage/Assert", "TOKEN_EXPIRED")
	assert.Equal(t, payment.Redirected, s.Ask(paymentID).State, "Saferpay's data may not show the last minutes yet")
	assert.Equal(t, payment.Authorized, do[collection.Outcome](s, s.Collection.CloseExpired, s.Ref(paymentID)).State)
	s.Refuse("PaymentPage/Assert", "TOKEN_EXPIRED")
	assert.Equal(t, payment.Authorized, s.Ask(paymentID).State, "also when it was found before")
	s.Refuse("PaymentPage/Assert", "TOKEN_EXPIRED")
	s.Refuse("Transaction/Inquire", "TRANSACTION_NOT_FOUND")
	_, err := s.Run(s.Collection.AssertPayment, collection.AskOutcome{PaymentRef: s.Ref(paymentID), Turn: 1})
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, []any{activities.SaferpayUnclear, true}, []any{name, again}, "not finding authorized money proves nothing")
}

func TestPendingPaymentWhoseTokenDiedStaysPending(t *testing.T) {
	t.Parallel()
	s := decidedLater(t)
	paymentID, page := s.Checkout(payment.TWINT)
	s.Pay(page, "twint", "pay")
	assert.Equal(t, payment.Pending, s.Ask(paymentID).State)
	s.Refuse("PaymentPage/Assert", "TOKEN_EXPIRED")
	assert.Equal(t, payment.Pending, s.Ask(paymentID).State)
	s.Refuse("PaymentPage/Assert", "TRANSACTION_NOT_STARTED")
	assert.Equal(t, payment.Pending, s.Ask(paymentID).State, "a state never goes back")
	s.Steer("/_sim/age", map[string]any{"by": "11m"})
	assert.Equal(t, payment.Authorized, s.Ask(paymentID).State)
}

func TestCaptureThatTheAcquirerLeavesOpenIsAskedAboutAndNotRepeated(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	s.Steer("/_sim/faults", map[string]any{"operation": "Transaction/Capture", "kind": "pending", "delay_ms": 3_600_000})
	for range 2 {
		captured := do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(paymentID))
		assert.True(t, captured.Pending)
		assert.NotEmpty(t, captured.CaptureID)
		assert.Equal(t, payment.Unknown, s.Payment(paymentID).State)
	}
	s.Steer("/_sim/age", map[string]any{"by": "61m"})
	captured := do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(paymentID))
	assert.False(t, captured.Pending)
	assert.Equal(t, 1, s.Transactions()[s.Payment(paymentID).OrderID].Captures)
	do[collection.Booked](s, s.Collection.BookReceipt, collection.Receipt{PaymentRef: s.Ref(paymentID), CaptureID: captured.CaptureID})
	assert.Equal(t, payment.Captured, s.Payment(paymentID).State)
}

// leftOpen records a capture that the acquirer has not answered.
func (s *shop) leftOpen(paymentID, captureID string) {
	s.In(func(tx *postgres.Tx) error {
		p, err := tx.LockPayment(s.T.Context(), paymentID)
		p.CaptureID = captureID
		return errors.Join(err, tx.SavePayment(s.T.Context(), p))
	})
}

// The acquirer declines a capture that it left open: what the transaction is then decides.
func TestCaptureThatWasLeftOpenAndThenDeclinedIsMadeAnew(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	s.leftOpen(paymentID, "a-capture-that-was-declined")
	s.Refuse("Transaction/AssertCapture", "TRANSACTION_DECLINED")
	_, err := s.Run(s.Collection.CapturePayment, s.Ref(paymentID))
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, []any{activities.SaferpayRefused, false}, []any{name, again}, "a person hears of it")
	captured := do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(paymentID))
	assert.NotEmpty(t, captured.CaptureID)
	assert.False(t, captured.Pending)
	s.leftOpen(paymentID, "a-capture-that-was-declined")
	s.Refuse("Transaction/AssertCapture", "TRANSACTION_DECLINED")
	assert.Equal(t, captured, do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(paymentID)), "taken meanwhile")
	assert.Equal(t, 1, s.Transactions()[s.Payment(paymentID).OrderID].Captures)
}

func TestMoneyThatAPersonOverlookedIsFound(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	assert.Equal(t, payment.Authorized, do[collection.Outcome](s, s.Collection.LookOnceMore, s.Ref(paymentID)).State)
	captured := do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(paymentID))
	found := do[collection.Outcome](s, s.Collection.LookOnceMore, s.Ref(paymentID))
	assert.Equal(t, []any{payment.Captured, captured.CaptureID}, []any{found.State, found.CaptureID})
}

func TestUnfinishedPaymentsOfAnInvoiceAreFoundAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, err := s.Run(s.Collection.TakeUpInvoice, s.InvoiceRef())
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.InvoiceNotOpen), name, "a draft was never issued")
	s.Issue()
	left, _ := s.Checkout(payment.TWINT)
	aborted, page := s.Checkout(payment.Card)
	s.Pay(page, "", "abort")
	s.Ask(aborted)
	stuck := s.Authorized()
	raised := do[escalation.Raised](s, s.Escalation.RaiseException, escalation.Raise{
		CompanyID: s.Company, Kind: exception.CaptureUnclear, Subject: stuck, WorkflowID: "invoice/" + s.Invoice, Choices: []exception.Choice{exception.TryAgain},
	})
	found := do[collection.LeftBehind](s, s.Collection.TakeUpInvoice, s.InvoiceRef())
	assert.Equal(t, invoice.Open, found.InvoiceStatus)
	assert.Equal(t, "108.00", found.Due.Value())
	require.Len(t, found.Payments, 2)
	assert.Equal(t, []string{left, stuck}, []string{found.Payments[0].PaymentID, found.Payments[1].PaymentID}, "the oldest first")
	assert.Equal(t, []string{"", raised.ExceptionID}, []string{found.Payments[0].Awaited.ExceptionID, found.Payments[1].Awaited.ExceptionID})
	assert.Equal(t, payment.Authorized, found.Payments[1].State)
}

func TestAnswersThatSayNothingAboutTheMoneyAreNotFailures(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"TRANSACTION_ALREADY_CAPTURED", "TRANSACTION_NOT_FOUND", "TOKEN_INVALID", "ACTION_NOT_SUPPORTED",
		"INTERNAL_ERROR", "COMMUNICATION_TIMEOUT", "UNEXPECTED_ERROR_BY_ACQUIRER", "PERMISSION_DENIED", "RETRY_LATER",
	} {
		s := issued(t)
		paymentID, _ := s.Checkout(payment.Card)
		s.Refuse("PaymentPage/Assert", name)
		_, err := s.Run(s.Collection.AssertPayment, collection.AskOutcome{PaymentRef: s.Ref(paymentID), Turn: 1})
		require.Error(t, err, name)
		assert.Equal(t, payment.Redirected, s.Payment(paymentID).State, name)
	}
}

func TestAnAssertThatComesTooEarlyMeansNotYet(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"TRANSACTION_IN_WRONG_STATE", "TRANSACTION_NOT_STARTED"} {
		s := issued(t)
		paymentID, page := s.Checkout(payment.Card)
		s.Refuse("PaymentPage/Assert", name)
		assert.Equal(t, payment.Redirected, s.Ask(paymentID).State, name)
		assert.Equal(t, payment.Redirected, s.Payment(paymentID).State, name)
		s.Pay(page, "9010003150000001", "pay")
		assert.Equal(t, payment.Authorized, s.Ask(paymentID).State, name)
	}
}

func TestAuthorizationCancelledInTheBackofficeIsGone(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	s.Directly("Transaction/Cancel", map[string]any{"TransactionReference": map[string]any{"TransactionId": s.Payment(paymentID).TransactionID}})
	assert.True(t, do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(paymentID)).Gone)
	assert.Equal(t, payment.Cancelled, s.Payment(paymentID).State)
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.PaymentFailed))
}

func TestLostCancelIsClearedUpWheneverItIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	s.Fault("Transaction/Cancel", "http_500_after")
	in := collection.Release{PaymentRef: s.Ref(paymentID), Objection: payment.InvoiceSettled}
	_, err := s.Run(s.Collection.ReleasePayment, in)
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, activities.SaferpayUnclear, name)
	assert.True(t, again)
	assert.Equal(t, payment.Unknown, s.Payment(paymentID).State)
	do[collection.Released](s, s.Collection.ReleasePayment, in)
	assert.Equal(t, payment.Cancelled, s.Payment(paymentID).State)
}

func TestOtherMoneyThanAskedForIsNotBooked(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	s.Directly("Transaction/Capture", map[string]any{
		"TransactionReference": map[string]any{"TransactionId": s.Payment(paymentID).TransactionID},
		"Amount":               map[string]any{"Value": "5000", "CurrencyCode": "CHF"},
	})
	_, err := s.Run(s.Collection.CapturePayment, s.Ref(paymentID))
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, activities.SaferpayDisagrees, name)
	assert.False(t, again)
	assert.Empty(t, s.Journal())
}

func TestLateRefusalOfTheOldPasswordLeavesTheNewOneAlone(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID, _ := s.Checkout(payment.Card)
	s.Before = func() { // while the call with the old password is in flight
		s.In(func(tx *postgres.Tx) error {
			service, err := tx.LockPaymentService(t.Context(), s.Service)
			service.SealedPassword = s.Seal("a new one", sealed.ServicePassword.Of(s.Company, s.Service))
			return errors.Join(err, tx.SavePaymentService(t.Context(), service))
		})
	}
	s.Refuse("PaymentPage/Assert", "AUTHENTICATION_FAILED")
	_, err := s.Run(s.Collection.AssertPayment, collection.AskOutcome{PaymentRef: s.Ref(paymentID), Turn: 1})
	require.Error(t, err)
	assert.Zero(t, shoptest.Count(s.Events(), event.PaymentServiceSuspended))
}

// What somebody cancelled in the Saferpay Backoffice has ended here too, and whoever listens hears of it.
func TestWhatWasCancelledInTheBackofficeHasFailedHere(t *testing.T) {
	t.Parallel()
	s := issued(t)
	cancel := func(transaction string) {
		s.Send(http.MethodPatch, "/_sim/transactions/"+transaction, map[string]any{"status": "CANCELED"})
	}
	asked, page := s.Checkout(payment.Card)
	s.Pay(page, "9010003150000001", "pay")
	cancel(s.Transactions()[s.Payment(asked).OrderID].ID)
	assert.Equal(t, payment.Cancelled, s.Ask(asked).State)
	captured := s.Authorized()
	cancel(s.Payment(captured).TransactionID)
	assert.True(t, do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(captured)).Gone)
	for _, p := range []payment.Payment{s.Payment(asked), s.Payment(captured)} {
		assert.Equal(t, []any{payment.Cancelled, "authorization_cancelled"}, []any{p.State, p.Failure.Name})
	}
	assert.Equal(t, 2, shoptest.Count(s.Events(), event.PaymentFailed))

	ref, err := s.Wanted(s.Paid(payment.Card), "8.00")
	require.NoError(t, err)
	s.Fault("Transaction/Refund", "http_500_after")
	do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref)
	cancel(s.AtSaferpay()[len(s.AtSaferpay())-1].ID)
	assert.Equal(t, refund.Failed, do[refunding.RefundOutcome](s, s.Refunding.FindRefund, ref).State)
	r := s.Refund(ref)
	assert.Equal(t, []any{refund.Failed, "refund_cancelled", "The refund was cancelled at Saferpay, not by us."},
		[]any{r.State, r.Failure.Name, r.Timeline[len(r.Timeline)-1].Note})
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.RefundFailed))
}

// The one who answers is Saferpay itself: what it has is not what was asked for.
func TestAnswerAboutOtherMoneyIsNeitherBookedNorTakenForOurs(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID, page := s.Checkout(payment.Card)
	s.Pay(page, "9010003150000001", "pay")
	other := "/_sim/transactions/" + s.Transactions()[s.Payment(paymentID).OrderID].ID
	s.Send(http.MethodPatch, other, map[string]any{"amount": "50.00"})
	assert.Equal(t, payment.AmountMismatch, s.Ask(paymentID).Objection)
	s.Send(http.MethodPatch, other, map[string]any{"status": "CAPTURED"})
	for _, step := range []func() (converter.EncodedValue, error){
		func() (converter.EncodedValue, error) {
			return s.Run(s.Collection.AssertPayment, collection.AskOutcome{PaymentRef: s.Ref(paymentID), Turn: 2})
		},
		func() (converter.EncodedValue, error) { return s.Run(s.Collection.LookOnceMore, s.Ref(paymentID)) },
	} {
		_, err := step()
		name, again := shoptest.ErrorType(t, err)
		assert.Equal(t, []any{activities.SaferpayDisagrees, false}, []any{name, again})
	}
	assert.Empty(t, s.Journal())
}
