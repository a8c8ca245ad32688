package collection

import (
	"context"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

// voids lets the only receipt of the invoice, over all of it, be taken back.
func (c *collecting) voids() *collecting {
	c.OnActivity(do.VoidReceipt, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.VoidedReceipt) (activities.Standing, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["void "+in.ReceiptID]++
		c.due = money.MustParse("108.00", money.CHF)
		return activities.Standing{InvoiceStatus: invoice.Open, Due: c.due}, nil
	})
	return c
}

func (c *collecting) void(receiptID string) *flowtest.Answer[contract.Acknowledged] {
	return update[contract.Acknowledged](c, contract.UpdateVoidReceipt, "", contract.VoidReceipt{ReceiptID: receiptID, Reason: "a mistake"})
}

// takesUp has the workflow of a paid invoice begin again.
func (c *collecting) takesUp() *collecting {
	c.OnActivity(do.TakeUpInvoice, mock.Anything, mock.Anything).Return(steps.LeftBehind{
		Standing: activities.Standing{InvoiceStatus: invoice.Paid, Due: money.Zero(money.CHF)},
	}, nil)
	return c
}

func TestPaidInvoiceWhoseReceiptIsVoidedIsCollectedAgain(t *testing.T) {
	t.Parallel()
	c := collect(t).takesUp().voids().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	var void *flowtest.Answer[contract.Acknowledged]
	var page *flowtest.Answer[contract.Checkout]
	c.at(0, func() { void = c.void("rcp_1") })
	c.at(time.Hour, func() { page = c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.runFrom(contract.TakenUp("cmp_1", "inv_1")).Status)
	require.NoError(t, void.Err)
	require.NoError(t, page.Err)
	assert.Equal(t, map[string]int{"void rcp_1": 1, "open pay_1": 1, "assert pay_1": 1, "capture pay_1": 1, "book pay_1": 1}, c.calls)
}

func TestInvoiceWhoseReceiptIsVoidedCanBeCancelled(t *testing.T) {
	t.Parallel()
	c := collect(t).takesUp().voids()
	var cancelled *flowtest.Answer[contract.Acknowledged]
	c.at(0, func() { c.void("rcp_1") })
	c.at(time.Hour, func() { cancelled = c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.runFrom(contract.TakenUp("cmp_1", "inv_1")).Status)
	require.NoError(t, cancelled.Err)
}

// loses lets a dispute of all that was paid online be lost.
func (c *collecting) loses() *collecting {
	c.OnActivity(do.LoseDispute, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.LostDispute) (activities.Standing, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["lose "+in.DisputeID]++
		c.due = money.MustParse("108.00", money.CHF)
		return activities.Standing{InvoiceStatus: invoice.Open, Due: c.due}, nil
	})
	return c
}

func (c *collecting) lose(disputeID string) *flowtest.Answer[contract.Acknowledged] {
	return update[contract.Acknowledged](c, contract.UpdateLoseDispute, "", contract.LoseDispute{DisputeID: disputeID, On: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)})
}

func TestPaidInvoiceWhoseDisputeIsLostIsCollectedAgain(t *testing.T) {
	t.Parallel()
	c := collect(t).takesUp().loses().captures()
	c.outcomes["pay_2"] = []steps.Outcome{authorized}
	var lost *flowtest.Answer[contract.Acknowledged]
	var page *flowtest.Answer[contract.Checkout]
	c.at(0, func() { lost = c.lose("dsp_1") })
	c.at(time.Hour, func() { page = c.payNow("pay_2", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_2") })
	assert.Equal(t, invoice.Paid, c.runFrom(contract.TakenUp("cmp_1", "inv_1")).Status)
	require.NoError(t, lost.Err)
	require.NoError(t, page.Err)
	assert.Equal(t, map[string]int{"lose dsp_1": 1, "open pay_2": 1, "assert pay_2": 1, "capture pay_2": 1, "book pay_2": 1}, c.calls)
}

func TestRefusedLossOfADisputeLeavesThePaidInvoiceAtItsEnd(t *testing.T) {
	t.Parallel()
	c := collect(t).takesUp()
	c.OnActivity(do.LoseDispute, mock.Anything, mock.Anything).Return(activities.Standing{}, contract.Refuse(problem.New(problem.DisputeDecided, "won")))
	var lost *flowtest.Answer[contract.Acknowledged]
	c.at(0, func() { lost = c.lose("dsp_1") })
	assert.Equal(t, invoice.Paid, c.runFrom(contract.TakenUp("cmp_1", "inv_1")).Status)
	assert.Equal(t, problem.DisputeDecided, problem.CodeOf(lost.Err))
}

func TestRefusedVoidLeavesThePaidInvoiceAtItsEnd(t *testing.T) {
	t.Parallel()
	c := collect(t).takesUp()
	c.OnActivity(do.VoidReceipt, mock.Anything, mock.Anything).Return(activities.Standing{}, contract.Refuse(problem.New(problem.PeriodClosed, "closed")))
	var void *flowtest.Answer[contract.Acknowledged]
	c.at(0, func() { void = c.void("rcp_1") })
	assert.Equal(t, invoice.Paid, c.runFrom(contract.TakenUp("cmp_1", "inv_1")).Status)
	assert.Equal(t, problem.PeriodClosed, problem.CodeOf(void.Err))
}

func TestMoneyThatIsBeingTakenComesBeforeTheVoid(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().voids()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.OnActivity(do.CapturePayment, mock.Anything, mock.Anything).After(time.Minute).Return(steps.Captured{CaptureID: "c"}, nil)
	var void *flowtest.Answer[contract.Acknowledged]
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+30*time.Second, func() { void = c.void("rcp_1") })
	c.at(2*time.Hour+50*time.Second, func() { assert.False(t, void.Answered) })
	c.at(3*time.Hour, func() { c.cancel() })
	c.run()
	require.NoError(t, void.Err)
	assert.Equal(t, 1, c.calls["book pay_1"])
}
