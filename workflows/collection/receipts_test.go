package collection

import (
	"context"
	"errors"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"
	payermailsteps "github.com/quittance/quittance/activities/payermail"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/workflows/contract"
)

var receipts *payermailsteps.Activities

// mailsReceipts has the booking of pay_1 queue a receipt, which the mail server answers as told; ended is what was recorded of it.
func (c *collecting) mailsReceipts(send func() (activities.Sent, error)) (ended map[string]activities.Sent) {
	ended = map[string]activities.Sent{}
	c.SetWorkflowRunTimeout(365 * 24 * time.Hour) // else no activity is retried for longer than the test may last
	c.RegisterActivity(&payermailsteps.Activities{})
	c.booked["pay_1"] = steps.Booked{Standing: activities.Standing{InvoiceStatus: invoice.Paid, Due: money.Zero(money.CHF)}, MailQueued: true}
	c.OnActivity(receipts.SendPayerMail, mock.Anything, mock.Anything).Return(func(_ context.Context, in payermailsteps.Ref) (activities.Sent, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["mail "+in.Subject()]++
		return send()
	})
	c.OnActivity(receipts.RecordPayerMail, mock.Anything, mock.Anything).Return(func(_ context.Context, in payermailsteps.Ended) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		ended[in.Subject()] = in.Sent
		return nil
	})
	return ended
}

func TestInvoiceIsPaidAlthoughTheReceiptOfItsPaymentIsRefused(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	ended := c.mailsReceipts(func() (activities.Sent, error) { return activities.Sent{Failed: "550 no such mailbox."}, nil })
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() {
		c.hint(contract.SignalPayerReturned, "pay_1")
		c.hint(contract.SignalSaferpayNotified, "pay_1")
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, map[string]activities.Sent{"pay_1": {Failed: "550 no such mailbox."}}, ended)
	assert.Equal(t, []int{1, 1}, []int{c.calls["book pay_1"], c.calls["mail pay_1"]})
}

func TestInvoiceIsPaidAtOnceAndItsWorkflowEndsOnceTheReceiptIsSent(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	takes := c.Now().Add(3 * time.Hour)
	ended := c.mailsReceipts(func() (activities.Sent, error) {
		if c.Now().Before(takes) {
			return activities.Sent{}, errors.New("connection refused")
		}
		return activities.Sent{}, nil
	})
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour+50*time.Minute, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+55*time.Minute, func() {
		assert.Equal(t, []int{1, 0}, []int{c.calls["book pay_1"], len(ended)}, "the booking does not wait")
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, map[string]activities.Sent{"pay_1": {}}, ended)
	assert.False(t, c.Now().Before(takes))
}

func TestWorkflowThatTakesUpAnInvoiceMailsTheReceiptThatWasLeft(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.OnActivity(do.TakeUpInvoice, mock.Anything, mock.Anything).Return(steps.LeftBehind{
		Standing: activities.Standing{InvoiceStatus: invoice.PartiallyPaid, Due: c.due}, Receipts: []string{"pay_1"},
	}, nil)
	ended := c.mailsReceipts(func() (activities.Sent, error) { return activities.Sent{}, nil })
	c.at(time.Hour, func() { c.receipt("rcp_1", "108.00") })
	c.runFrom(contract.TakenUp("cmp_1", "inv_1"))
	assert.Equal(t, map[string]activities.Sent{"pay_1": {}}, ended)
}
