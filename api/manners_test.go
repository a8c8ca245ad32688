package api_test

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
)

func TestHeadIsAnsweredWhereverGetIsAndWithoutContent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.handler)
	defer server.Close()
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	p := w.newPayment(inv, payment.Redirected, payment.Failed)
	type heard struct {
		status  int
		header  http.Header
		content []byte
	}
	ask := func(method, path string) heard {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+w.key)
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		answer, err := client.Do(r)
		require.NoError(t, err)
		defer func() { _ = answer.Body.Close() }()
		content, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return heard{answer.StatusCode, answer.Header, content}
	}
	paths := []string{"/v1/invoices/" + id.New(id.Invoice), "/i/nothing", "/i/" + inv.Token + "/return?payment=" + p.ID, "/nowhere"}
	things := w.subjects("getInvoice")
	things["invoice_id"], things["token"], things["secret"], things["outcome"] = inv.ID, inv.Token, p.NotificationSecret, "success"
	require.NoError(t, chi.Walk(w.handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method == http.MethodGet {
			paths = append(paths, pathParameter.ReplaceAllStringFunc(route, func(name string) string { return cmp.Or(things[strings.Trim(name, "{}")], "card") }))
		}
		return nil
	}))
	require.Greater(t, len(paths), 70, "wherever GET is")
	for _, path := range paths {
		head, get := ask(http.MethodHead, path), ask(http.MethodGet, path)
		assert.Empty(t, head.content, path)
		assert.Equal(t, get.status, head.status, path)
		assert.Equal(t, get.header.Get("Content-Type"), head.header.Get("Content-Type"), path)
		assert.NotEqual(t, http.StatusMethodNotAllowed, head.status, path)
	}
	refused := ask(http.MethodHead, "/v1/invoices/"+inv.ID+"/issue")
	assert.Equal(t, http.StatusMethodNotAllowed, refused.status)
	assert.Equal(t, []string{"POST"}, refused.header.Values("Allow"))
	refused = ask(http.MethodDelete, "/i/"+inv.Token)
	assert.Equal(t, []string{"GET", "HEAD"}, refused.header.Values("Allow"))
}

func TestHeadIsAnsweredInTheConsoleAndUsesUpNoLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.inPages("manager")
	require.NoError(t, chi.Walk(p.console.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method == http.MethodGet && !strings.Contains(route, "callback") && route != "/console/enter" {
			path := strings.TrimSuffix(pathParameter.ReplaceAllString(route, "0"), "/")
			assert.Equal(t, p.visit(path).Code, p.send(http.MethodHead, path, "", http.NoBody).Code, path)
		}
		return nil
	}))
	link := "/console/enter?code=" + w.linkFor("viewer")
	assert.Equal(t, http.StatusOK, p.send(http.MethodHead, link, "", http.NoBody).Code)
	assert.Equal(t, http.StatusSeeOther, p.visit(link).Code)
}

func TestTheAddressOfPayNowLeadsBackToTheDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	for path, to := range map[string]string{
		"/i/" + inv.Token + "/pay":         "/i/" + inv.Token,
		"/i/" + inv.Token + "/pay?lang=it": "/i/" + inv.Token + "?lang=it",
	} {
		a := w.get(path)
		assert.Equal(t, http.StatusSeeOther, a.Code)
		assert.Equal(t, to, a.Header().Get("Location"))
	}
	assert.Empty(t, w.commands.seen(), "nothing is paid by looking")
}

func TestNoAnswerIsKeptOrTakenForSomethingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	for _, answered := range []answer{
		w.call("GET", "/invoices", w.key, nil), w.call("GET", "/invoices", "qk_test_wrong", nil), w.call("GET", "/journal?format=table&from=2026-11-01&to=2026-11-20", w.key, nil),
		w.get("/i/" + inv.Token),
	} {
		h := answered.Header()
		assert.Equal(t, []string{"no-store", "nosniff", "max-age=31536000"}, []string{h.Get("Cache-Control"), h.Get("X-Content-Type-Options"), h.Get("Strict-Transport-Security")})
	}
	options := w.options()
	options.PublicURL = "http://localhost:8080"
	w.handler = api.New(options)
	assert.Empty(t, w.get("/i/"+inv.Token).Header().Get("Strict-Transport-Security"), "a local stack is on http")
}

func TestABodySaysEverythingOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	invoice := func(more string) string {
		return `{"number":"2026-1","currency":"CHF","amount":"108.00","customer":{"name":"Marie Favre","email":"marie@example.ch","language":"fr"},"description":"Cours","due_date":"2026-12-31"` + more
	}
	for body, said := range map[string]string{
		invoice(`,"amount":"1.00"}`):                          `\"amount\" stands twice in one object`,
		invoice(`,"metadata":{"a":"1","b":{"x":1},"a":"2"}}`): `\"a\" stands twice in one object`,
		invoice(`} {}`): "is not valid JSON",
		invoice(`}x`):   "is not valid JSON",
	} {
		refused := w.call("POST", "/invoices", w.key, body)
		refused.problem(http.StatusBadRequest, "malformed-request")
		assert.Contains(t, refused.Body.String(), said)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/invoices", strings.NewReader(invoice("}")))
	r.Header.Set("Authorization", "Bearer "+w.key)
	r.Header.Set("Content-Type", "application/jsonp")
	assert.Equal(t, http.StatusUnsupportedMediaType, w.send(r).Code)
	w.call("POST", "/invoices", w.key, invoice(`,"metadata":{"a":"1","b":"1"}}`)).json(http.StatusCreated)
}
