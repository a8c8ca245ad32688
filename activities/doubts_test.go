package activities_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

func TestDeadPageEndsThePaymentUnlessMoneyCame(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	unused, _ := s.checkout(payment.Card)
	used, page := s.checkout(payment.TWINT)
	s.pay(page, "twint", "pay")
	for range 2 { // as after a crash
		assert.Equal(t, payment.Expired, do[activities.Outcome](s, s.saferpay.CloseExpired, s.ref(unused)).State)
		assert.Equal(t, payment.Authorized, do[activities.Outcome](s, s.saferpay.CloseExpired, s.ref(used)).State)
	}
	assert.Equal(t, payment.Expired, s.payment(unused).State)
	assert.Equal(t, payment.Authorized, s.payment(used).State)
}

// decidedLater is a shop with an invoice on which the provider decides ten minutes after it is paid by TWINT.
func decidedLater(t *testing.T) *shop {
	t.Helper()
	s := open(t)
	s.in(func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(t.Context(), s.invoice)
		inv.Amount = money.MustParse("66.15", money.CHF)
		return errors.Join(err, tx.SaveInvoice(t.Context(), inv))
	})
	return s.issued()
}

// The payer confirmed in the last minute, and the provider decides later: Inquire does not know that, and Assert does.
func TestDeadPageDoesNotEndAPaymentOnWhichTheProviderDecidesLater(t *testing.T) {
	t.Parallel()
	s := decidedLater(t)
	paymentID, page := s.checkout(payment.TWINT)
	s.pay(page, "twint", "pay")
	assert.Equal(t, payment.Pending, do[activities.Outcome](s, s.saferpay.CloseExpired, s.ref(paymentID)).State)
	unused, _ := s.checkout(payment.TWINT)
	assert.Equal(t, payment.Expired, do[activities.Outcome](s, s.saferpay.CloseExpired, s.ref(unused)).State)
}

func TestLookingBackThatFailsIsNoReasonToAssertAgain(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	unused, _ := s.checkout(payment.TWINT)
	for range 3 {
		s.fault("Transaction/Inquire", "http_500_before")
		_, err := s.run(s.saferpay.CloseExpired, s.ref(unused))
		require.Error(t, err)
	}
	assert.Equal(t, payment.Expired, do[activities.Outcome](s, s.saferpay.CloseExpired, s.ref(unused)).State)
	assert.Equal(t, 1, s.calls()["PaymentPage/Assert"])
}

func TestDeadTokenIsNotTakenForAnUnpaidOne(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID, page := s.checkout(payment.Card)
	s.pay(page, "9010003150000001", "pay")
	s.refuse("PaymentPage/Assert", "TOKEN_EXPIRED")
	assert.Equal(t, payment.Redirected, s.ask(paymentID).State, "Saferpay's data may not show the last minutes yet")
	assert.Equal(t, payment.Authorized, do[activities.Outcome](s, s.saferpay.CloseExpired, s.ref(paymentID)).State)
	s.refuse("PaymentPage/Assert", "TOKEN_EXPIRED")
	assert.Equal(t, payment.Authorized, s.ask(paymentID).State, "also when it was found before")
	s.refuse("PaymentPage/Assert", "TOKEN_EXPIRED")
	s.refuse("Transaction/Inquire", "TRANSACTION_NOT_FOUND")
	_, err := s.run(s.saferpay.AssertPayment, activities.AskOutcome{PaymentRef: s.ref(paymentID), Turn: 1})
	name, again := errorType(t, err)
	assert.Equal(t, []any{activities.SaferpayUnclear, true}, []any{name, again}, "not finding authorized money proves nothing")
}

