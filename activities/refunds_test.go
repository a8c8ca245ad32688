package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

// paid is a payment that was captured and booked.
func (s *shop) paid(m payment.Method) string {
	s.t.Helper()
	paymentID, page := s.checkout(m)
	means := map[payment.Method]string{payment.Card: "9010003150000001", payment.TWINT: "twint"}[m]
	s.pay(page, means, "pay")
	require.Equal(s.t, payment.Authorized, s.ask(paymentID).State)
	s.captureAndBook(paymentID)
	return paymentID
}

// wanted is a refund of the payment that stands in the books; an empty amount is all that is left.
func (s *shop) wanted(paymentID, amount string) (activities.RefundRef, error) {
	s.t.Helper()
	in := activities.RequestRefund{
		RefundRef: activities.RefundRef{CompanyID: s.company, RefundID: id.New(id.Refund)}, PaymentID: paymentID, OrderID: id.NewOrder(), Reason: "Returned",
	}
	if amount != "" {
		in.Amount = money.MustParse(amount, money.CHF)
	}
	_, err := s.run(s.books.RecordRefundRequest, in)
	return in.RefundRef, err
}

func (s *shop) refund(ref activities.RefundRef) (r refund.Refund) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) (err error) {
		r, err = tx.Refund(s.t.Context(), ref.RefundID)
		return err
	})
	return r
}

func TestRefundsAreCapturedAndBookedAgainstTheirReceipt(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.paid(payment.Card)
	part, err := s.wanted(paymentID, "8.00")
	require.NoError(t, err)
	rest, err := s.wanted(paymentID, "")
	require.NoError(t, err)
	_, err = s.wanted(paymentID, "0.01")
	name, again := errorType(t, err)
	assert.Equal(t, string(problem.RefundExceedsPayment), name)
	assert.False(t, again)
	for _, ref := range []activities.RefundRef{part, rest} {
		out := do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref)
		assert.Equal(t, refund.Authorized, out.State)
		for range 2 { // as after a crash
			do[activities.RefundOutcome](s, s.saferpay.CaptureRefund, ref)
			_, err := s.run(s.books.BookRefund, activities.GiveBack{RefundRef: ref, State: refund.Captured, Note: "Done."})
			require.NoError(t, err)
		}
		assert.Equal(t, 1, s.transactions()[s.refund(ref).OrderID].Captures)
	}
	assert.Equal(t, "100.00", s.refund(rest).Amount.Value())
	inv := s.currentInvoice()
	assert.Equal(t, invoice.Paid, inv.Status, "a state never goes back")
	assert.Equal(t, "0.00", inv.AmountPaid.Value())
	assert.Equal(t, "108.00", inv.AmountRefunded.Value())
	assert.Equal(t, "0.00", inv.AmountDue().Value())
	entries := s.journal()
	require.Len(t, entries, 3)
	assert.Equal(t, []string{"1100 debit CHF 8.00", "1029 credit CHF 8.00"}, lines(entries[1]))
	assert.Equal(t, 2, count(s.events(), event.RefundCaptured))
}

func TestParkedMoneyIsGoneWhenTheLastOfItHasGoneBack(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	settling, parked := s.authorized(), s.authorized()
	for _, paymentID := range []string{settling, parked} {
		require.Equal(t, paymentID == parked, s.captureAndBook(paymentID).Parked)
	}
	for _, each := range []struct {
		paymentID, amount string
		want              bool
	}{{settling, "", false}, {parked, "8.00", false}, {parked, "", true}} {
		ref, err := s.wanted(each.paymentID, each.amount)
		require.NoError(t, err)
		for range 2 { // as after a crash
			back := do[activities.GivenBack](s, s.books.BookRefund, activities.GiveBack{RefundRef: ref, State: refund.Recorded, Note: "By hand."})
			assert.Equal(t, activities.GivenBack{InvoiceID: s.currentInvoice().ID, PaymentID: each.paymentID, Unparked: each.want}, back)
		}
	}
}

func TestRefundWhoseAnswerWasLostIsFoundByItsOrder(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]refund.State{"http_500_after": refund.Authorized, "reset_after": refund.Authorized, "http_500_before": refund.Unknown} {
		s := open(t).issued()
		ref, err := s.wanted(s.paid(payment.Card), "8.00")
		require.NoError(t, err)
		s.fault("Transaction/Refund", kind)
		assert.Equal(t, refund.Unknown, do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref).State, kind)
		assert.Equal(t, refund.Unknown, s.refund(ref).State, kind)
		assert.Equal(t, want, do[activities.RefundOutcome](s, s.saferpay.FindRefund, ref).State, kind)
		assert.Equal(t, want, s.refund(ref).State, kind)
	}
}

