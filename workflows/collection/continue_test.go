package collection

import (
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

// continues runs the workflow until it continues as new, and returns what the next run is told.
func (c *collecting) continues() Start {
	c.t.Helper()
	c.ExecuteWorkflow(contract.InvoicePaymentType, issued)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(c.t, c.GetWorkflowError(), &again)
	var in Start
	require.NoError(c.t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
	require.NotNil(c.t, in.Resume)
	return in
}

// goesOn runs the workflow that continues, to its end.
func (c *collecting) goesOn(in Start) Collected {
	c.t.Helper()
	c.ExecuteWorkflow(contract.InvoicePaymentType, in)
	require.NoError(c.t, c.GetWorkflowError())
	var out Collected
	require.NoError(c.t, c.GetWorkflowResult(&out))
	return out
}

// growsLong makes the history long and wakes the workflow.
func (c *collecting) growsLong() {
	c.SetContinueAsNewSuggested(true)
	c.hint(contract.SignalPayerReturned, "pay_unknown")
}

func TestMoneyThatCannotBeTakenIsStillTriedAfterALongHistory(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"], c.outcomes["pay_2"] = []steps.Outcome{authorized}, []steps.Outcome{authorized}
	c.failures = []error{flowtest.ErrRefused, flowtest.ErrRefused}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour, func() { c.payNow("pay_2", payment.TWINT) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_2") })
	c.at(2*time.Hour+10*time.Minute, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+30*time.Minute, c.growsLong)
	in := c.continues()
	require.Len(t, in.Resume.Attempts, 2)
	stuck := in.Resume.Attempts[0]
	assert.Equal(t, []string{"pay_2", "exc_capture_unclear", "decide"}, []string{stuck.PaymentID, stuck.Raised, string(stuck.Next)}, "whose money is being taken goes on first")

	next := collect(t).captures()
	next.SetStartTime(c.Now())
	assert.Equal(t, invoice.Paid, next.goesOn(in).Status)
	assert.Equal(t, map[string]int{
		"capture pay_2": 1, "resolve exc_capture_unclear cleared_up": 1, "book pay_2": 1, "release pay_1 invoice_already_paid": 1,
	}, next.calls, "Saferpay is not asked again what became of them, and the exception stays the same")
}

func TestWhatSomebodyMustSeeIsStillToBeSeenAfterALongHistory(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Authorized, Objection: payment.AmountMismatch}}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour, c.growsLong)
	in := c.continues()
	require.Len(t, in.Resume.Attempts, 1)
	assert.Equal(t, []any{"exc_answer_mismatch", toNotice, payment.Cancelled}, []any{in.Resume.Attempts[0].Raised, in.Resume.Attempts[0].Next, in.Resume.Attempts[0].Notice.End})

	next := collect(t)
	next.SetStartTime(c.Now())
	next.at(time.Hour, func() { next.cancel() })
	next.seen(2*time.Hour, exception.AnswerMismatch)
	next.attention = true // from the run before
	assert.Equal(t, invoice.Cancelled, next.goesOn(in).Status)
	assert.Equal(t, map[string]int{"resolve exc_answer_mismatch acknowledge": 1}, next.calls, "nothing is raised, or given back, a second time")
}

func TestParkedMoneyWaitsForAPersonAfterALongHistory(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().parks()
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(2*time.Hour, func() { c.receipt("rcp_1", "108.00") })
	c.at(3*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(4*time.Hour, func() {
		for range 50 { // junk
			c.hint(contract.SignalSaferpayNotified, "pay_1")
		}
	})
	c.at(5*time.Hour, c.growsLong)
	in := c.continues()

	next := collect(t)
	next.SetStartTime(c.Now())
	next.at(72*time.Hour, func() { next.decide(exception.DoublePayment, exception.Keep) })
	assert.Equal(t, invoice.Paid, next.goesOn(in).Status)
	assert.Equal(t, map[string]int{"resolve exc_double_payment keep": 1}, next.calls)
}

func TestLongHistoryContinuesWithThePagesThatAreOpen(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{declined}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour, func() { c.payNow("pay_2", payment.TWINT) })
	c.at(4*time.Hour, func() {
		c.SetContinueAsNewSuggested(true)
		c.hint(contract.SignalPayerReturned, "pay_1") // wakes the workflow
	})
	in := c.continues()
	assert.Equal(t, invoice.Open, in.Resume.InvoiceStatus)
	require.Len(t, in.Resume.Attempts, 1)
	assert.Equal(t, "pay_2", in.Resume.Attempts[0].PaymentID)

	next := collect(t).captures()
	next.SetStartTime(c.Now())
	next.outcomes["pay_2"] = []steps.Outcome{notBegun, authorized}
	var page *flowtest.Answer[contract.Checkout]
	next.at(time.Hour, func() { page = next.payNow("pay_3", payment.TWINT) })
	next.at(2*time.Hour, func() { next.hint(contract.SignalSaferpayNotified, "pay_2") })
	next.goesOn(in)
	assert.Equal(t, "pay_2", page.Value.PaymentID, "the page of the run before is still good")
	assert.Equal(t, map[string]int{"assert pay_2": 2, "capture pay_2": 1, "book pay_2": 1}, next.calls)
}
