package collection

import (
	"context"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"
	escalationsteps "github.com/quittance/quittance/activities/escalation"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestReceiptIsRefusedWhileNobodyKnowsWhetherThePayersMoneyWasTaken(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.failures = []error{flowtest.ErrRefused}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	var receipt *flowtest.Answer[contract.Acknowledged]
	c.at(2*time.Hour+30*time.Minute, func() { receipt = c.receipt("rcp_1", "108.00") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(receipt.Err))
	require.ErrorContains(t, receipt.Err, "exc_capture_unclear")
	assert.Zero(t, c.calls["receipt rcp_1"])
	assert.Equal(t, 1, c.calls["book pay_1"])
}

func TestReceiptThatWaitsIsRefusedOnceThePaymentIsStuck(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	attempts := 0
	c.OnActivity(do.CapturePayment, mock.Anything, mock.Anything).After(time.Minute).Return(func(context.Context, activities.PaymentRef) (steps.Captured, error) {
		if attempts++; attempts == 1 {
			return steps.Captured{}, flowtest.ErrRefused
		}
		return steps.Captured{CaptureID: "c"}, nil
	})
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	var receipt *flowtest.Answer[contract.Acknowledged]
	c.at(2*time.Hour+30*time.Second, func() { receipt = c.receipt("rcp_1", "108.00") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(receipt.Err))
}

func TestNothingIsDecidedWhileTheStepIsTriedAgain(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	attempts := 0
	c.OnActivity(do.CapturePayment, mock.Anything, mock.Anything).After(5 * time.Minute).Return(func(context.Context, activities.PaymentRef) (steps.Captured, error) {
		if attempts++; attempts == 1 {
			return steps.Captured{}, flowtest.ErrRefused
		}
		return steps.Captured{CaptureID: "c"}, nil
	})
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	var decision *flowtest.Answer[contract.Acknowledged]
	c.at(3*time.Hour+7*time.Minute, func() { decision = c.decide(exception.CaptureUnclear, exception.DidNotHappen) })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(decision.Err))
	assert.Zero(t, c.calls["resolve exc_capture_unclear it_did_not"], "a decision that could come too late is not recorded")
	assert.Equal(t, 1, c.calls["resolve exc_capture_unclear cleared_up"])
}

func TestDecisionThatIsBeingRecordedIsNotOvertakenByTheNextAttempt(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.slowDecision = 2 * time.Minute
	c.opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.failures = []error{flowtest.ErrRefused}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour-time.Minute, func() { c.decide(exception.CaptureUnclear, exception.DidNotHappen) })
	c.at(5*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.Equal(t, 1, c.calls["capture pay_1"])
	assert.Equal(t, 1, c.calls["give up pay_1"])
}

func TestOfTwoOperatorsTheFirstDecides(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.slowDecision = 2 * time.Minute
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.failures = []error{flowtest.ErrRefused}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	var first, second *flowtest.Answer[contract.Acknowledged]
	c.at(2*time.Hour+30*time.Minute, func() { first = c.decide(exception.CaptureUnclear, exception.TryAgain) })
	c.at(2*time.Hour+31*time.Minute, func() { second = c.decide(exception.CaptureUnclear, exception.DidNotHappen) })
	assert.Equal(t, invoice.Paid, c.run().Status)
	require.NoError(t, first.Err)
	assert.Equal(t, problem.ExceptionResolved, problem.CodeOf(second.Err))
	assert.Zero(t, c.calls["give up pay_1"])
	assert.Equal(t, 2, c.calls["capture pay_1"])
}

func TestCaptureThatTheAcquirerLeavesOpenIsAskedAboutLater(t *testing.T) {
	t.Parallel()
	open, done := steps.Captured{CaptureID: "c_1", Pending: true}, steps.Captured{CaptureID: "c_1"}
	for what, answers := range map[string][]steps.Captured{
		"it is through after a while":        {open, done},
		"a person hears of it when it lasts": {open, open, open, done},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := collect(t).opens()
			c.outcomes["pay_1"] = []steps.Outcome{authorized}
			asked := 0
			c.OnActivity(do.CapturePayment, mock.Anything, mock.Anything).Return(func(context.Context, activities.PaymentRef) (steps.Captured, error) {
				asked++
				return answers[asked-1], nil
			})
			c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
			c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
			assert.Equal(t, invoice.Paid, c.run().Status)
			assert.Equal(t, len(answers), asked)
			assert.Equal(t, (len(answers)-2)/2, c.calls["raise pay_1 capture_unclear"])
			assert.Equal(t, 1, c.calls["book pay_1"])
		})
	}
}

func TestAnotherOrderIsGivenBackAndPutBeforeAPerson(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Authorized, Objection: payment.OrderMismatch}}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour, func() { c.cancel() })
	c.seen(4*time.Hour, exception.AnswerMismatch)
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.Equal(t, 1, c.calls["release pay_1 order_mismatch"])
	assert.Equal(t, 1, c.calls["raise pay_1 answer_mismatch"])
}

