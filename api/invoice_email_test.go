package api_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
)

func TestLinkIsSentOnceMoreAlsoToACorrectedAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	path := "/invoices/" + inv.ID
	assert.NotContains(t, w.call("GET", path, w.key, nil).json(http.StatusOK), "email", "no mail was asked for yet")

	sent := w.call("POST", path+"/send", w.key, nil).json(http.StatusAccepted)
	assert.Equal(t, map[string]any{"state": "queued", "to": "marie.favre@example.ch", "at": "2026-11-22T11:00:00Z"}, sent["email"])
	sent = w.call("POST", path+"/send", w.key, `{"email":"marie@example.ch"}`).json(http.StatusAccepted)
	assert.Equal(t, "marie@example.ch", sent["customer"].(map[string]any)["email"])
	assert.Equal(t, "marie@example.ch", sent["email"].(map[string]any)["to"])
	assert.Equal(t, []string{"send " + inv.ID, "send " + inv.ID}, w.commands.seen())

	w.in(w.company.ID, func(tx *postgres.Tx) error {
		failed, err := tx.LockInvoice(t.Context(), inv.ID)
		failed.EndEmail(failed.Email.ID, "The mail server refused it: 550 no such mailbox.", noon)
		return errors.Join(err, tx.SaveInvoice(t.Context(), failed))
	})
	shown := w.call("GET", path, w.key, nil).json(http.StatusOK)["email"].(map[string]any)
	assert.Equal(t, []any{"failed", "The mail server refused it: 550 no such mailbox."}, []any{shown["state"], shown["reason"]})
	_, _, steps := w.timeline(inv.ID)
	assert.Equal(t, "marie@example.ch. The mail server refused it: 550 no such mailbox.", step(t, steps, "invoice.email_failed")["text"])
}

func TestLinkIsSentOnlyForAnInvoiceThatCanBePaidAndToAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for status, want := range map[invoice.Status]string{
		invoice.Draft: "invoice-not-open", invoice.Paid: "invoice-paid", invoice.Cancelled: "invoice-cancelled",
	} {
		w.call("POST", "/invoices/"+w.newInvoice(status).ID+"/send", w.key, nil).problem(http.StatusConflict, want)
	}
	nobody := w.newInvoice(invoice.Open, func(inv *invoice.Invoice) { inv.Customer.Email = "" })
	for _, body := range []any{nil, `{}`, `{"email":"Marie <marie@example.ch>"}`} {
		refused := w.call("POST", "/invoices/"+nobody.ID+"/send", w.key, body)
		assert.Equal(t, []string{"email"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
	}
	w.call("POST", "/invoices/"+id.New(id.Invoice)+"/send", w.key, nil).problem(http.StatusNotFound, "not-found")
	assert.Empty(t, w.commands.seen())

	w.commands.err = problem.New(problem.PaymentInProgress, "A payment of the invoice is being booked.")
	w.call("POST", "/invoices/"+nobody.ID+"/send", w.key, `{"email":"marie@example.ch"}`).problem(http.StatusConflict, "payment-in-progress")
}

func TestOfAnOpenInvoiceTheAddressAndTheDueDateCanBeChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, status := range []invoice.Status{invoice.Open, invoice.PartiallyPaid} {
		inv := w.newInvoice(status)
		changed := w.call("PATCH", "/invoices/"+inv.ID, w.key, `{"customer":{"email":"marie@example.ch"},"due_date":"2027-01-31"}`).json(http.StatusOK)
		assert.Equal(t, []any{"2027-01-31", inv.AmountPaid.Value(), string(status)}, []any{changed["due_date"], changed["amount_paid"], changed["status"]})
		assert.Equal(t, map[string]any{"name": "Marie Favre", "email": "marie@example.ch", "language": "fr"}, changed["customer"])
		assert.NotContains(t, changed, "email", "nothing is sent by itself")
		for _, fixed := range []string{
			`{"amount":"1.00"}`, `{"number":"X"}`, `{"currency":"EUR"}`, `{"description":"x"}`, `{"payment_service_ids":[]}`, `{"customer":{"name":"x"}}`,
			`{"customer":{"email":"a@example.ch","language":"de"}}`,
		} {
			w.call("PATCH", "/invoices/"+inv.ID, w.key, fixed).problem(http.StatusConflict, "invoice-not-draft")
		}
		refused := w.call("PATCH", "/invoices/"+inv.ID, w.key, `{"customer":{"email":"nobody"}}`)
		assert.Equal(t, []string{"customer.email"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
	}
	for _, status := range []invoice.Status{invoice.Paid, invoice.Cancelled} {
		w.call("PATCH", "/invoices/"+w.newInvoice(status).ID, w.key, `{"due_date":"2027-01-31"}`).problem(http.StatusConflict, "invoice-not-draft")
	}
	assert.Empty(t, w.commands.seen())
}
