package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
)

// newInvoice is the body of an invoice with those fields, each as it stands in JSON, and what else it needs.
func newInvoice(fields ...string) string {
	return body(map[string]string{
		"number": `"2026-0042"`, "currency": `"CHF"`, "customer": `{"name":"Marie Favre","language":"fr"}`, "due_date": `"2026-12-31"`,
	}, fields)
}

// newReceipt is the body of a receipt, likewise.
func newReceipt(fields ...string) string {
	return body(map[string]string{"amount": `"34.50"`, "date": `"2026-11-20"`, "account": `"1020"`}, fields)
}

// newEntry is the body of a manual entry, likewise.
func newEntry(fields ...string) string {
	return body(map[string]string{
		"date": `"2026-11-20"`, "text": `"Frais Worldline"`, "currency": `"CHF"`,
		"lines": `[{"account":"6940","debit":"12.40"},{"account":"1020","credit":"12.40"}]`,
	}, fields)
}

func body(defaults map[string]string, fields []string) string {
	body := "{"
	for _, field := range fields {
		name, _, _ := strings.Cut(strings.TrimPrefix(field, `"`), `"`)
		delete(defaults, name)
		body += field + ","
	}
	for name, value := range defaults {
		body += `"` + name + `":` + value + ","
	}
	return strings.TrimSuffix(body, ",") + "}"
}

func TestBodiesThatAreNotJSONAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/invoices", strings.NewReader(newInvoice(`"amount":"1.00"`)))
		r.Header.Set("Authorization", "Bearer "+w.key)
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		w.send(r).problem(http.StatusUnsupportedMediaType, "unsupported-media-type")
	}
}

func TestUnknownMethodsSayWhichOnesThereAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := w.call("DELETE", "/invoices", w.key, nil)
	refused.problem(http.StatusMethodNotAllowed, "method-not-allowed")
	assert.Equal(t, []string{"GET", "HEAD", "POST"}, refused.Header().Values("Allow"))
}

func TestAnswersFitTheSpecification(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	inv := w.newInvoice(invoice.Open, payableBy(service))
	failed := w.newPayment(inv, payment.Redirected, payment.Failed)
	w.newInvoice(invoice.Draft)
	w.newService(merchant.AwaitingCredentials)
	captured := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(service)))
	refused, byHand := w.newRefund(captured, "1.00", refund.Failed), w.newRefund(captured, "2.00")
	w.call("POST", "/refunds/"+byHand.ID+"/record", w.key, nil).json(http.StatusOK)
	w.raise(exception.CaptureUnclear, failed.ID)
	resolved := w.raise(exception.PendingOverdue, failed.ID)
	w.call("POST", "/exceptions/"+resolved.ID+"/resolve", w.key, `{"choice":"it_did_not","note":"Nothing there."}`).json(http.StatusOK)
	entry := w.enter("2026-11-20", "5.00")
	w.call("POST", "/journal/"+entry+"/reverse", w.key, nil).json(http.StatusCreated)
	paidElsewhere := w.newInvoice(invoice.Open)
	w.call("POST", "/invoices/"+paidElsewhere.ID+"/receipts", w.key, newReceipt()).json(http.StatusCreated)

	endpoint := "/webhook-endpoints/" + w.newEndpoint("http://127.0.0.1/1").ID
	told := w.tell(event.InvoiceOpened, inv.ID)
	w.call("POST", endpoint+"/rotate-secret", w.key, nil).json(http.StatusOK)

	for _, path := range []string{
		"/payment-services", "/payment-services/" + service.ID, "/invoices", "/invoices/" + inv.ID, "/payments", "/payments/" + failed.ID,
		"/accounts", "/accounts/1029", "/accounts?at=2026-11-22", "/trial-balance", "/trial-balance?at=2026-11-22", "/journal", "/journal/" + entry, "/journal/verification", "/journal/heads/2026-11-21", "/statements/2026-11",
		"/invoices/" + captured.InvoiceID + "/timeline", "/events", "/exceptions", "/exceptions/" + resolved.ID, "/settings",
		"/refunds", "/refunds/" + refused.ID, "/journal?source=refund", "/invoices/" + id.New(id.Invoice), "/invoices?limit=0",
		"/events/" + told.ID, "/webhook-endpoints", endpoint, endpoint + "/deliveries",
	} {
		assert.Less(t, w.call(http.MethodGet, path, w.key, nil).Code, http.StatusInternalServerError, path)
	}
}
