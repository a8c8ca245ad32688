package collection

import (
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestPageOpenedWhileTheInvoiceIsCancelledIsFollowedAndShownToNobody(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.slow = time.Minute
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	var page *flowtest.Answer[contract.Checkout]
	c.at(time.Hour, func() { page = c.payNow("pay_1", payment.Card) })
	c.at(time.Hour+30*time.Second, func() { c.cancel() })
	c.at(time.Hour+5*time.Minute, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.Equal(t, problem.InvoiceCancelled, problem.CodeOf(page.Err))
	assert.Equal(t, 1, c.calls["release pay_1 invoice_cancelled"])
}

func TestCancelWaitsUntilTheInvoiceIsOpen(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.OnActivity(do.OpenInvoice, mock.Anything, mock.Anything).After(time.Minute).Return(activities.Standing{InvoiceStatus: invoice.Open, Due: c.due}, nil)
	var cancelled *flowtest.Answer[contract.Acknowledged]
	c.at(30*time.Second, func() { cancelled = c.cancel() })
	start := c.Now()
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	require.NoError(t, cancelled.Err)
	assert.WithinDuration(t, start.Add(time.Minute), c.Now(), time.Minute)
}

func TestMoneyThatTheProviderTookHoldsBackOtherMoney(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Captured, CaptureID: "c_1"}}
	c.outcomes["pay_2"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() {
		c.payNow("pay_1", payment.TWINT)
		c.payNow("pay_2", payment.Card)
	})
	c.unbookable = 500 // it takes a while to book what the provider took
	c.at(2*time.Hour, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
	c.at(2*time.Hour+time.Minute, func() { c.hint(contract.SignalSaferpayNotified, "pay_2") })
	c.at(2*time.Hour+2*time.Minute, func() {
		assert.Equal(t, []int{1, 0}, []int{c.calls["assert pay_2"], c.calls["capture pay_2"]})
		c.unbookable = 0
	})
	c.run()
	assert.Equal(t, []int{1, 0, 1}, []int{c.calls["book pay_1"], c.calls["capture pay_2"], c.calls["release pay_2 invoice_already_paid"]})
}

func TestPaymentOfTheLastMomentIsFoundWhenThePageIsDead(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"], c.late["pay_1"] = []steps.Outcome{notBegun}, true
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, map[string]int{"open pay_1": 1, "assert pay_1": 1, "look back pay_1": 1, "capture pay_1": 1, "book pay_1": 1}, c.calls)
}

func TestManyEarlyReturnsDontBlindUs(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	for range maxAsserts {
		c.outcomes["pay_1"] = append(c.outcomes["pay_1"], notBegun)
	}
	c.outcomes["pay_1"] = append(c.outcomes["pay_1"], authorized)
	start := c.Now()
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	for i := range maxAsserts {
		c.at(time.Duration(i+1)*time.Minute, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	}
	c.at(time.Hour, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.WithinDuration(t, start.Add(time.Hour), c.Now(), hintPause)
}

func TestStrangersCannotMakeUsAskWhatSaferpayRefusesToAnswer(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.asking = temporal.NewNonRetryableApplicationError("Saferpay answered PERMISSION_DENIED", activities.SaferpayRefused, nil)
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	for i := range 50 {
		c.at(time.Duration(i+1)*10*time.Second, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	}
	var second *flowtest.Answer[contract.Checkout]
	c.at(30*time.Minute, func() { second = c.payNow("pay_2", payment.Card) })
	c.at(2*time.Hour, func() {
		c.asking = nil
		c.outcomes["pay_1"], c.outcomes["pay_2"] = []steps.Outcome{declined}, []steps.Outcome{notBegun}
	})
	c.at(8*time.Hour, func() { c.cancel() })
	c.run()
	assert.LessOrEqual(t, c.calls["assert pay_1"], 4)
	assert.Equal(t, "pay_2", second.Value.PaymentID, "the page from which the payer came back is not handed out again")
}

func TestPaymentCancelledInTheBackofficeFreesTheInvoice(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.OnActivity(do.CapturePayment, mock.Anything, mock.Anything).Return(steps.Captured{Gone: true}, nil)
	var again *flowtest.Answer[contract.Checkout]
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.outcomes["pay_2"] = []steps.Outcome{notBegun}
	c.at(2*time.Hour, func() { again = c.payNow("pay_2", payment.Card) })
	c.at(3*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.Equal(t, "pay_2", again.Value.PaymentID)
	assert.Zero(t, c.calls["book pay_1"])
}

func TestManyHintsDontStopALongHistoryFromContinuing(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{notBegun}
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	for i := range maxAsserts + 2 {
		c.at(time.Duration(i+1)*time.Minute, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	}
	c.at(time.Hour, func() {
		c.SetContinueAsNewSuggested(true)
		c.hint(contract.SignalPayerReturned, "pay_unknown") // wakes the workflow
	})
	start := c.Now()
	c.ExecuteWorkflow(contract.InvoicePaymentType, issued)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, c.GetWorkflowError(), &again)
	assert.WithinDuration(t, start.Add(time.Hour), c.Now(), time.Minute)
}

func TestInvoiceCannotBePaidAgainWhileTheMoneyOfAnotherPaymentIsGivenBack(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Authorized, Objection: payment.NoLiabilityShift}}
	c.outcomes["pay_3"] = []steps.Outcome{authorized}
	var early *flowtest.Answer[contract.Checkout]
	c.slowRelease = time.Minute
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+30*time.Second, func() { early = c.payNow("pay_2", payment.TWINT) })
	c.at(3*time.Hour, func() { c.payNow("pay_3", payment.TWINT) })
	c.at(4*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_3") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(early.Err))
	assert.Equal(t, 1, c.calls["book pay_3"])
}