func TestLicenseWithoutRefundsLeavesItToTheMerchant(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	ref, err := s.wanted(s.paid(payment.Card), "8.00")
	require.NoError(t, err)
	s.steer("/_sim/faults", map[string]any{"operation": "Transaction/Refund", "kind": "error", "error": "PERMISSION_DENIED", "times": 1})
	out := do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref)
	assert.Equal(t, activities.RefundOutcome{State: refund.Requested, ByHand: true}, out)
	_, err = s.run(s.books.BookRefund, activities.GiveBack{RefundRef: ref, State: refund.Recorded, Note: "By hand."})
	require.NoError(t, err)
	assert.Equal(t, refund.Recorded, s.refund(ref).State)
}

func TestPendingRefundIsAskedAboutUntilItIsThrough(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	ref, err := s.wanted(s.paid(payment.Card), "8.00")
	require.NoError(t, err)
	s.steer("/_sim/faults", map[string]any{"operation": "Transaction/Refund", "kind": "pending", "delay_ms": 3_600_000})
	assert.Equal(t, refund.Pending, do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref).State)
	assert.Equal(t, refund.Pending, do[activities.RefundOutcome](s, s.saferpay.AskRefund, ref).State)
	for _, refusal := range []string{"RETRY_LATER", "PERMISSION_DENIED", "INTERNAL_ERROR"} {
		s.refuse("Transaction/AssertRefund", refusal)
		_, err = s.run(s.saferpay.AskRefund, ref)
		require.Error(t, err, "says nothing about the refund: %s", refusal)
		assert.Equal(t, refund.Pending, s.refund(ref).State)
	}
	s.steer("/_sim/age", map[string]any{"by": "61m"})
	assert.Equal(t, refund.Captured, do[activities.RefundOutcome](s, s.saferpay.AskRefund, ref).State)
	assert.Equal(t, 1, s.transactions()[s.refund(ref).OrderID].Captures)
}

func TestPendingRefundThatWasDeclinedFails(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	ref, err := s.wanted(s.paid(payment.Card), "8.00")
	require.NoError(t, err)
	s.steer("/_sim/faults", map[string]any{"operation": "Transaction/Refund", "kind": "pending", "delay_ms": 3_600_000})
	do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref)
	s.refuse("Transaction/AssertRefund", "TRANSACTION_DECLINED")
	assert.Equal(t, refund.Failed, do[activities.RefundOutcome](s, s.saferpay.AskRefund, ref).State)
	assert.Equal(t, "TRANSACTION_DECLINED", s.refund(ref).Failure.Name)
	assert.Equal(t, 1, count(s.events(), event.RefundFailed))
}

func TestCaptureOfARefundThatTheAcquirerLeavesOpenIsNotBookedYet(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	ref, err := s.wanted(s.paid(payment.Card), "8.00")
	require.NoError(t, err)
	do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref)
	s.steer("/_sim/faults", map[string]any{"operation": "Transaction/Capture", "kind": "pending", "delay_ms": 3_600_000})
	for range 2 { // as after a crash
		assert.Equal(t, refund.Pending, do[activities.RefundOutcome](s, s.saferpay.CaptureRefund, ref).State)
	}
	assert.Equal(t, refund.Pending, s.refund(ref).State)
	s.steer("/_sim/age", map[string]any{"by": "61m"})
	assert.Equal(t, refund.Captured, do[activities.RefundOutcome](s, s.saferpay.AskRefund, ref).State)
}

func TestRefundThatStandsInTheBooksIsTakenUpWhereItIs(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.paid(payment.Card)
	ref, err := s.wanted(paymentID, "8.00")
	require.NoError(t, err)
	s.fault("Transaction/Refund", "http_500_before")
	do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref)
	raised := do[activities.Raised](s, s.books.RaiseException, activities.Raise{
		CompanyID: s.company, Kind: exception.RefundUnclear, Subject: ref.RefundID, WorkflowID: "refund/1", Choices: []exception.Choice{exception.Happened},
	})
	terms := do[activities.RefundTerms](s, s.books.RecordRefundRequest, activities.RequestRefund{RefundRef: ref, PaymentID: paymentID})
	assert.Equal(t, refund.Unknown, terms.State)
	assert.Equal(t, raised.ExceptionID, terms.Awaited.ExceptionID)
	assert.Equal(t, "8.00", terms.Amount.Value())
	assert.Equal(t, refund.Unknown, do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref).State, "it is not asked for again")
	assert.Len(t, s.transactions(), 1)
}