func TestMoneyThatWasTakenBeforeItCouldBeGivenBackIsParked(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.released["pay_1"] = steps.Released{Taken: true, CaptureID: "c_1"}
	c.booked["pay_1"] = steps.Booked{Standing: activities.Standing{InvoiceStatus: invoice.Cancelled}, Parked: true}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(2*time.Hour, func() { c.cancel() })
	c.at(3*time.Hour, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
	c.at(4*time.Hour, func() { c.decide(exception.DoublePayment, exception.Keep) })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.Equal(t, 1, c.calls["book pay_1"])
	assert.Equal(t, 1, c.calls["raise pay_1 double_payment"])
}

func TestCollectionThatWasEndedFromOutsideIsTakenUp(t *testing.T) {
	t.Parallel()
	c := collect(t).captures()
	c.outcomes["pay_1"], c.outcomes["pay_2"] = []steps.Outcome{authorized}, []steps.Outcome{notBegun, authorized}
	c.OnActivity(do.TakeUpInvoice, mock.Anything, mock.Anything).Return(steps.LeftBehind{
		Standing: activities.Standing{InvoiceStatus: invoice.Open, Due: c.due},
		Payments: []steps.Unfinished{
			{PaymentID: "pay_1", Method: payment.Card, Amount: c.due, State: payment.Unknown, OpenedAt: c.Now(), ExpiresAt: c.Now(), Awaited: escalationsteps.Awaited{ExceptionID: "exc_capture_unclear", Kind: exception.CaptureUnclear}},
			{PaymentID: "pay_2", Method: payment.TWINT, Amount: c.due, State: payment.Redirected, OpenedAt: c.Now(), ExpiresAt: c.Now().Add(24 * time.Hour)},
		},
	}, nil)
	c.at(2*time.Hour, func() { c.hint(contract.SignalSaferpayNotified, "pay_2") })
	c.ExecuteWorkflow(contract.InvoicePaymentType, contract.IssueInvoice{CompanyID: "cmp_1", InvoiceID: "inv_1", TakeUp: true})
	require.NoError(t, c.GetWorkflowError())
	assert.Equal(t, map[string]int{
		"assert pay_1": 1, "resolve exc_capture_unclear cleared_up": 1, "capture pay_1": 1, "book pay_1": 1,
		"assert pay_2": 2, "release pay_2 invoice_already_paid": 1,
	}, c.calls)
	c.AssertNotCalled(t, "workflow.UpsertTypedSearchAttributes", temporal.NewSearchAttributes(contract.PaymentState.ValueSet("open")))
}

// The page was opened, and before the workflow could note that, the worker died; or Temporal's database was restored.
func TestPaymentThatOnlyTheRecordKnowsIsFollowedOnceThereIsAHint(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.recorded = []steps.Unfinished{{
		PaymentID: "pay_1", Method: payment.Card, Amount: c.due, State: payment.Redirected, OpenedAt: c.Now(), ExpiresAt: c.Now().Add(24 * time.Hour),
	}}
	c.outcomes["pay_1"] = []steps.Outcome{notBegun, authorized}
	for minute := range 3 {
		c.at(time.Duration(minute+1)*time.Minute, func() { c.hint(contract.SignalSaferpayNotified, "pay_of_a_stranger") })
	}
	c.at(time.Hour, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, map[string]int{"look up": 1, "assert pay_1": 2, "capture pay_1": 1, "book pay_1": 1}, c.calls, "one that is hinted at over and over is looked up once")
}

// The payer paid after the last look, and Saferpay's report said so in the night.
func TestPaymentThatEndedIsFollowedAgainOnceTheSweepHasBegunItAnew(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{notBegun}
	c.at(time.Minute, func() { c.payNow("pay_1", payment.Card) })
	c.at(30*time.Hour, func() {
		assert.Equal(t, 1, c.calls["look back pay_1"])
		c.hint(contract.SignalSaferpayNotified, "pay_1")
		c.SignalWorkflow(contract.SignalTryAgain, contract.PaymentHint{PaymentID: "pay_1", OnlyFailed: true})
	})
	c.at(31*time.Hour, func() {
		assert.Zero(t, c.calls["look up"], "it has ended")
		c.recorded = []steps.Unfinished{{
			PaymentID: "pay_1", Method: payment.Card, Amount: c.due, State: payment.Unknown, OpenedAt: c.Now().Add(-31 * time.Hour), ExpiresAt: c.Now().Add(-7 * time.Hour), Reopened: true,
		}}
		c.late["pay_1"] = true
		c.hint(contract.SignalTryAgain, "pay_1")
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, map[string]int{"open pay_1": 1, "assert pay_1": 1, "look up": 1, "look back pay_1": 2, "capture pay_1": 1, "book pay_1": 1}, c.calls)
}
