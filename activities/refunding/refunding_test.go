package refunding_test

import (
	"testing"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestRefundsAreCapturedAndBookedAgainstTheirReceipt(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Paid(payment.Card)
	part, err := s.Wanted(paymentID, "8.00")
	require.NoError(t, err)
	rest, err := s.Wanted(paymentID, "")
	require.NoError(t, err)
	_, err = s.Wanted(paymentID, "0.01")
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.RefundExceedsPayment), name)
	assert.False(t, again)
	for _, ref := range []activities.RefundRef{part, rest} {
		out := do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref)
		assert.Equal(t, refund.Authorized, out.State)
		for range 2 { // as after a crash
			do[refunding.RefundOutcome](s, s.Refunding.CaptureRefund, ref)
			_, err := s.Run(s.Refunding.BookRefund, refunding.GiveBack{RefundRef: ref, State: refund.Captured, Note: "Done."})
			require.NoError(t, err)
		}
		assert.Equal(t, 1, s.Transactions()[s.Refund(ref).OrderID].Captures)
	}
	assert.Equal(t, "100.00", s.Refund(rest).Amount.Value())
	inv := s.CurrentInvoice()
	assert.Equal(t, invoice.Paid, inv.Status, "a state never goes back")
	assert.Equal(t, "0.00", inv.AmountPaid.Value())
	assert.Equal(t, "108.00", inv.AmountRefunded.Value())
	assert.Equal(t, "0.00", inv.AmountDue().Value())
	entries := s.Journal()
	require.Len(t, entries, 3)
	assert.Equal(t, []string{"1100 debit CHF 8.00", "1029 credit CHF 8.00"}, shoptest.Lines(entries[1]))
	assert.Equal(t, 2, shoptest.Count(s.Events(), event.RefundCaptured))
}

func TestParkedMoneyIsGoneWhenTheLastOfItHasGoneBack(t *testing.T) {
	t.Parallel()
	s := issued(t)
	settling, parked := s.Authorized(), s.Authorized()
	for _, paymentID := range []string{settling, parked} {
		require.Equal(t, paymentID == parked, s.CaptureAndBook(paymentID).Parked)
	}
	for _, each := range []struct {
		paymentID, amount string
		want              bool
	}{{settling, "", false}, {parked, "8.00", false}, {parked, "", true}} {
		ref, err := s.Wanted(each.paymentID, each.amount)
		require.NoError(t, err)
		for range 2 { // as after a crash
			back := do[activities.GivenBack](s, s.Refunding.BookRefund, refunding.GiveBack{RefundRef: ref, State: refund.Recorded, Note: "By hand."})
			assert.Equal(t, activities.GivenBack{InvoiceID: s.CurrentInvoice().ID, PaymentID: each.paymentID, Unparked: each.want}, back)
		}
	}
}

func TestRefundWhoseAnswerWasLostIsFoundByItsOrder(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]refund.State{"http_500_after": refund.Authorized, "reset_after": refund.Authorized, "http_500_before": refund.Unknown} {
		s := issued(t)
		ref, err := s.Wanted(s.Paid(payment.Card), "8.00")
		require.NoError(t, err)
		s.Fault("Transaction/Refund", kind)
		assert.Equal(t, refund.Unknown, do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref).State, kind)
		assert.Equal(t, refund.Unknown, s.Refund(ref).State, kind)
		assert.Equal(t, want, do[refunding.RefundOutcome](s, s.Refunding.FindRefund, ref).State, kind)
		assert.Equal(t, want, s.Refund(ref).State, kind)
	}
}

func TestRefundThatAnotherAttemptWasAboutToSendIsNotSentAgain(t *testing.T) {
	t.Parallel()
	s := issued(t)
	ref, err := s.Wanted(s.Paid(payment.Card), "8.00")
	require.NoError(t, err)
	s.In(func(tx *postgres.Tx) error {
		r, err := tx.LockRefund(t.Context(), ref.RefundID)
		require.NoError(t, err)
		may, err := r.Try("a-run-that-was-reset/7", r.CreatedAt)
		require.True(t, may)
		require.NoError(t, err)
		return tx.SaveRefund(t.Context(), r)
	})
	assert.Equal(t, refund.Unknown, do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref).State)
	assert.Contains(t, s.Refund(ref).Timeline[1].Note, "a-run-that-was-reset/7")
	assert.Len(t, s.Transactions(), 1, "only the payment")
}

func TestRefundThatSaferpaySurelyDidNotDoIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, refusal := range []string{"RETRY_LATER", "PERMISSION_DENIED"} {
		s := issued(t)
		ref, err := s.Wanted(s.Paid(payment.Card), "8.00")
		require.NoError(t, err)
		s.Refuse("Transaction/Refund", refusal)
		assert.Equal(t, refund.Requested, do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref).State, refusal)
		assert.Equal(t, refund.Authorized, do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref).State, refusal)
	}
}

