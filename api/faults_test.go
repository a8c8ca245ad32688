package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// brokenStore knows keys and tokens, and fails at everything else.
type brokenStore struct {
	store
	fail func() error
}

func (s brokenStore) InCompany(context.Context, string, func(any) error) error { return s.fail() }

func TestFailureOfTheDatabaseIsTemporaryAndLoggedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	options := w.options()
	options.Store = brokenStore{w.store, func() error { return errors.New("connection refused by 10.0.0.1") }}
	w.handler = api.New(options)

	a := w.call("GET", "/invoices", w.key, nil)
	a.problem(http.StatusServiceUnavailable, "temporarily-unavailable")
	assert.NotEmpty(t, a.Header().Get("Retry-After"))
	assert.NotContains(t, a.Body.String(), "10.0.0.1")
	require.Equal(t, 1, strings.Count(w.log.String(), "connection refused by 10.0.0.1"))
	assert.Contains(t, w.log.String(), a.Header().Get("X-Request-Id"))
	assert.Contains(t, a.Body.String(), a.Header().Get("X-Request-Id"))

	page := w.get("/i/" + inv.Token + "?lang=en")
	assert.Contains(t, page.page(http.StatusServiceUnavailable), "Not available at the moment")
	assert.NotEmpty(t, page.Header().Get("Retry-After"))
}

func TestFailureOfTemporalIsTemporaryAndLoggedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.commands.err = problem.New(problem.Unavailable, "It was not answered in time and may still be done; look again in a moment.")
	a := w.call("POST", "/invoices/"+w.newInvoice(invoice.Draft).ID+"/issue", w.key, nil)
	a.problem(http.StatusServiceUnavailable, "temporarily-unavailable")
	assert.Contains(t, a.Body.String(), "may still be done")
	assert.NotEmpty(t, a.Header().Get("Retry-After"))
	assert.Equal(t, 1, strings.Count(w.log.String(), "request not answered"))
}

func TestPanicOfAHandlerIsOurMistake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	options := w.options()
	options.Store = brokenStore{w.store, func() error { panic("out of paper") }}
	w.handler = api.New(options)

	a := w.call("GET", "/invoices", w.key, nil)
	a.problem(http.StatusInternalServerError, "internal-error")
	assert.NotContains(t, a.Body.String(), "out of paper")
	assert.Contains(t, w.log.String(), "out of paper")
	assert.Contains(t, w.get("/i/"+inv.Token+"?lang=en").page(http.StatusInternalServerError), "We have made a mistake")
}

func TestOnlyWhetherTheProcessIsUpIsSaidToThePublic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Equal(t, "healthz", w.get("/healthz").Body.String())
	w.get("/readyz").problem(http.StatusNotFound, "not-found")
	w.get("/metrics").problem(http.StatusNotFound, "not-found")
	w.get("/nothing").problem(http.StatusNotFound, "not-found")
	w.post("/healthz", "").problem(http.StatusMethodNotAllowed, "method-not-allowed")
}