func TestTWINTPaymentRestsBeforeItsRefund(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.paid(payment.TWINT)
	terms := do[activities.RefundTerms](s, s.books.RecordRefundRequest, activities.RequestRefund{
		RefundRef: activities.RefundRef{CompanyID: s.company, RefundID: id.New(id.Refund)}, PaymentID: paymentID, OrderID: id.NewOrder(), Reason: "Returned",
	})
	assert.Equal(t, "2h0m0s", terms.Rest.String())
	assert.Equal(t, "108.00", terms.Amount.Value())
}

func TestOnlyCapturedPaymentsAreRefunded(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	_, err := s.wanted(s.authorized(), "1.00")
	name, _ := errorType(t, err)
	assert.Equal(t, string(problem.PaymentNotCaptured), name)
}

func TestBankTransferSettlesTheInvoiceOnce(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	receipt := activities.OtherReceipt{
		InvoiceRef: s.invoiceRef(), ReceiptID: id.New(id.Receipt), Amount: money.MustParse("100.00", money.CHF),
		Day: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Account: "1020", Reference: "QR 21 00000",
	}
	for range 2 {
		standing := do[activities.Standing](s, s.books.RecordReceipt, receipt)
		assert.Equal(t, invoice.PartiallyPaid, standing.InvoiceStatus)
		assert.Equal(t, "8.00", standing.Due.Value())
	}
	receipt.ReceiptID = id.New(id.Receipt)
	_, err := s.run(s.books.RecordReceipt, receipt)
	name, _ := errorType(t, err)
	assert.Equal(t, string(problem.ReceiptExceedsInvoice), name)
	receipt.Amount = money.MustParse("8.00", money.CHF)
	assert.Equal(t, invoice.Paid, do[activities.Standing](s, s.books.RecordReceipt, receipt).InvoiceStatus)
	entries := s.journal()
	require.Len(t, entries, 2)
	assert.Equal(t, []string{"1020 debit CHF 100.00", "1100 credit CHF 100.00"}, lines(entries[0]))
	assert.Equal(t, ledger.FromReceipt, entries[0].Source.Kind)
	assert.Equal(t, []event.Type{event.InvoiceOpened, event.InvoicePartiallyPaid, event.InvoicePaid}, s.events())
}

func TestExceptionIsRaisedOnceAndDecidedOnce(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	raise := activities.Raise{
		CompanyID: s.company, Kind: exception.CaptureUnclear, Subject: "pay_1", WorkflowID: "invoice/1", Detail: "Look.",
		Choices: []exception.Choice{exception.TryAgain},
	}
	raised := do[activities.Raised](s, s.books.RaiseException, raise)
	assert.Equal(t, raised, do[activities.Raised](s, s.books.RaiseException, raise))
	assert.Equal(t, 1, count(s.events(), event.ExceptionRaised))
	resolve := activities.Resolve{CompanyID: s.company, ExceptionID: raised.ExceptionID, Choice: exception.Keep, By: "key_1"}
	_, err := s.run(s.books.ResolveException, resolve)
	name, _ := errorType(t, err)
	assert.Equal(t, string(problem.Invalid), name)
	resolve.Choice = exception.TryAgain
	for range 2 {
		_, err = s.run(s.books.ResolveException, resolve)
		require.NoError(t, err)
	}
	resolve.Choice = exception.ClearedUp
	_, err = s.run(s.books.ResolveException, resolve)
	name, _ = errorType(t, err)
	assert.Equal(t, string(problem.ExceptionResolved), name)
	assert.NotEqual(t, raised, do[activities.Raised](s, s.books.RaiseException, raise), "what comes up again is a new exception")
}

func TestPersonEndsAPaymentInDoubt(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	for range 2 {
		assert.Equal(t, payment.Cancelled, do[activities.Outcome](s, s.books.GiveUpPayment, s.ref(paymentID)).State)
	}
	assert.Equal(t, "given_up", s.payment(paymentID).Failure.Name)
	assert.Equal(t, 1, count(s.events(), event.PaymentFailed))
}
