package collection

import (
	"context"
	"slices"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// reminders is the record of an invoice that is overdue, and its mail server.
type reminders struct {
	*collecting
	queued, ended []int
	outcomes      map[int]activities.Sent
	send          func() error
}

func (c *collecting) reminds() *reminders {
	r := &reminders{collecting: c, outcomes: map[int]activities.Sent{}, send: func() error { return nil }}
	c.SetWorkflowRunTimeout(365 * 24 * time.Hour) // else no activity is retried for longer than the test may last
	c.OnActivity(do.QueueReminder, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.DueReminder) (steps.EmailStanding, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !slices.Contains(r.queued, in.Step) {
			r.queued = append(r.queued, in.Step)
		}
		return steps.EmailStanding{Queued: !slices.Contains(r.ended, in.Step)}, nil
	}).Maybe()
	c.OnActivity(do.SendReminder, mock.Anything, mock.Anything).Return(func(_ context.Context, _ steps.ReminderRef) (activities.Sent, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["remind"]++
		return activities.Sent{}, r.send()
	}).Maybe()
	c.OnActivity(do.RecordReminder, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.EndedReminder) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		r.ended, r.outcomes[in.Step] = append(r.ended, in.Step), in.Sent
		return nil
	}).Maybe()
	return r
}

// due signals that the time of that step has come.
func (r *reminders) due(step int) {
	r.SignalWorkflow(contract.SignalRemind, contract.Remind{Step: step, DaysAfterDue: 10 * step})
}

const day = 24 * time.Hour

func TestReminderThatIsSignalledTwiceIsSentOnce(t *testing.T) {
	t.Parallel()
	r := collect(t).opens().reminds()
	r.at(40*day, func() {
		r.due(1)
		r.due(1) // by another worker
	})
	r.at(40*day+time.Hour, func() { r.due(1) })
	r.at(55*day, func() { r.due(2) })
	r.at(60*day, func() { r.receipt("rcp_1", "108.00") })
	assert.Equal(t, invoice.Paid, r.run().Status)
	assert.Equal(t, 2, r.calls["remind"])
	assert.Equal(t, []int{1, 2}, r.ended)
}

func TestPaidInvoiceIsNotRemindedAlthoughTheSignalWasLate(t *testing.T) {
	t.Parallel()
	r := collect(t).opens().reminds()
	r.outcomesOf("pay_1", notBegun)
	r.at(time.Minute, func() { r.payNow("pay_1", payment.Card) }) // keeps the workflow open
	r.at(time.Hour, func() { r.receipt("rcp_1", "108.00") })
	r.at(2*time.Hour, func() { r.due(1) })
	r.run()
	assert.Empty(t, r.queued)
}

func (r *reminders) outcomesOf(paymentID string, outcomes ...steps.Outcome) {
	r.collecting.outcomes[paymentID] = outcomes
}

func TestReminderWaitsForAPaymentThatIsNotDecided(t *testing.T) {
	t.Parallel()
	r := collect(t).opens().reminds()
	pending := steps.Outcome{State: payment.Pending}
	r.outcomesOf("pay_1", pending, declined)
	r.at(time.Hour, func() { r.payNow("pay_1", payment.Card) })
	r.at(2*time.Hour, func() { r.hint(contract.SignalPayerReturned, "pay_1") })
	r.at(2*time.Hour+time.Minute, func() { r.due(1) })
	r.at(2*time.Hour+2*time.Minute, func() { assert.Empty(t, r.queued) })
	r.at(3*time.Hour, func() { r.hint(contract.SignalSaferpayNotified, "pay_1") })
	r.at(4*time.Hour, func() { r.due(1) })
	r.at(5*time.Hour, func() { r.cancel() })
	r.run()
	assert.Equal(t, []int{1}, r.ended)
}

func TestReminderThatNoMailServerTakesForThreeDaysHasFailed(t *testing.T) {
	t.Parallel()
	r := collect(t).opens().reminds()
	later := temporal.ApplicationErrorOptions{NextRetryDelay: 14 * time.Hour} // the test environment makes ten attempts at most
	r.send = func() error { return temporal.NewApplicationErrorWithOptions("connection refused", "", later) }
	r.at(40*day, func() { r.due(1) })
	r.at(40*day+time.Hour, func() {
		r.due(1)
		assert.Empty(t, r.ended)
	})
	r.at(41*day, func() { r.receipt("rcp_1", "108.00") })
	assert.Equal(t, invoice.Paid, r.run().Status)
	assert.Equal(t, map[int]activities.Sent{1: {Failed: flow.LateMail}}, r.outcomes, "once, and the workflow of the paid invoice waited for it")
}

func TestWorkflowThatTakesUpAnInvoiceSendsTheReminderThatWasLeft(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.OnActivity(do.TakeUpInvoice, mock.Anything, mock.Anything).Return(steps.LeftBehind{
		Standing: activities.Standing{InvoiceStatus: invoice.PartiallyPaid, Due: c.due}, Reminder: 2,
	}, nil)
	r := c.reminds()
	r.at(0, func() { r.due(2) }) // with which it was started
	r.at(time.Hour, func() { r.receipt("rcp_1", "108.00") })
	r.runFrom(contract.TakenUp("cmp_1", "inv_1"))
	assert.Equal(t, []int{1, 1}, []int{r.calls["remind"], len(r.ended)})
}

func TestStoppedReminderIsNotSent(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.OnActivity(do.QueueReminder, mock.Anything, mock.Anything).Return(steps.EmailStanding{}, nil)
	c.at(40*day, func() { c.SignalWorkflow(contract.SignalRemind, contract.Remind{Step: 1, DaysAfterDue: 10}) })
	c.at(41*day, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.Zero(t, c.calls["remind"])
}