// FuzzBodies sends anything as the body of every call that takes one: no answer is a 5xx, and every refusal is a problem.
func FuzzBodies(f *testing.F) {
	for _, body := range []string{
		"", "null", "{}", "[]", `{"number":1}`, newInvoice(`"amount":"1.00"`), newInvoice(`"amount":"` + strings.Repeat("9", 40) + `"`),
		`{"scopes":["read","read"]}`, `{"name":"\ud800","language":"de","canton":"ZH"}`, `{"decision":"approved","reason":"\u0000"}`, newReceipt(`"reference":"\ud800"`),
		`{"url":"https://[::ffff:10.0.0.1]/","events":["invoice.paid","\u0000"]}`, `{"overlap_hours":1e3}`, `{"currency":"EUR"}`, `{"enabled":null}`,
		`{"reason":"x","amount":"0.01"}`, `{"choice":"try_again","note":"\ud800"}`, strings.Repeat("[", 20000),
		newEntry(), newEntry(`"text":"\ud800"`), `{"number":"1024","name":"\ud800"}`, `{"date":"9999-12-31","text":"x"}`, `{"books_closed_until":"0000-01-01"}`,
	} {
		f.Add([]byte(body))
	}
	w := newWorld(f)
	service, draft, open := w.newService(merchant.InVerification), w.newInvoice(invoice.Draft), w.newInvoice(invoice.Open)
	p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(service)))
	e := w.raise(exception.CaptureUnclear, p.ID)
	entry := w.enter("2026-11-20", "5.00")
	endpoint := w.newEndpoint("http://127.0.0.1/1")
	f.Fuzz(func(t *testing.T, body []byte) {
		w := w.during(t)
		for _, call := range [][3]string{
			{"POST", "/companies", adminKey},
			{"POST", "/companies/" + w.company.ID + "/api-keys", adminKey},
			{"POST", "/payment-services", w.key},
			{"PUT", "/payment-services/" + service.ID + "/credentials", w.key},
			{"POST", "/payment-services/" + service.ID + "/verification", adminKey},
			{"POST", "/invoices", w.key},
			{"PATCH", "/invoices/" + draft.ID, w.key},
			{"POST", "/invoices/" + draft.ID + "/issue", w.key},
			{"POST", "/invoices/" + open.ID + "/receipts", w.key},
			{"POST", "/payments/" + p.ID + "/refunds", w.key},
			{"POST", "/exceptions/" + e.ID + "/resolve", w.key},
			{"PATCH", "/settings", w.key},
			{"POST", "/accounts", w.key},
			{"PATCH", "/accounts/1029", w.key},
			{"POST", "/manual-entries", w.key},
			{"POST", "/journal/" + entry + "/reverse", w.key},
			{"POST", "/webhook-endpoints", w.key},
			{"PATCH", "/webhook-endpoints/" + endpoint.ID, w.key},
			{"POST", "/webhook-endpoints/" + endpoint.ID + "/rotate-secret", w.key},
			{"POST", "/companies/" + w.company.ID + "/api-keys/" + w.keyID + "/rotate", adminKey},
			{"POST", "/payment-services/" + service.ID + "/currencies", w.key},
			{"POST", "/payouts/pyo_01k9m21t1jh6q2a0x5v8y3e7f9/confirm", w.key},
		} {
			a := w.call(call[0], call[1], call[2], string(body))
			require.Less(t, a.Code, 500, "%s %s: %s", call[0], call[1], a.Body)
			if a.Code >= 400 {
				require.Equal(t, "application/problem+json", a.Header().Get("Content-Type"))
			}
		}
	})
}

// FuzzParameters sends anything as path and query.
func FuzzParameters(f *testing.F) {
	for _, value := range []string{"", "\x00", "%", "..", "1029", "2026-02-30", "inv_01k9m21t1jh6q2a0x5v8y3e7f9", "\xff\xfe", "a&limit=3", "9223372036854775808"} {
		f.Add(value)
	}
	w := newWorld(f)
	endpoint := w.newEndpoint("http://127.0.0.1/1")
	f.Fuzz(func(t *testing.T, value string) {
		w := w.during(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+w.key)
		for _, path := range []string{"/v1/invoices/", "/v1/payments/", "/v1/payment-services/", "/v1/accounts/", "/v1/exceptions/", "/v1/refunds/", "/v1/journal/", "/v1/journal/heads/", "/v1/statements/", "/i/", "/webhooks/saferpay/x/"} {
			r.URL.Path, r.URL.RawQuery = path+value, ""
			a := w.send(r)
			require.Less(t, a.Code, 500, "%s: %s", r.URL, a.Body)
		}
		for _, path := range []string{
			"/v1/invoices", "/v1/payments", "/v1/journal", "/v1/events", "/v1/exceptions", "/v1/refunds", "/v1/accounts", "/v1/trial-balance",
			"/v1/audit-log", "/v1/payouts", "/v1/settlements", "/v1/reconciliation", "/v1/webhook-endpoints/" + endpoint.ID + "/deliveries",
		} {
			for _, name := range []string{"at", "to", "limit", "cursor", "status", "number", "state", "invoice_id", "account", "from", "type", "subject", "kind", "open", "payment_id"} {
				query := r.URL.Query()
				query.Set(name, value)
				r.URL.Path, r.URL.RawQuery = path, query.Encode()
				a := w.send(r)
				require.Less(t, a.Code, 500, "%s: %s", r.URL, a.Body)
			}
		}
	})
}