func TestPendingPaymentWhoseTokenDiedStaysPending(t *testing.T) {
	t.Parallel()
	s := decidedLater(t)
	paymentID, page := s.checkout(payment.TWINT)
	s.pay(page, "twint", "pay")
	assert.Equal(t, payment.Pending, s.ask(paymentID).State)
	s.refuse("PaymentPage/Assert", "TOKEN_EXPIRED")
	assert.Equal(t, payment.Pending, s.ask(paymentID).State)
	s.refuse("PaymentPage/Assert", "TRANSACTION_NOT_STARTED")
	assert.Equal(t, payment.Pending, s.ask(paymentID).State, "a state never goes back")
	s.steer("/_sim/age", map[string]any{"by": "11m"})
	assert.Equal(t, payment.Authorized, s.ask(paymentID).State)
}

func TestCaptureThatTheAcquirerLeavesOpenIsAskedAboutAndNotRepeated(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	s.steer("/_sim/faults", map[string]any{"operation": "Transaction/Capture", "kind": "pending", "delay_ms": 3_600_000})
	for range 2 {
		captured := do[activities.Captured](s, s.saferpay.CapturePayment, s.ref(paymentID))
		assert.True(t, captured.Pending)
		assert.NotEmpty(t, captured.CaptureID)
		assert.Equal(t, payment.Unknown, s.payment(paymentID).State)
	}
	s.steer("/_sim/age", map[string]any{"by": "61m"})
	captured := do[activities.Captured](s, s.saferpay.CapturePayment, s.ref(paymentID))
	assert.False(t, captured.Pending)
	assert.Equal(t, 1, s.transactions()[s.payment(paymentID).OrderID].Captures)
	do[activities.Booked](s, s.books.BookReceipt, activities.Receipt{PaymentRef: s.ref(paymentID), CaptureID: captured.CaptureID})
	assert.Equal(t, payment.Captured, s.payment(paymentID).State)
}

// leftOpen records a capture that the acquirer has not answered.
func (s *shop) leftOpen(paymentID, captureID string) {
	s.in(func(tx *postgres.Tx) error {
		p, err := tx.LockPayment(s.t.Context(), paymentID)
		p.CaptureID = captureID
		return errors.Join(err, tx.SavePayment(s.t.Context(), p))
	})
}

// The acquirer declines a capture that it left open: what the transaction is then decides.
func TestCaptureThatWasLeftOpenAndThenDeclinedIsMadeAnew(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	s.leftOpen(paymentID, "a-capture-that-was-declined")
	s.refuse("Transaction/AssertCapture", "TRANSACTION_DECLINED")
	_, err := s.run(s.saferpay.CapturePayment, s.ref(paymentID))
	name, again := errorType(t, err)
	assert.Equal(t, []any{activities.SaferpayRefused, false}, []any{name, again}, "a person hears of it")
	captured := do[activities.Captured](s, s.saferpay.CapturePayment, s.ref(paymentID))
	assert.NotEmpty(t, captured.CaptureID)
	assert.False(t, captured.Pending)
	s.leftOpen(paymentID, "a-capture-that-was-declined")
	s.refuse("Transaction/AssertCapture", "TRANSACTION_DECLINED")
	assert.Equal(t, captured, do[activities.Captured](s, s.saferpay.CapturePayment, s.ref(paymentID)), "taken meanwhile")
	assert.Equal(t, 1, s.transactions()[s.payment(paymentID).OrderID].Captures)
}

func TestMoneyThatAPersonOverlookedIsFound(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	assert.Equal(t, payment.Authorized, do[activities.Outcome](s, s.saferpay.LookOnceMore, s.ref(paymentID)).State)
	captured := do[activities.Captured](s, s.saferpay.CapturePayment, s.ref(paymentID))
	found := do[activities.Outcome](s, s.saferpay.LookOnceMore, s.ref(paymentID))
	assert.Equal(t, []any{payment.Captured, captured.CaptureID}, []any{found.State, found.CaptureID})
}

