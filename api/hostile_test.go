package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"
)

// hostileRequests are sent by somebody who knows the addresses, the ids and the shape of everything, and has the key of another company,
// a key that may only read, a wrong one or none.
const hostileRequests = 5000

func TestFiveThousandHostileRequestsFindNothingAndBreakNothing(t *testing.T) {
	t.Parallel()
	o := operations(t)
	s := newStranger(t, o[slices.IndexFunc(o, func(o operation) bool { return o.OperationID == "listPayments" })])
	h := newHostile(s, o)
	statuses := map[int]int{}
	for i := range hostileRequests {
		r, what := h.request()
		recorder := httptest.NewRecorder()
		s.handler.ServeHTTP(recorder, r)
		require.Less(t, recorder.Code, http.StatusInternalServerError, "request %d: %s: %s", i, what, recorder.Body)
		for _, id := range s.ids {
			if strings.HasPrefix(r.URL.Path, "/v1/audit-log") {
				continue // which tells the stranger what it tried itself
			}
			if recorder.Code < http.StatusMultipleChoices || !strings.Contains(what, id) {
				require.NotContains(t, recorder.Body.String(), id, "request %d: %s", i, what)
			}
		}
		statuses[recorder.Code]++
		if i%100 == 0 {
			require.Equal(t, s.standing, s.trace(), "before request %d", i)
		}
	}
	require.Equal(t, s.standing, s.trace())
	t.Logf("%d hostile requests: answers by status %v", hostileRequests, statuses)
}

// hostile makes requests by chance, the same ones in every run.
type hostile struct {
	*stranger
	chance *rand.Rand
	routes []string // methods and patterns
	keys   []string
	bodies []string
	values []string // of parameters
}

func newHostile(s *stranger, all []operation) *hostile {
	s.Helper()
	h := &hostile{stranger: s, chance: rand.New(rand.NewPCG(18, 5000))}
	require.NoError(s, chi.Walk(s.handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		h.routes = append(h.routes, method+" "+route)
		return nil
	}))
	slices.Sort(h.routes)
	h.keys = append(slices.Repeat([]string{s.key}, 20), "", s.newKey(s.company.ID, "read"), "qk_test_guessed", "qos_guessed", "qcs_guessed", strings.Repeat("k", 10_000), "\xff", s.key+" "+s.key)
	h.values = append(slices.Clone(s.ids), s.orders...)
	h.values = append(h.values, "..", "%2e%2e%2f", "0", "-1", "9999999999999999999", "1029", "2026-11", "2026-13-45", "null", "'--", "*", "card", "success", strings.Repeat("a", 3000), "a\x00b", "<b>", "{}")
	nested := strings.Repeat("[", 100_000)
	bomb := `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">&b;</Document>`
	h.bodies = []string{"", "{}", "[]", "null", "{", nested, strings.ReplaceAll(nested, "[", `{"a":`), `{"a":1,"a":2}`, `{"amount":1e400}`, `{"__proto__":{"admin":true}}`, bomb, csvHeader, "PK\x03\x04", "%PDF-1.7", "\x1f\x8b\x08", gzipped(s, strings.Repeat("0", 10_000_000)), zipped(s, "../../a.xml", bomb), s.theirs.body}
	for _, value := range merge(odd, wrong) {
		h.bodies = append(h.bodies, value, `{"amount":`+value+`,"reason":`+value+`}`)
	}
	slices.Sort(h.bodies)
	for _, o := range all {
		if o.json() != nil && !slices.Contains(withoutKey, o.OperationID) {
			h.bodies = append(h.bodies, fmt.Sprint(o.json().Example))
		}
	}
	return h
}

var pathParameter = regexp.MustCompile(`\{[^}]*\}`)

func pick[T any](h *hostile, from ...T) T { return from[h.chance.IntN(len(from))] }

// request returns a request, and what it was for who reads a failure.
func (h *hostile) request() (r *http.Request, what string) {
	own, route, _ := strings.Cut(pick(h, h.routes...), " ")
	method := pick(h, own, own, own, own, own, own, own, own, own, own, own, own, "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND")
	path := pathParameter.ReplaceAllStringFunc(route, func(string) string { return url.PathEscape(pick(h, h.values...)) })
	for range h.chance.IntN(3) {
		path = with(path, pick(h, "q", "limit", "cursor", "company_id", "invoice_id", "payment_id", "pays", "from", "sort", "lang", "token", "x"), pick(h, h.values...))
	}
	body := pick(h, h.bodies...)
	r = httptest.NewRequestWithContext(h.Context(), method, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	target, err := url.Parse("http://example.com" + path)
	require.NoError(h, err)
	r.URL, r.RequestURI = target, target.RequestURI()
	r.RemoteAddr = fmt.Sprintf("203.0.113.%d:1", h.chance.IntN(250)) // whom limits don't stop
	if key := pick(h, h.keys...); key != "" {
		r.Header.Set("Authorization", pick(h, append(slices.Repeat([]string{"Bearer "}, 12), "bearer ", "Basic ", "")...)+key)
	}
	for range h.chance.IntN(4) {
		switch h.chance.IntN(8) {
		default:
			r.Header.Set("Content-Type", pick(h, "application/json", "application/json; charset=utf-16", "text/xml", "text/csv", "application/zip", "application/gzip", "multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/pdf", "image/png", "\x00"))
		case 3:
			r.Header.Set("Idempotency-Key", pick(h, h.values...))
		case 4:
			r.Header.Set("X-Forwarded-For", pick(h, "127.0.0.1", "::1", "a", strings.Repeat("1.1.1.1,", 1000)))
		case 5:
			r.Header.Set("Accept-Language", pick(h, "de", "*", strings.Repeat("de,", 5000), ";q=", "\xff"))
		case 6:
			r.Header.Set("Cookie", pick(h, "session="+h.key, "a=b; a=c", strings.Repeat("a", 5000)))
		case 7:
			r.Host, r.ContentLength = pick(h, "127.0.0.1", "evil.example", "", "[::1]"), pick(h, int64(-1), int64(len(body)))
		}
	}
	return r, fmt.Sprintf("%s %s %.200q", method, path, body)
}
