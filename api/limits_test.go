package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
)

func TestCallsAreLimitedPerKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	options := w.options()
	options.Limits.Calls = 5
	w.handler = api.New(options)
	for range 5 {
		w.call("GET", "/settings", w.key, nil).json(http.StatusOK)
	}
	refused := w.call("GET", "/settings", w.key, nil)
	refused.problem(http.StatusTooManyRequests, "too-many-requests")
	assert.Equal(t, "60", refused.Header().Get("Retry-After"))
	w.call("GET", "/settings", w.newKey(w.company.ID, merchant.ScopeRead), nil).json(http.StatusOK)
}

// counting is a store that counts the keys that are looked up.
type counting struct {
	store
	looked *int
}

func (c counting) APIKeyByHash(ctx context.Context, hash []byte) (merchant.APIKey, error) {
	*c.looked++
	return c.store.APIKeyByHash(ctx, hash)
}

func TestWrongKeysAreLimitedPerAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	looked, options := 0, w.options()
	options.Store = counting{w.store, &looked}
	w.handler = api.New(options)
	w.call("GET", "/settings", w.key, nil).json(http.StatusOK)
	for range 600 {
		w.call("GET", "/settings", "qk_test_guess", nil).problem(http.StatusUnauthorized, "unauthorized")
	}
	refused := w.call("GET", "/settings", "qk_test_guess", nil)
	refused.problem(http.StatusTooManyRequests, "too-many-requests")
	assert.Equal(t, "60", refused.Header().Get("Retry-After"))
	before := looked
	w.call("GET", "/settings", "qk_test_another", nil).problem(http.StatusTooManyRequests, "too-many-requests")
	assert.Equal(t, before, looked, "a wrong key costs no look into the database any more")
	w.call("GET", "/settings", w.key, nil).json(http.StatusOK) // of the same office, and heard a moment ago
}

func TestNotificationsAreLimitedPerAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	notify := func(address string) answer {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/webhooks/saferpay/"+id.NewSecret()+"/success", http.NoBody)
		r.RemoteAddr = address
		return w.send(r)
	}
	for range 600 {
		notify("192.0.2.7:1234").problem(http.StatusNotFound, "not-found")
	}
	notify("192.0.2.7:1234").problem(http.StatusTooManyRequests, "too-many-requests")
	notify("192.0.2.8:1234").problem(http.StatusNotFound, "not-found")
}