func TestUnfinishedPaymentsOfAnInvoiceAreFoundAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, err := s.run(s.books.TakeUpInvoice, s.invoiceRef())
	name, _ := errorType(t, err)
	assert.Equal(t, string(problem.InvoiceNotOpen), name, "a draft was never issued")
	s.issued()
	left, _ := s.checkout(payment.TWINT)
	aborted, page := s.checkout(payment.Card)
	s.pay(page, "", "abort")
	s.ask(aborted)
	stuck := s.authorized()
	raised := do[activities.Raised](s, s.books.RaiseException, activities.Raise{
		CompanyID: s.company, Kind: exception.CaptureUnclear, Subject: stuck, WorkflowID: "invoice/" + s.invoice, Choices: []exception.Choice{exception.TryAgain},
	})
	found := do[activities.LeftBehind](s, s.books.TakeUpInvoice, s.invoiceRef())
	assert.Equal(t, invoice.Open, found.InvoiceStatus)
	assert.Equal(t, "108.00", found.Due.Value())
	require.Len(t, found.Payments, 2)
	assert.Equal(t, []string{left, stuck}, []string{found.Payments[0].PaymentID, found.Payments[1].PaymentID}, "the oldest first")
	assert.Equal(t, []string{"", raised.ExceptionID}, []string{found.Payments[0].Awaited.ExceptionID, found.Payments[1].Awaited.ExceptionID})
	assert.Equal(t, payment.Authorized, found.Payments[1].State)
}

// refuse lets the next call of an operation be answered with Saferpay's own error.
func (s *shop) refuse(operation, name string) {
	s.t.Helper()
	s.steer("/_sim/faults", map[string]any{"operation": operation, "kind": "error", "error": name, "times": 1})
}

func TestAnswersThatSayNothingAboutTheMoneyAreNotFailures(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"TRANSACTION_ALREADY_CAPTURED", "TRANSACTION_IN_WRONG_STATE", "TRANSACTION_NOT_FOUND", "TOKEN_INVALID", "ACTION_NOT_SUPPORTED",
		"INTERNAL_ERROR", "COMMUNICATION_TIMEOUT", "UNEXPECTED_ERROR_BY_ACQUIRER", "PERMISSION_DENIED", "RETRY_LATER",
	} {
		s := open(t).issued()
		paymentID, _ := s.checkout(payment.Card)
		s.refuse("PaymentPage/Assert", name)
		_, err := s.run(s.saferpay.AssertPayment, activities.AskOutcome{PaymentRef: s.ref(paymentID), Turn: 1})
		require.Error(t, err, name)
		assert.Equal(t, payment.Redirected, s.payment(paymentID).State, name)
	}
}

func TestAuthorizationCancelledInTheBackofficeIsGone(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	s.directly("Transaction/Cancel", map[string]any{"TransactionReference": map[string]any{"TransactionId": s.payment(paymentID).TransactionID}})
	assert.True(t, do[activities.Captured](s, s.saferpay.CapturePayment, s.ref(paymentID)).Gone)
	assert.Equal(t, payment.Cancelled, s.payment(paymentID).State)
	assert.Equal(t, 1, count(s.events(), event.PaymentFailed))
}

func TestLostCancelIsClearedUpWheneverItIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	s.fault("Transaction/Cancel", "http_500_after")
	in := activities.Release{PaymentRef: s.ref(paymentID), Objection: payment.InvoiceSettled}
	_, err := s.run(s.saferpay.ReleasePayment, in)
	name, again := errorType(t, err)
	assert.Equal(t, activities.SaferpayUnclear, name)
	assert.True(t, again)
	assert.Equal(t, payment.Unknown, s.payment(paymentID).State)
	do[activities.Released](s, s.saferpay.ReleasePayment, in)
	assert.Equal(t, payment.Cancelled, s.payment(paymentID).State)
}

func TestOtherMoneyThanAskedForIsNotBooked(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	s.directly("Transaction/Capture", map[string]any{
		"TransactionReference": map[string]any{"TransactionId": s.payment(paymentID).TransactionID},
		"Amount":               map[string]any{"Value": "5000", "CurrencyCode": "CHF"},
	})
	_, err := s.run(s.saferpay.CapturePayment, s.ref(paymentID))
	name, again := errorType(t, err)
	assert.Equal(t, activities.SaferpayDisagrees, name)
	assert.False(t, again)
	assert.Empty(t, s.journal())
}

