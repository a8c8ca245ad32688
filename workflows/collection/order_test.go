package collection

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestPayerIsAnsweredOnlyOnceTheRecordSaysThatNobodyGotThePage(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.refusals["pay_1"] = flowtest.ErrRefused
	c.OnActivity(do.AbandonPage, mock.Anything, mock.Anything).After(time.Minute).Return(nil)
	var page *flowtest.Answer[contract.Checkout]
	c.at(time.Hour, func() { page = c.payNow("pay_1", payment.Card) })
	c.at(time.Hour+30*time.Second, func() { assert.False(t, page.Answered) })
	c.at(2*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	require.Error(t, page.Err)
}

func TestAPageThatIsJustBeingOpenedIsNotTakenForAnUnknownOne(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.slow = time.Minute
	c.outcomes["pay_1"] = []steps.Outcome{notBegun}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour+30*time.Second, func() { c.hint(contract.SignalSaferpayNotified, "pay_unknown") })
	c.at(time.Hour+45*time.Second, func() { assert.Zero(t, c.calls["look up"]) })
	c.at(time.Hour+2*time.Minute, func() {
		assert.Equal(t, 1, c.calls["look up"])
		c.cancel()
	})
	assert.Equal(t, invoice.Cancelled, c.run().Status)
}

func TestAPageThatWasPaidWhileAnotherWasOpenedIsFoundBeforeAThirdIs(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"], c.outcomes["pay_2"] = []steps.Outcome{notBegun, authorized}, []steps.Outcome{notBegun}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour+time.Minute, func() {
		c.slow = time.Minute
		c.payNow("pay_2", payment.TWINT)
	})
	var third *flowtest.Answer[contract.Checkout]
	c.at(time.Hour+time.Minute+5*time.Second, func() {
		third = update[contract.Checkout](c, contract.UpdatePayNow, "pay_3", contract.PayNow{PaymentID: "pay_3", OrderID: "Q3", NotificationSecret: "s", Method: payment.Card, Language: "de"})
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Contains(t, []problem.Code{problem.InvoicePaid, problem.PaymentInProgress}, problem.CodeOf(third.Err))
	assert.Zero(t, c.calls["open pay_3"])
}

func TestAPauseAfterManyHintsComesBeforeTheTimerOfTheNextLook(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	for range maxAsserts - 1 {
		c.outcomes["pay_1"] = append(c.outcomes["pay_1"], notBegun)
	}
	c.outcomes["pay_1"] = append(c.outcomes["pay_1"], steps.Outcome{State: payment.Pending}, authorized)
	var timers []time.Duration
	c.SetOnTimerScheduledListener(func(_ string, d time.Duration) { timers = append(timers, d.Round(time.Minute)) })
	c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
	for i := range maxAsserts {
		c.at(time.Duration(i+1)*time.Minute, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	}
	assert.Equal(t, invoice.Paid, c.run().Status)
	pauses := slices.DeleteFunc(timers, func(d time.Duration) bool { return d != hintPause })
	assert.Len(t, pauses, 1, "the next look is due when the pause is over, and no timer is set for it before: %v", timers)
}

func TestASignalOfTheLastMomentIsNotLeftBehindByALongHistory(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() {
		c.SignalWorkflowSkippingWorkflowTask(contract.SignalPayerReturned, contract.PaymentHint{PaymentID: "pay_1"})
	})
	c.at(2*time.Hour+time.Second, func() { c.SetContinueAsNewSuggested(true) }) // both meet in one task
	assert.Equal(t, invoice.Paid, c.run().Status)
}

func TestAReminderWaitsUntilTheInvoiceIsTakenUp(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.OnActivity(do.TakeUpInvoice, mock.Anything, mock.Anything).After(time.Minute).Return(steps.LeftBehind{
		Standing: activities.Standing{InvoiceStatus: invoice.Open, Due: c.due},
	}, nil)
	r := c.reminds()
	r.at(time.Second, func() { r.due(1) })
	r.at(time.Hour, func() { r.receipt("rcp_1", "108.00") })
	r.runFrom(contract.TakenUp("cmp_1", "inv_1"))
	assert.Equal(t, []int{1}, r.ended)
}

func TestMailsThatWereLeftAreSentInTheirOrder(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.OnActivity(do.TakeUpInvoice, mock.Anything, mock.Anything).Return(steps.LeftBehind{
		Standing: activities.Standing{InvoiceStatus: invoice.PartiallyPaid, Due: c.due}, EmailID: "eml_1", Receipts: []string{"pay_1"}, Reminder: 2,
	}, nil)
	sent := map[string]string{}
	c.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if strings.HasPrefix(info.ActivityType.Name, "Send") {
			sent[info.ActivityID] = info.ActivityType.Name // its number, by when it was scheduled
		}
	})
	c.mails(func(string) (activities.Sent, error) { return activities.Sent{}, nil })
	c.mailsReceipts(func() (activities.Sent, error) { return activities.Sent{}, nil })
	r := c.reminds()
	c.at(time.Hour, func() { c.receipt("rcp_1", "108.00") })
	c.runFrom(contract.TakenUp("cmp_1", "inv_1"))
	assert.Equal(t, []int{2}, r.ended)
	assert.Equal(t, []string{"SendInvoice", "SendPayerMail", "SendReminder"}, slices.Collect(func(yield func(string) bool) {
		for _, id := range slices.Sorted(maps.Keys(sent)) {
			yield(sent[id])
		}
	}))
}

func TestOtherMoneyThatWasTakenBeforeItCouldBeGivenBackIsPutBeforeAPerson(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Authorized, Objection: payment.AmountMismatch}}
	c.released["pay_1"] = steps.Released{Taken: true, CaptureID: "c_1"}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, []int{1, 1}, []int{c.calls["raise pay_1 "+string(exception.AnswerMismatch)], c.calls["book pay_1"]})
}
