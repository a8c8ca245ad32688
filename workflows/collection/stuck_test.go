package collection

import (
	"errors"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"
	escalationsteps "github.com/quittance/quittance/activities/escalation"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/refunding"
)

func TestWarningOfADeadlineComesInTimeAndIsClosedOnceTheMoneyIsTaken(t *testing.T) {
	t.Parallel()
	for _, d := range []struct {
		method payment.Method
		lasts  int // days
		choice exception.Choice
		want   invoice.Status
	}{
		{payment.TWINT, 7, "", invoice.Paid},
		{payment.Card, 10, "", invoice.Paid},
		{payment.TWINT, 7, exception.DidNotHappen, invoice.Cancelled},
		{payment.Card, 10, exception.DidNotHappen, invoice.Cancelled},
	} {
		c := collect(t).opens().captures()
		c.outcomes["pay_1"] = []steps.Outcome{authorized}
		for range 4 * (d.lasts - 1) { // tried every six hours in the end
			c.failures = append(c.failures, flowtest.ErrRefused)
		}
		warned := func() int { return c.calls["raise pay_1 capture_deadline"] }
		warning := time.Duration(d.lasts-2) * 24 * time.Hour
		c.at(time.Hour, func() { c.payNow("pay_1", d.method) })
		c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
		c.at(warning+time.Hour, func() { assert.Zero(t, warned(), d.method) })
		c.at(warning+10*time.Hour, func() {
			assert.Equal(t, 1, warned(), "48 hours before, as soon as it was tried again: %s", d.method)
			if d.choice != "" {
				c.decide(exception.CaptureUnclear, d.choice)
			}
		})
		if d.choice != "" {
			c.at(warning+24*time.Hour, func() { c.cancel() })
		}
		assert.Equal(t, d.want, c.run().Status)
		assert.Equal(t, []int{1, 1}, []int{warned(), c.calls["resolve exc_capture_deadline cleared_up"]}, d.choice)
		assert.Equal(t, []string{"exc_capture_unclear", "exc_capture_deadline"}, c.closed, "the warning last")
		if d.choice != "" {
			assert.Equal(t, "It was decided: it_did_not.", c.notes["exc_capture_deadline"])
		}
	}
}

func TestMoneyThatAPersonOverlookedIsBookedInsteadOfGivenUp(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.failures = []error{flowtest.ErrRefused}
	c.overlooked["pay_1"] = true
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+time.Minute, func() { c.decide(exception.CaptureUnclear, exception.DidNotHappen) })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, []int{1, 1, 0}, []int{c.calls["look once more pay_1"], c.calls["book pay_1"], c.calls["give up pay_1"]})
}

