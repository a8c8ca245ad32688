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
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

// hearsOfTheBank lets a bank's file tell that all of the invoice is paid.
func (c *collecting) hearsOfTheBank() *collecting {
	c.OnActivity(do.BookBankReceipt, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.BankReceipt) (activities.Standing, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["bank "+in.ReceiptID]++
		c.due = money.Zero(money.CHF)
		return activities.Standing{InvoiceStatus: invoice.Paid, Due: c.due}, nil
	})
	return c
}

func (c *collecting) bankReceipt(receiptID string) *flowtest.Answer[contract.Acknowledged] {
	return update[contract.Acknowledged](c, contract.UpdateBankReceipt, "", contract.BookBankReceipt{ReceiptID: receiptID})
}

func TestPayerOnThePageIsReleasedWhenTheBankTellsOfTheMoney(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().hearsOfTheBank()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	var told *flowtest.Answer[contract.Acknowledged]
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { told = c.bankReceipt("rcp_1") })
	c.at(3*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	require.NoError(t, told.Err)
	assert.Equal(t, 1, c.calls["bank rcp_1"])
	assert.Equal(t, 1, c.calls["release pay_1 invoice_already_paid"])
	assert.Zero(t, c.calls["capture pay_1"])
}

func TestInvoiceThatIsPaidTakesWhatTheBankTells(t *testing.T) {
	t.Parallel()
	c := collect(t).takesUp().hearsOfTheBank()
	var told *flowtest.Answer[contract.Acknowledged]
	c.at(0, func() { told = c.bankReceipt("rcp_1") })
	assert.Equal(t, invoice.Paid, c.runFrom(contract.TakenUp("cmp_1", "inv_1")).Status)
	require.NoError(t, told.Err)
	assert.Equal(t, map[string]int{"bank rcp_1": 1}, c.calls)
}
