package api_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
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

// received books money that came for the invoice by bank, as the worker does, and returns the receipt's id.
func (w *world) received(inv invoice.Invoice, francs string) string {
	w.Helper()
	receipt := booking.OtherReceipt{
		ID: id.New(id.Receipt), InvoiceID: inv.ID, Amount: money.MustParse(francs, money.CHF), Day: day("2026-11-20"), Account: "1020", Reference: "UBS: 47",
	}
	w.in(inv.CompanyID, func(tx *postgres.Tx) error {
		_, err := booking.Receipt(w.Context(), tx, receipt, noon)
		return err
	})
	return receipt.ID
}

func TestMistakenReceiptIsVoidedAndTheInvoiceGoesBackToWhatTheOthersSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	right, wrong := w.received(inv, "34.50"), w.received(inv, "1200.00")
	shown := w.call("GET", "/invoices/"+inv.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{"paid", "0.00"}, []any{shown["status"], shown["refunded"]})
	assert.Equal(t, []any{
		map[string]any{"id": right, "amount": "34.50", "date": "2026-11-20", "account": "1020", "reference": "UBS: 47"},
		map[string]any{"id": wrong, "amount": "1200.00", "date": "2026-11-20", "account": "1020", "reference": "UBS: 47"},
	}, shown["receipts"])

	void := w.call("POST", "/receipts/"+wrong+"/void", w.key, `{"reason":"Meant for 2026-0043"}`).json(http.StatusOK)
	assert.Equal(t, []any{wrong, inv.ID, "1200.00", "CHF", "1020", "UBS: 47"},
		[]any{void["id"], void["invoice_id"], void["amount"], void["currency"], void["account"], void["reference"]})
	assert.NotEmpty(t, void["voided_at"])
	now := void["invoice"].(map[string]any)
	assert.Equal(t, []any{"partially_paid", "34.50", "1200.00"}, []any{now["status"], now["amount_paid"], now["amount_due"]})
	assert.NotContains(t, now, "paid_at")
	assert.Equal(t, void["voided_at"], now["receipts"].([]any)[1].(map[string]any)["voided_at"])
	listed := w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(map[string]any)
	assert.Equal(t, now["receipts"], listed["receipts"])

	w.call("POST", "/receipts/"+wrong+"/void", w.key, `{"reason":"Again"}`).json(http.StatusOK)
	w.call("POST", "/receipts/"+right+"/void", w.key, `{"reason":"Also wrong"}`).json(http.StatusOK)
	assert.Equal(t, []string{"void " + wrong, "void " + right}, w.commands.seen(), "what is voided is not voided again")
	shown = w.call("GET", "/invoices/"+inv.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{"open", "0.00", "1234.50"}, []any{shown["status"], shown["amount_paid"], shown["amount_due"]})

	reversals := w.call("GET", "/journal?source=reversal&invoice_id="+inv.ID, w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, reversals, 2)
	assert.Contains(t, reversals[0].(map[string]any)["text"], "UBS: 47: Meant for 2026-0043")
	assert.Equal(t, w.keyID, reversals[0].(map[string]any)["by"])
	_, reasons, steps := w.timeline(inv.ID)
	assert.Len(t, reasons, 4)
	assert.True(t, slices.ContainsFunc(steps, func(s map[string]any) bool {
		return s["what"] == "call" && s["text"] == "POST /receipts/{receipt_id}/void"
	}))
	told := w.call("GET", "/events?type=invoice.receipt_voided", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, told, 2)
	assert.Equal(t, wrong, told[1].(map[string]any)["data"].(map[string]any)["receipt_id"])
}

func TestReceiptThatCannotBeVoidedSaysWhyNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	online := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active))))
	refused := w.call("POST", "/receipts/"+online.ID+"/void", w.key, `{"reason":"x"}`)
	refused.problem(http.StatusConflict, "refund-instead")
	assert.Contains(t, refused.Body.String(), "/v1/payments/"+online.ID+"/refunds")
	for _, unknown := range []string{id.New(id.Receipt), id.New(id.Payment)} {
		w.call("POST", "/receipts/"+unknown+"/void", w.key, `{"reason":"x"}`).problem(http.StatusNotFound, "not-found")
	}
	inv := w.newInvoice(invoice.Open)
	receipt := w.received(inv, "34.50")
	_, stranger := w.newCompany("Autre SA", "fr")
	w.call("POST", "/receipts/"+receipt+"/void", stranger, `{"reason":"x"}`).problem(http.StatusNotFound, "not-found")
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.CloseBooks(t.Context(), day("2026-11-30")) })
	w.call("POST", "/receipts/"+receipt+"/void", w.key, `{"reason":"x"}`).problem(http.StatusUnprocessableEntity, "period-closed")
	assert.Equal(t, "partially_paid", w.call("GET", "/invoices/"+inv.ID, w.key, nil).json(http.StatusOK)["status"])
}

// settle marks an invoice as paid, as the worker does with a captured payment.
func (w *world) settle(inv invoice.Invoice) {
	w.Helper()
	require.NoError(w, inv.Receive(inv.AmountDue(), noon))
	w.in(inv.CompanyID, func(tx *postgres.Tx) error { return tx.SaveInvoice(w.Context(), inv) })
}
