package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

// receipts is what an invoice says of money that came by other means.
type receipts struct {
	Receipts []struct {
		ID, Amount, Account string
		VoidedAt            *time.Time `json:"voided_at"`
	}
}

func TestReceiptOnTheWrongInvoiceIsVoidedAndTheInvoiceIsPaidOnline(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	var receipt struct{ ID string }
	transfer := object{"amount": "108.00", "date": "2026-01-05", "account": "1020", "reference": "Statement 1"}
	c.call("POST", "/invoices/"+inv.ID+"/receipts", transfer).gives(201, &receipt)
	require.Equal(t, "paid", inv.now().Status)
	ended := operator(t, shared).GetWorkflow(t.Context(), contract.InvoicePaymentID(inv.ID), "")
	require.NoError(t, ended.Get(t.Context(), nil), "nothing waits for a paid invoice")
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-by-a-receipt")

	answers := make(chan answer, 2)
	for range 2 {
		go func() {
			answers <- c.call("POST", "/receipts/"+receipt.ID+"/void", object{"reason": "Another customer's money"})
		}()
	}
	for range 2 {
		(<-answers).gives(200, nil)
	}
	open := inv.now()
	assert.Equal(t, []string{"open", "0.00", "108.00"}, []string{open.Status, open.AmountPaid, open.AmountDue})
	var shown receipts
	c.call("GET", "/invoices/"+inv.ID, nil).gives(200, &shown)
	require.Len(t, shown.Receipts, 1)
	assert.NotNil(t, shown.Receipts[0].VoidedAt)
	var journal struct {
		Data []struct {
			Source struct{ Kind string }
		}
	}
	c.call("GET", "/journal?source=reversal", nil).gives(200, &journal)
	assert.Len(t, journal.Data, 1, "two voids at once are one")

	inv.payNow("card").pay(visa)
	online := inv.becomes("paid")
	assert.Equal(t, []string{"108.00", "0.00"}, []string{online.AmountPaid, online.AmountDue})
	c.call("POST", "/receipts/"+online.Payments[0].ID+"/void", object{"reason": "no"}).gives(409, nil)
	assert.Contains(t, c.eventTypes(), "invoice.receipt_voided")
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-whose-receipt-was-voided-then-paid")
}

func TestInvoiceWhoseOnlyReceiptWasAMistakeCanBeCancelled(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	var receipt struct{ ID string }
	c.call("POST", "/invoices/"+inv.ID+"/receipts", object{"amount": "108.00", "date": "2026-01-05", "account": "1020"}).gives(201, &receipt)
	require.NoError(t, operator(t, shared).GetWorkflow(t.Context(), contract.InvoicePaymentID(inv.ID), "").Get(t.Context(), nil))
	c.call("POST", "/invoices/"+inv.ID+"/cancel", nil).isProblem(409, "invoice-paid")
	c.call("POST", "/receipts/"+receipt.ID+"/void", object{"reason": "Another customer's money"}).gives(200, nil)
	inv.cancel()
	assert.Equal(t, []string{"cancelled", "0.00"}, []string{inv.now().Status, inv.now().AmountPaid})
	assert.Len(t, c.journal(inv), 2, "the receipt, and what takes it back")
}
