package collection

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	steps "github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

var errUnclear = temporal.NewApplicationError("Saferpay does not answer", activities.SaferpayUnclear)

func TestPayerWhoPaidUntoldAndPressesPayNowAgainDoesNotPayTwice(t *testing.T) {
	t.Parallel()
	for _, method := range []payment.Method{payment.Card, payment.TWINT} {
		c := collect(t).opens().captures()
		c.outcomes["pay_1"] = []steps.Outcome{authorized}
		var again *flowtest.Answer[contract.Checkout]
		c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
		c.at(time.Hour+time.Minute, func() { again = c.payNow("pay_2", method) })
		assert.Equal(t, invoice.Paid, c.run().Status)
		assert.Equal(t, problem.InvoicePaid, problem.CodeOf(again.Err), method)
		assert.Equal(t, map[string]int{"open pay_1": 1, "assert pay_1": 1, "capture pay_1": 1, "book pay_1": 1}, c.calls)
	}
}

func TestPayerWhoPaysAgainWhileTheProviderDecidesGetsNoSecondPage(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Pending}, authorized}
	var untold, known *flowtest.Answer[contract.Checkout]
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour+time.Minute, func() { untold = c.payNow("pay_2", payment.TWINT) })
	c.at(time.Hour+2*time.Minute, func() { known = c.payNow("pay_3", payment.TWINT) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(untold.Err))
	assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(known.Err))
	assert.Equal(t, map[string]int{"open pay_1": 1, "assert pay_1": 2, "capture pay_1": 1, "book pay_1": 1}, c.calls)
}

func TestADoubleClickAsksSaferpayNothing(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	for i := range 24 {
		c.at(time.Hour+time.Duration(i)*40*time.Millisecond, func() { c.payNow("pay_n", payment.Card) })
	}
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, map[string]int{"open pay_1": 1, "assert pay_1": 1, "capture pay_1": 1, "book pay_1": 1}, c.calls)
}

func TestPayNowDoesNotWaitLongForASaferpayThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.asking = errUnclear
	var again *flowtest.Answer[contract.Checkout]
	var waited time.Duration
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour+time.Minute, func() {
		began := c.Now()
		again = c.payNow("pay_2", payment.TWINT)
		c.at(askPatience+time.Second, func() { waited = c.Now().Sub(began); assert.True(t, again.Answered) })
	})
	c.outcomes["pay_2"] = []steps.Outcome{notBegun}
	c.at(2*time.Hour, func() {
		c.asking = nil
		c.decide(exception.OutcomeUnclear, exception.DidNotHappen)
		c.cancel()
	})
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	require.NoError(t, again.Err)
	assert.Equal(t, "pay_2", again.Value.PaymentID)
	assert.Positive(t, waited)
}

func TestANotificationEndsThePauseAfterAStepThatFailed(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.asking = flowtest.ErrRefused
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+time.Minute, func() { c.asking = nil })
	c.at(2*time.Hour+2*time.Minute, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	start := c.Now()
	c.at(2*time.Hour+10*time.Minute, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.WithinDuration(t, start.Add(2*time.Hour+10*time.Minute), c.Now(), time.Minute, "not an hour later, and not on what a stranger can send")
}

func TestMoneyThatIsAuthorizedAfterAllIsGivenBackBeforeAPersonsWordEndsThePayment(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.asking = flowtest.ErrRefused
	c.authorizedAfterAll = map[string]bool{"pay_1": true}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+30*time.Minute, func() { c.decide(exception.OutcomeUnclear, exception.DidNotHappen) })
	c.at(4*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.Equal(t, []int{1, 0}, []int{c.calls["release pay_1 given_up"], c.calls["give up pay_1"]})
}

func TestOperatorsReadEachAttemptAtSaferpay(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.asking = errUnclear
	var read string
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+3*time.Minute, func() {
		value, err := c.QueryWorkflow("__temporal_workflow_metadata")
		require.NoError(t, err)
		var metadata sdkpb.WorkflowMetadata
		require.NoError(t, value.Get(&metadata))
		read = metadata.GetCurrentDetails()
		c.asking = nil
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Contains(t, read, "order `Q1` at Saferpay")
	assert.Contains(t, read, "asking Saferpay: attempt 7 of 9 failed")
	assert.Contains(t, read, "Saferpay does not answer")
}

func TestTryAgainWithoutAnArgumentMeansEveryPaymentOfTheInvoice(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.asking = flowtest.ErrRefused
	start := c.Now()
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+time.Minute, func() { c.asking = nil })
	c.at(2*time.Hour+5*time.Minute, func() { c.SignalWorkflow(contract.SignalTryAgain, nil) })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.WithinDuration(t, start.Add(2*time.Hour+5*time.Minute), c.Now(), time.Minute)
}
