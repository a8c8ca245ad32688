package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/problem"
)

func TestReceiptByOtherMeansPaysAnInvoicePartByPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	path := "/invoices/" + inv.ID + "/receipts"

	first := w.call("POST", path, w.key, newReceipt(`"amount":"34.5"`, `"reference":"Statement 47"`)).json(http.StatusCreated)
	assert.Regexp(t, `^rcp_[0-9a-z]{26}$`, first["id"])
	assert.Equal(t, inv.ID, first["invoice_id"])
	assert.Equal(t, []any{"34.50", "CHF", "2026-11-20", "1020", "Statement 47"},
		[]any{first["amount"], first["currency"], first["date"], first["account"], first["reference"]})
	shown := first["invoice"].(map[string]any)
	assert.Equal(t, []any{"partially_paid", "34.50", "1200.00"}, []any{shown["status"], shown["amount_paid"], shown["amount_due"]})

	refused := w.call("POST", path, w.key, newReceipt(`"amount":"1200.01"`))
	refused.problem(http.StatusUnprocessableEntity, "receipt-exceeds-invoice")
	assert.Contains(t, refused.Body.String(), "CHF 1200.00 is due")

	last := w.call("POST", path, w.key, newReceipt(`"amount":"1200.00"`, `"date":"2026-11-22"`)).json(http.StatusCreated)
	assert.Equal(t, "paid", last["invoice"].(map[string]any)["status"])
	assert.Empty(t, last["reference"])
	assert.Equal(t, []string{"record receipt " + inv.ID, "record receipt " + inv.ID}, w.commands.seen())

	entries := w.call("GET", "/journal?source=receipt&account=1020", w.key, nil).json(http.StatusOK)["data"].([]any)
	assert.Len(t, entries, 2)
	entry := entries[0].(map[string]any)
	assert.Equal(t, map[string]any{"kind": "receipt", "id": first["id"]}, entry["source"])
	assert.Equal(t, "2026-11-20", entry["date"])
	assert.Contains(t, entry["text"], "Statement 47")
}

func TestReceiptIsTakenOnlyForAnInvoiceThatCanBePaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for status, want := range map[invoice.Status]string{
		invoice.Draft: "invoice-not-open", invoice.Paid: "invoice-paid", invoice.Cancelled: "invoice-cancelled",
	} {
		w.call("POST", "/invoices/"+w.newInvoice(status).ID+"/receipts", w.key, newReceipt()).problem(http.StatusConflict, want)
	}
	assert.Empty(t, w.commands.seen())

	open := w.newInvoice(invoice.Open)
	w.commands.err = problem.New(problem.InvoicePaid, "The invoice has just been paid online.")
	w.call("POST", "/invoices/"+open.ID+"/receipts", w.key, newReceipt()).problem(http.StatusConflict, "invoice-paid")
}

func TestReceiptOfTodayIsOneOfTheSwissDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	options := w.options()
	options.Now = func() time.Time { return time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC) } // 00:30 in Zurich
	w.handler = api.New(options)
	path := "/invoices/" + w.newInvoice(invoice.Open).ID + "/receipts"
	w.call("POST", path, w.key, newReceipt(`"date":"2026-11-23"`)).json(http.StatusCreated)
	refused := w.call("POST", path, w.key, newReceipt(`"date":"2026-11-24"`))
	assert.Equal(t, []string{"date"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
}
