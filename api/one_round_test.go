package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
)

func TestEverythingThatIsWrongIsSaidInOneRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	draft := w.newInvoice(invoice.Draft)
	open := w.newInvoice(invoice.Open)
	p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(service)))
	for name, c := range map[string]struct {
		method, path, key, body string
		fields                  []string
	}{
		"format and domain": {
			"POST", "/invoices", w.key,
			newInvoice(`"amount":"0.00"`, `"number":"a\u200bb"`, `"due_date":"31.12.2026"`, `"customer":{"name":" ","language":"rm","email":"nobody"}`),
			[]string{"due_date", "customer.language", "number", "customer.name", "customer.email", "amount"},
		},
		"two of the domain": {
			"POST", "/invoices", w.key, newInvoice(`"amount":"1.234"`, `"due_date":"1999-12-31"`, `"payment_service_ids":["`+id.New(id.PaymentService)+`"]`),
			[]string{"amount", "due_date", "payment_service_ids"},
		},
		"only what is missing": {"POST", "/invoices", w.key, `{"number":"1"}`, []string{"amount", "currency", "customer", "due_date"}},
		"a change":             {"PATCH", "/invoices/" + draft.ID, w.key, `{"status":"paid","amount":"0.00","number":" "}`, []string{"status", "amount", "number"}},
		"a receipt": {
			"POST", "/invoices/" + open.ID + "/receipts", w.key, `{"amount":"0.00","date":"2026-11-23","account":"9999","reference":"\u0007"}`,
			[]string{"amount", "date", "account", "reference"},
		},
		"a receipt without account": {"POST", "/invoices/" + open.ID + "/receipts", w.key, `{"amount":"-1.00","date":"2026-11-23"}`, []string{"account", "amount", "date"}},
		"a refund":                  {"POST", "/payments/" + p.ID + "/refunds", w.key, `{"reason":" ","amount":"1.234"}`, []string{"reason", "amount"}},
		"a refund with more":        {"POST", "/payments/" + p.ID + "/refunds", w.key, `{"reason":" ","currency":"CHF"}`, []string{"reason", "currency"}},
		"settings":                  {"PATCH", "/settings", w.key, `{"language":"rm","contact_email":"nobody","books_closed_until":"2030-01-01"}`, []string{"language", "contact_email", "books_closed_until"}},
		"a company":                 {"POST", "/companies", adminKey, `{"name":"\u0000","language":"rm","canton":"ZH"}`, []string{"language", "name"}},
		"an entry": {
			"POST", "/manual-entries", w.key, newEntry(`"currency":"JPY"`, `"text":"\u0000"`), []string{"currency", "text"},
		},
		"a field of a strange name": {"POST", "/manual-entries", w.key, newEntry(`"text":"\u0000"`, `"lines.-1.x":1`), []string{"lines.-1.x", "text"}},
		"an exchange": {
			"POST", "/exchanges", w.key, `{"date":"2026-11-20","text":"\u0007","from":{"account":"1021","currency":"JPY","amount":"1.00"},"to":{"account":"1020","currency":"CHF","amount":"0.00"}}`,
			[]string{"from.currency", "text", "to.amount"},
		},
		"a rate":      {"POST", "/exchange-rates", w.key, `{"month":"2026-13","currency":"EUR","rate":"x"}`, []string{"month", "rate"}},
		"an endpoint": {"POST", "/webhook-endpoints", w.key, `{"url":"ftp://example.ch/","description":"\u0000"}`, []string{"url", "description"}},
	} {
		a := w.call(c.method, c.path, c.key, c.body)
		assert.ElementsMatch(t, c.fields, a.problem(http.StatusUnprocessableEntity, "validation-failed"), "%s: %s", name, a.Body)
	}
	assert.Empty(t, w.commands.seen())
	assert.Len(t, w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)["data"], 3, "nothing was created")
}