func TestMoneyThatIsAboutToBeLostBehindAnotherStuckCaptureIsWarnedOf(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"], c.outcomes["pay_2"] = []steps.Outcome{authorized}, []steps.Outcome{authorized}
	for range 60 {
		c.failures = append(c.failures, flowtest.ErrRefused)
	}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour+time.Second, func() { c.payNow("pay_2", payment.TWINT) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_2") })
	c.at(5*24*time.Hour-time.Hour, func() { assert.Zero(t, c.calls["raise pay_2 capture_deadline"]) })
	c.at(5*24*time.Hour+4*time.Hour, func() {
		assert.Equal(t, 1, c.calls["raise pay_2 capture_deadline"], "48 hours before TWINT forgets it")
		c.failures = nil
		c.decide(exception.CaptureUnclear, exception.DidNotHappen)
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, []int{1, 1, 1, 0}, []int{
		c.calls["give up pay_1"], c.calls["book pay_2"], c.calls["resolve exc_capture_deadline cleared_up"], c.calls["raise pay_1 capture_deadline"],
	})
}

func TestOtherMoneyThanWasAskedForIsAnExceptionOfItsOwnKind(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.asking = errors.New("Saferpay is out of order")
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(150*time.Minute, func() {
		assert.Equal(t, 1, c.calls["raise pay_1 outcome_unclear"])
		c.asking = temporal.NewNonRetryableApplicationError("Saferpay has other money", activities.SaferpayDisagrees, nil)
	})
	c.at(5*time.Hour, func() {
		assert.Equal(t, []int{1, 1}, []int{c.calls["resolve exc_outcome_unclear cleared_up"], c.calls["raise pay_1 answer_mismatch"]})
		c.decide(exception.AnswerMismatch, exception.DidNotHappen)
	})
	c.at(6*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.Equal(t, 1, c.calls["give up pay_1"])
}

func TestBookingThatOurDatabaseRefusesIsPutBeforeAPersonAndGoesOnByItself(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.unbookable = 500 // far more often than is tried in ten minutes
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(150*time.Minute, func() {
		assert.Equal(t, 1, c.calls["raise pay_1 booking_failed"])
		c.unbookable = 0
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, []int{1, 1}, []int{c.calls["capture pay_1"], c.calls["resolve exc_booking_failed cleared_up"]})
}

func TestMoneyThatMustBeGivenBackDoesNotWaitForAnotherCaptureThatIsStuck(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.outcomes["pay_2"] = []steps.Outcome{{State: payment.Authorized, Objection: payment.NoLiabilityShift}}
	c.failures = []error{flowtest.ErrRefused, flowtest.ErrRefused}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(time.Hour+time.Second, func() { c.payNow("pay_2", payment.Card) })
	c.at(time.Hour+2*time.Minute, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(time.Hour+10*time.Minute, func() { c.hint(contract.SignalPayerReturned, "pay_2") })
	c.at(time.Hour+20*time.Minute, func() {
		assert.Equal(t, 1, c.calls["release pay_2 liability_shift_missing"])
		assert.Zero(t, c.calls["book pay_1"])
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
}

func TestHintsAboutAPaymentThatIsOverdueAreBoundedAndDontKeepAPersonFromDeciding(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Pending}}
	c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	for i := range 500 {
		c.at(130*time.Hour+time.Duration(i)*10*time.Second, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
	}
	c.at(131*time.Hour, func() { c.decide(exception.PendingOverdue, exception.DidNotHappen) })
	c.at(133*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.Equal(t, 1, c.calls["give up pay_1"])
	assert.LessOrEqual(t, c.calls["assert pay_1"], maxAsserts+6, "an hour of hints after the first ones")
}

func TestNeedsAttentionEndsWithTheException(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Pending}, {State: payment.Pending}, {State: payment.Pending}, {State: payment.Failed}}
	c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(200*time.Hour, func() { c.hint(contract.SignalTryAgain, "pay_1") })
	c.at(201*time.Hour, func() {
		assert.Equal(t, exception.ClearedUp, c.decided["exc_pending_overdue"])
		c.AssertCalled(t, "workflow.UpsertTypedSearchAttributes", temporal.NewSearchAttributes(contract.NeedsAttention.ValueSet(false)))
	})
	c.at(202*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
}

func TestParkedMoneyIsTakenUpWithTheDecisionThatItWaitsFor(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.OnActivity(do.TakeUpInvoice, mock.Anything, mock.Anything).Return(steps.LeftBehind{
		Standing: activities.Standing{InvoiceStatus: invoice.Paid, Due: money.Zero(money.CHF)},
		Payments: []steps.Unfinished{{
			PaymentID: "pay_1", Method: payment.Card, Amount: c.due, State: payment.Captured, OpenedAt: c.Now(), ExpiresAt: c.Now(),
			Awaited: escalationsteps.Awaited{ExceptionID: "exc_double_payment", Kind: exception.DoublePayment},
		}},
	}, nil)
	var refunded []string
	c.OnWorkflow(contract.RefundType, mock.Anything, mock.Anything).Return(func(_ workflow.Context, in contract.RequestRefund) (refunding.Returned, error) {
		refunded = append(refunded, in.PaymentID)
		return refunding.Returned{State: refund.Captured}, nil
	})
	decided := &flowtest.Answer[contract.Acknowledged]{}
	c.at(time.Hour, func() {
		c.UpdateWorkflow(contract.UpdateResolve, "", flowtest.Callback(decided), contract.ResolveException{ExceptionID: "exc_double_payment", Choice: exception.GiveBack, By: "key_1"})
	})
	c.ExecuteWorkflow(contract.InvoicePaymentType, contract.IssueInvoice{CompanyID: "cmp_1", InvoiceID: "inv_1", TakeUp: true})
	require.NoError(t, c.GetWorkflowError())
	require.NoError(t, decided.Err)
	assert.Equal(t, []string{"pay_1"}, refunded)
	assert.Equal(t, map[string]int{"resolve exc_double_payment refund": 1}, c.calls)
}
