package collection

import (
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/refunding"
)

func (c *collecting) receipt(id, amount string) *flowtest.Answer[contract.Acknowledged] {
	return update[contract.Acknowledged](c, contract.UpdateReceipt, id, contract.RecordReceipt{ReceiptID: id, Amount: money.MustParse(amount, money.CHF), Account: "1020"})
}

// seen has a person take note of what cannot be changed any more, for which the workflow must have waited until then.
func (c *collecting) seen(at time.Duration, kind exception.Kind) {
	c.at(at, func() {
		assert.True(c.t, c.attention, "until somebody has seen it")
		c.decide(kind, exception.Acknowledge)
	})
	c.t.Cleanup(func() {
		assert.Equal(c.t, 1, c.calls["resolve exc_"+string(kind)+" acknowledge"])
		assert.False(c.t, c.attention)
	})
}

func (c *collecting) decide(kind exception.Kind, choice exception.Choice) *flowtest.Answer[contract.Acknowledged] {
	return update[contract.Acknowledged](c, contract.UpdateResolve, "", contract.ResolveException{ExceptionID: "exc_" + string(kind), Choice: choice, By: "key_1"})
}

func TestBankTransferWhileThePayerIsOnThePageGivesThePayersMoneyBack(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	var receipt *flowtest.Answer[contract.Acknowledged]
	c.at(2*time.Hour, func() { receipt = c.receipt("rcp_1", "108.00") })
	c.at(3*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	require.NoError(t, receipt.Err)
	assert.Equal(t, 1, c.calls["release pay_1 invoice_already_paid"])
}

func TestPartlyPaidInvoiceAsksForTheRest(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.outcomes["pay_2"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.receipt("rcp_1", "100.00") })
	var rest *flowtest.Answer[contract.Checkout]
	c.at(3*time.Hour, func() { rest = c.payNow("pay_2", payment.Card) })
	c.at(4*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(5*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_2") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, "pay_2", rest.Value.PaymentID, "the old page asks for too much")
	assert.Equal(t, 1, c.calls["release pay_1 less_is_due"])
	assert.Equal(t, 1, c.calls["capture pay_2"])
}

func TestReceiptWaitsForMoneyThatIsBeingTaken(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.OnActivity(do.CapturePayment, mock.Anything, mock.Anything).After(time.Minute).Return(steps.Captured{CaptureID: "c"}, nil)
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	var receipt *flowtest.Answer[contract.Acknowledged]
	var during bool
	c.at(2*time.Hour+30*time.Second, func() { receipt = c.receipt("rcp_1", "8.00") })
	c.at(2*time.Hour+40*time.Second, func() { during = receipt.Answered })
	c.run()
	assert.False(t, during, "it was answered while money was being taken")
	assert.Equal(t, problem.ReceiptExceedsInvoice, problem.CodeOf(receipt.Err))
}

func TestPersonEndsAPaymentThatCannotBeCaptured(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.failures = []error{flowtest.ErrRefused, flowtest.ErrRefused}
	var decision *flowtest.Answer[contract.Acknowledged]
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour+30*time.Minute, func() { decision = c.decide(exception.CaptureUnclear, exception.DidNotHappen) })
	c.at(5*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	require.NoError(t, decision.Err)
	assert.Equal(t, 1, c.calls["raise pay_1 capture_unclear"])
	assert.Equal(t, 1, c.calls["give up pay_1"])
	assert.Zero(t, c.calls["book pay_1"])
}

func TestExceptionThatClearsUpByItselfIsClosed(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.failures = []error{temporal.NewNonRetryableApplicationError("wrong password", activities.CredentialsRevoked, nil)}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+10*time.Minute, func() { c.hint(contract.SignalTryAgain, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["resolve exc_capture_unclear cleared_up"])
}

func TestParkedMoneyWaitsForAPerson(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().parks()
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(2*time.Hour, func() { c.receipt("rcp_1", "108.00") })
	c.at(3*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(72*time.Hour, func() { c.decide(exception.DoublePayment, exception.Keep) })
	start := c.Now()
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.WithinDuration(t, start.Add(72*time.Hour), c.Now(), time.Minute)
	assert.Equal(t, 1, c.calls["raise pay_1 double_payment"])
	assert.Equal(t, 1, c.calls["resolve exc_double_payment keep"])
}

func TestNobodyDecidesAboutParkedMoneyThatHasGoneBackByARefund(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().parks()
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(3*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(72*time.Hour, func() { c.SignalWorkflow(contract.SignalMoneyReturned, contract.PaymentHint{PaymentID: "pay_1"}) })
	start := c.Now()
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.WithinDuration(t, start.Add(72*time.Hour), c.Now(), time.Minute)
	assert.Equal(t, 1, c.calls["resolve exc_double_payment cleared_up"])
	assert.Equal(t, "The money has gone back.", c.notes["exc_double_payment"])
}

func TestMismatchIsPutBeforeAPersonWithoutHoldingUpTheInvoice(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Authorized, Objection: payment.AmountMismatch}}
	c.outcomes["pay_2"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour, func() { c.payNow("pay_2", payment.Card) })
	c.at(4*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_2") })
	c.seen(5*time.Hour, exception.AnswerMismatch)
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["release pay_1 amount_mismatch"])
	assert.Equal(t, 1, c.calls["raise pay_1 answer_mismatch"])
}

func TestMoneyThatIsAboutToBeLostIsPutBeforeAPersonOnceMore(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	for range 6 * 4 { // TWINT: captured within 7 days, tried every six hours in the end
		c.failures = append(c.failures, flowtest.ErrRefused)
	}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	early := -1
	c.at(4*24*time.Hour, func() { early = c.calls["raise pay_1 capture_deadline"] })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Zero(t, early)
	assert.Equal(t, 1, c.calls["raise pay_1 capture_deadline"])
	assert.Equal(t, 1, c.calls["raise pay_1 capture_unclear"])
}

func TestARefundThatCannotBeStartedStaysOnTheListUntilSomebodyHasSeenIt(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().parks()
	c.OnWorkflow(contract.RefundType, mock.Anything, mock.Anything).Return(refunding.Returned{}, testsuite.ErrMockStartChildWorkflowFailed)
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(3*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(4*time.Hour, func() { c.decide(exception.DoublePayment, exception.GiveBack) })
	c.seen(5*time.Hour, exception.BookingFailed)
	assert.Equal(t, invoice.Paid, c.run().Status)
}

func TestParkedMoneyGoesBackWithOneDecision(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().parks()
	var refunded contract.RequestRefund
	c.OnWorkflow(contract.RefundType, mock.Anything, mock.Anything).Return(func(_ workflow.Context, in contract.RequestRefund) (refunding.Returned, error) {
		refunded = in
		return refunding.Returned{State: refund.Captured}, nil
	})
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(2*time.Hour, func() { c.receipt("rcp_1", "108.00") })
	c.at(3*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(4*time.Hour, func() { c.decide(exception.DoublePayment, exception.GiveBack) })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, "pay_1", refunded.PaymentID)
	assert.True(t, id.Valid(id.Refund, refunded.RefundID))
	assert.True(t, refunded.Amount.Equal(money.Amount{}), "all that is left")
}

func TestPaymentThatWaitsForCredentialsGoesOnWhenTheyAreRenewed(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.failures = []error{temporal.NewNonRetryableApplicationError("the password was changed", activities.CredentialsRevoked, nil)}
	start := c.Now()
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(time.Hour+10*time.Minute, func() {
		c.SignalWorkflow(contract.SignalTryAgain, contract.PaymentHint{PaymentID: "pay_1", OnlyFailed: true})
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.WithinDuration(t, start.Add(time.Hour+10*time.Minute), c.Now(), time.Minute)
}

func TestNewCredentialsAreNoReasonToAskAboutAPageThatIsJustOpen(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{notBegun}
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour, func() {
		c.SignalWorkflow(contract.SignalTryAgain, contract.PaymentHint{PaymentID: "pay_1", OnlyFailed: true})
	})
	c.at(2*time.Hour, func() { assert.Zero(t, c.calls["assert pay_1"]); c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
}