func TestLateRefusalOfTheOldPasswordLeavesTheNewOneAlone(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID, _ := s.checkout(payment.Card)
	s.before = func() { // while the call with the old password is under way
		s.in(func(tx *postgres.Tx) error {
			service, err := tx.LockPaymentService(t.Context(), s.service)
			service.SealedPassword = s.seal("a new one")
			return errors.Join(err, tx.SavePaymentService(t.Context(), service))
		})
	}
	s.refuse("PaymentPage/Assert", "AUTHENTICATION_FAILED")
	_, err := s.run(s.saferpay.AssertPayment, activities.AskOutcome{PaymentRef: s.ref(paymentID), Turn: 1})
	require.Error(t, err)
	assert.Zero(t, count(s.events(), event.PaymentServiceSuspended))
}

// What somebody cancelled in the Saferpay Backoffice has ended here too, and whoever listens hears of it.
func TestWhatWasCancelledInTheBackofficeHasFailedHere(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	cancel := func(transaction string) {
		s.send(http.MethodPatch, "/_sim/transactions/"+transaction, map[string]any{"status": "CANCELED"})
	}
	asked, page := s.checkout(payment.Card)
	s.pay(page, "9010003150000001", "pay")
	cancel(s.transactions()[s.payment(asked).OrderID].ID)
	assert.Equal(t, payment.Cancelled, s.ask(asked).State)
	captured := s.authorized()
	cancel(s.payment(captured).TransactionID)
	assert.True(t, do[activities.Captured](s, s.saferpay.CapturePayment, s.ref(captured)).Gone)
	for _, p := range []payment.Payment{s.payment(asked), s.payment(captured)} {
		assert.Equal(t, []any{payment.Cancelled, "authorization_cancelled"}, []any{p.State, p.Failure.Name})
	}
	assert.Equal(t, 2, count(s.events(), event.PaymentFailed))

	ref, err := s.wanted(s.paid(payment.Card), "8.00")
	require.NoError(t, err)
	s.fault("Transaction/Refund", "http_500_after")
	do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref)
	cancel(s.atSaferpay()[len(s.atSaferpay())-1].ID)
	assert.Equal(t, refund.Failed, do[activities.RefundOutcome](s, s.saferpay.FindRefund, ref).State)
	r := s.refund(ref)
	assert.Equal(t, []any{refund.Failed, "refund_cancelled", "The refund was cancelled at Saferpay, not by us."},
		[]any{r.State, r.Failure.Name, r.Timeline[len(r.Timeline)-1].Note})
	assert.Equal(t, 1, count(s.events(), event.RefundFailed))
}

// The one who answers is Saferpay itself: what it has is not what was asked for.
func TestAnswerAboutOtherMoneyIsNeitherBookedNorTakenForOurs(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID, page := s.checkout(payment.Card)
	s.pay(page, "9010003150000001", "pay")
	other := "/_sim/transactions/" + s.transactions()[s.payment(paymentID).OrderID].ID
	s.send(http.MethodPatch, other, map[string]any{"amount": "50.00"})
	assert.Equal(t, payment.AmountMismatch, s.ask(paymentID).Objection)
	s.send(http.MethodPatch, other, map[string]any{"status": "CAPTURED"})
	for _, step := range []func() (converter.EncodedValue, error){
		func() (converter.EncodedValue, error) {
			return s.run(s.saferpay.AssertPayment, activities.AskOutcome{PaymentRef: s.ref(paymentID), Turn: 2})
		},
		func() (converter.EncodedValue, error) { return s.run(s.saferpay.LookOnceMore, s.ref(paymentID)) },
	} {
		_, err := step()
		name, again := errorType(t, err)
		assert.Equal(t, []any{activities.SaferpayDisagrees, false}, []any{name, again})
	}
	assert.Empty(t, s.journal())
}