func TestLicenseWithoutRefundsLeavesItToTheMerchant(t *testing.T) {
	t.Parallel()
	s := issued(t)
	ref, err := s.Wanted(s.Paid(payment.Card), "8.00")
	require.NoError(t, err)
	s.Steer("/_sim/faults", map[string]any{"operation": "Transaction/Refund", "kind": "error", "error": "PERMISSION_DENIED", "times": 1})
	out := do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref)
	assert.Equal(t, refunding.RefundOutcome{State: refund.Requested, ByHand: true}, out)
	_, err = s.Run(s.Refunding.BookRefund, refunding.GiveBack{RefundRef: ref, State: refund.Recorded, Note: "By hand."})
	require.NoError(t, err)
	assert.Equal(t, refund.Recorded, s.Refund(ref).State)
}

func TestPendingRefundIsAskedAboutUntilItIsThrough(t *testing.T) {
	t.Parallel()
	s := issued(t)
	ref, err := s.Wanted(s.Paid(payment.Card), "8.00")
	require.NoError(t, err)
	s.Steer("/_sim/faults", map[string]any{"operation": "Transaction/Refund", "kind": "pending", "delay_ms": 3_600_000})
	assert.Equal(t, refund.Pending, do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref).State)
	assert.Equal(t, refund.Pending, do[refunding.RefundOutcome](s, s.Refunding.AskRefund, ref).State)
	for _, refusal := range []string{"RETRY_LATER", "PERMISSION_DENIED", "INTERNAL_ERROR"} {
		s.Refuse("Transaction/AssertRefund", refusal)
		_, err = s.Run(s.Refunding.AskRefund, ref)
		require.Error(t, err, "says nothing about the refund: %s", refusal)
		assert.Equal(t, refund.Pending, s.Refund(ref).State)
	}
	s.Steer("/_sim/age", map[string]any{"by": "61m"})
	assert.Equal(t, refund.Captured, do[refunding.RefundOutcome](s, s.Refunding.AskRefund, ref).State)
	assert.Equal(t, 1, s.Transactions()[s.Refund(ref).OrderID].Captures)
}

func TestPendingRefundThatWasDeclinedFails(t *testing.T) {
	t.Parallel()
	s := issued(t)
	ref, err := s.Wanted(s.Paid(payment.Card), "8.00")
	require.NoError(t, err)
	s.Steer("/_sim/faults", map[string]any{"operation": "Transaction/Refund", "kind": "pending", "delay_ms": 3_600_000})
	do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref)
	s.Refuse("Transaction/AssertRefund", "TRANSACTION_DECLINED")
	assert.Equal(t, refund.Failed, do[refunding.RefundOutcome](s, s.Refunding.AskRefund, ref).State)
	assert.Equal(t, "TRANSACTION_DECLINED", s.Refund(ref).Failure.Name)
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.RefundFailed))
}

func TestCaptureOfARefundThatTheAcquirerLeavesOpenIsNotBookedYet(t *testing.T) {
	t.Parallel()
	s := issued(t)
	ref, err := s.Wanted(s.Paid(payment.Card), "8.00")
	require.NoError(t, err)
	do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref)
	s.Steer("/_sim/faults", map[string]any{"operation": "Transaction/Capture", "kind": "pending", "delay_ms": 3_600_000})
	for range 2 { // as after a crash
		assert.Equal(t, refund.Pending, do[refunding.RefundOutcome](s, s.Refunding.CaptureRefund, ref).State)
	}
	assert.Equal(t, refund.Pending, s.Refund(ref).State)
	s.Steer("/_sim/age", map[string]any{"by": "61m"})
	assert.Equal(t, refund.Captured, do[refunding.RefundOutcome](s, s.Refunding.AskRefund, ref).State)
}

func TestRefundThatStandsInTheBooksIsTakenUpWhereItIs(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Paid(payment.Card)
	ref, err := s.Wanted(paymentID, "8.00")
	require.NoError(t, err)
	s.Fault("Transaction/Refund", "http_500_before")
	do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref)
	raised := do[escalation.Raised](s, s.Escalation.RaiseException, escalation.Raise{
		CompanyID: s.Company, Kind: exception.RefundUnclear, Subject: ref.RefundID, WorkflowID: "refund/1", Choices: []exception.Choice{exception.Happened},
	})
	terms := do[refunding.RefundTerms](s, s.Refunding.RecordRefundRequest, contract.RequestRefund{CompanyID: ref.CompanyID, RefundID: ref.RefundID, PaymentID: paymentID})
	assert.Equal(t, refund.Unknown, terms.State)
	assert.Equal(t, raised.ExceptionID, terms.Awaited.ExceptionID)
	assert.Equal(t, "8.00", terms.Amount.Value())
	assert.Equal(t, refund.Unknown, do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref).State, "it is not asked for again")
	assert.Len(t, s.Transactions(), 1)
}

func TestTWINTPaymentRestsBeforeItsRefund(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Paid(payment.TWINT)
	terms := do[refunding.RefundTerms](s, s.Refunding.RecordRefundRequest, contract.RequestRefund{
		CompanyID: s.Company, RefundID: id.New(id.Refund), PaymentID: paymentID, OrderID: id.NewOrder(), Reason: "Returned",
	})
	assert.Equal(t, "2h0m0s", terms.Rest.String())
	assert.Equal(t, "108.00", terms.Amount.Value())
}

func TestOnlyCapturedPaymentsAreRefunded(t *testing.T) {
	t.Parallel()
	s := issued(t)
	_, err := s.Wanted(s.Authorized(), "1.00")
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.PaymentNotCaptured), name)
}
