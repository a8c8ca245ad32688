package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

// timeline returns why the invoice is paid, and what happened to it.
func (w *world) timeline(invoiceID string) (shown map[string]any, reasons, steps []map[string]any) {
	w.Helper()
	shown = w.call("GET", "/invoices/"+invoiceID+"/timeline", w.key, nil).json(http.StatusOK)
	for _, reason := range shown["reasons"].([]any) {
		reasons = append(reasons, reason.(map[string]any))
	}
	for _, step := range shown["steps"].([]any) {
		steps = append(steps, step.(map[string]any))
	}
	return shown, reasons, steps
}

// step returns the only step of that name.
func step(t *testing.T, steps []map[string]any, what string) map[string]any {
	t.Helper()
	var found []map[string]any
	for _, s := range steps {
		if s["what"] == what {
			found = append(found, s)
		}
	}
	require.Len(t, found, 1, what)
	return found[0]
}

func TestInvoiceSaysWhyItIsPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.newInvoice(invoice.Draft, payableBy(w.newService(merchant.Active)))
	w.call("POST", "/invoices/"+draft.ID+"/issue", w.key, nil).json(http.StatusOK)
	_, reasons, _ := w.timeline(draft.ID)
	assert.Empty(t, reasons)

	w.call("POST", "/invoices/"+draft.ID+"/receipts", w.key, newReceipt(`"amount":"34.50"`, `"reference":"UBS"`)).json(http.StatusCreated)
	var inv invoice.Invoice
	w.in(w.company.ID, func(tx *postgres.Tx) (err error) {
		inv, err = tx.Invoice(t.Context(), draft.ID)
		return err
	})
	declined := w.newPayment(inv, payment.Redirected, payment.Failed)
	p := w.newPayment(inv, payment.Redirected, payment.Authorized)
	p.TransactionID, p.CaptureID, p.PaymentMeans = "723n4MAjMdhjSAhAKEUdA8jtl9jb", "723n4MAjMdhjSAhAKEUdA8jtl9jb_c", "9010 xxxx xxxx 0001"
	w.move(&p, payment.Captured)
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		_, err := tx.Append(t.Context(), ledger.Receipt(occasion(inv, p.ID, p.Amount, noon), ledger.SystemBank, ledger.Receivables))
		return err
	})
	w.settle(inv)
	w.call("POST", "/refunds/"+w.newRefund(p, "100.00").ID+"/record", w.key, nil).json(http.StatusOK)
	unclear := w.raise(exception.CaptureUnclear, p.ID)
	w.call("POST", "/exceptions/"+unclear.ID+"/resolve", w.key, `{"choice":"it_did_not","note":"Nothing there."}`).json(http.StatusOK)

	shown, reasons, steps := w.timeline(inv.ID)
	assert.Equal(t, "paid", shown["status"])
	require.Len(t, reasons, 3)
	byTransfer, online, back := reasons[0], reasons[1], reasons[2]
	assert.Equal(t, "34.50", byTransfer["amount"])
	assert.Equal(t, "1020", byTransfer["account"])
	assert.Equal(t, w.keyID, byTransfer["by"], "who entered it")
	assert.Equal(t, "1200.00", online["amount"])
	assert.Equal(t, "1029", online["account"])
	assert.Equal(t, "9010 xxxx xxxx 0001", online["payment_means"])
	assert.Equal(t, map[string]any{"order_id": p.OrderID, "transaction_id": p.TransactionID, "capture_id": p.CaptureID}, online["saferpay"])
	assert.NotContains(t, online, "by")
	assert.Equal(t, "-100.00", back["amount"])
	assert.Equal(t, online["entry_id"], w.call("GET", "/journal?payment_id="+p.ID, w.key, nil).json(http.StatusOK)["data"].([]any)[0].(map[string]any)["id"])

	for i := 1; i < len(steps); i++ {
		assert.LessOrEqual(t, steps[i-1]["at"], steps[i]["at"], "oldest first")
	}
	assert.Equal(t, declined.ID, step(t, steps, "payment.failed")["payment_id"])
	step(t, steps, "invoice.paid")
	assert.Equal(t, "saferpay", step(t, steps, "payment.authorized")["by"])
	assert.Equal(t, "quittance", step(t, steps, "payment.captured")["by"])
	assert.Equal(t, w.keyID, step(t, steps, "exception.resolved")["by"])
	assert.Equal(t, "it_did_not: Nothing there.", step(t, steps, "exception.resolved")["text"])
	assert.NotEmpty(t, step(t, steps, "refund.recorded")["refund_id"])
	var calls []any
	for _, s := range steps {
		if s["what"] == "call" {
			assert.Equal(t, w.keyID, s["by"])
			calls = append(calls, s["text"])
		}
	}
	assert.ElementsMatch(t, []any{
		"POST /invoices/{invoice_id}/issue", "POST /invoices/{invoice_id}/receipts", "POST /refunds/{refund_id}/record",
	}, calls)
}
