package api_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
)

// at moves the clock of the API.
func (w *world) at(now *time.Time) {
	options := w.options()
	options.Now = func() time.Time { return *now }
	w.handler = api.New(options)
}

func TestAKeyEndsWhenItWasMeantTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := noon
	w.at(&now)
	path := "/companies/" + w.company.ID + "/api-keys"
	made := w.call("POST", path, adminKey, `{"scopes":["read"],"expires_at":"2026-11-22T13:00:00+01:00"}`)
	assert.Equal(t, []string{"expires_at"}, w.call("POST", path, adminKey, `{"scopes":["read"],"expires_at":"2026-11-22T12:00:00+01:00"}`).
		problem(http.StatusUnprocessableEntity, "validation-failed"), "that is now")
	assert.Equal(t, []string{"expires_at"}, w.call("POST", path, adminKey, `{"scopes":["read"],"expires_at":"tomorrow"}`).
		problem(http.StatusUnprocessableEntity, "validation-failed"))
	key := made.json(http.StatusCreated)["key"].(string)

	now = noon.Add(time.Hour - time.Second)
	w.call("GET", "/invoices", key, nil).json(http.StatusOK)
	now = noon.Add(time.Hour)
	refused := w.call("GET", "/invoices", key, nil)
	refused.problem(http.StatusUnauthorized, "unauthorized")
	assert.Contains(t, refused.Body.String(), "expired on 2026-11-22T12:00:00Z")
	w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)
}

func TestARotatedKeyWorksOnForTheOverlap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := noon
	w.at(&now)
	path := "/companies/" + w.company.ID + "/api-keys/"
	next := w.call("POST", path+w.keyID+"/rotate", adminKey, `{"overlap_hours":2}`).json(http.StatusCreated)
	assert.Equal(t, []any{"read", "write"}, next["scopes"])
	newKey := next["key"].(string)
	for _, key := range []string{w.key, newKey} {
		w.call("GET", "/invoices", key, nil).json(http.StatusOK)
	}
	now = noon.Add(2 * time.Hour)
	w.call("GET", "/invoices", w.key, nil).problem(http.StatusUnauthorized, "unauthorized")
	w.call("GET", "/invoices", newKey, nil).json(http.StatusOK)

	w.call("POST", path+w.keyID+"/rotate", adminKey, nil).problem(http.StatusUnprocessableEntity, "validation-failed")
	w.call("POST", path+"key_01k9m1zr9gf4n0y8v3s6w1c5d7/rotate", adminKey, nil).problem(http.StatusNotFound, "not-found")
	other, _ := w.newCompany("Other AG", "de")
	w.call("POST", "/companies/"+other.ID+"/api-keys/"+next["id"].(string)+"/rotate", adminKey, nil).problem(http.StatusNotFound, "not-found")
	w.call("POST", path+next["id"].(string)+"/rotate", newKey, nil).problem(http.StatusForbidden, "forbidden")
	assert.Equal(t, []string{"overlap_hours"}, w.call("POST", path+next["id"].(string)+"/rotate", adminKey, `{"overlap_hours":1000}`).
		problem(http.StatusUnprocessableEntity, "validation-failed"))
}

func TestKeysAreListedWithTheirBeginningsAndLastUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := noon
	w.at(&now)
	path := "/companies/" + w.company.ID + "/api-keys"
	only := func() map[string]any {
		answer := w.call("GET", path, adminKey, nil)
		assert.NotContains(t, answer.Body.String(), w.key)
		keys := answer.json(http.StatusOK)["data"].([]any)
		require.Len(t, keys, 1)
		return keys[0].(map[string]any)
	}
	assert.Equal(t, w.key[:12], only()["prefix"])
	assert.NotContains(t, only(), "last_used_at")

	w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)
	assert.Equal(t, "2026-11-22T11:00:00Z", only()["last_used_at"])
	now = noon.Add(59 * time.Second)
	w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)
	assert.Equal(t, "2026-11-22T11:00:00Z", only()["last_used_at"], "exact to the minute")
	now = noon.Add(60 * time.Second)
	w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)
	assert.Equal(t, "2026-11-22T11:01:00Z", only()["last_used_at"])
}

func TestARotatedKeyKeepsItsEndItsScopesAndItsAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := noon
	w.at(&now)
	path := "/companies/" + w.company.ID + "/api-keys"
	made := w.call("POST", path, adminKey, object{"scopes": []string{"books"}, "expires_at": noon.Add(90 * 24 * time.Hour), "allowed_addresses": []string{"192.0.2.1", "2001:db8::1/32"}}).json(201)
	assert.Equal(t, []any{"192.0.2.1/32", "2001:db8::/32"}, made["allowed_addresses"])
	now = noon.Add(80 * 24 * time.Hour)
	next := w.call("POST", path+"/"+made["id"].(string)+"/rotate", adminKey, nil).json(201)
	assert.Equal(t, []any{made["scopes"], made["allowed_addresses"]}, []any{next["scopes"], next["allowed_addresses"]})
	assert.Equal(t, now.Add(90*24*time.Hour).Format(time.RFC3339), next["expires_at"], "it lives as long, and not for ever")
	now = now.Add(90 * 24 * time.Hour)
	w.call("GET", "/accounts", next["key"].(string), nil).problem(401, "unauthorized")
	assert.NotContains(t, w.call("POST", path+"/"+w.keyID+"/rotate", adminKey, nil).json(201), "expires_at")
}

func TestAKeyWorksOnlyFromItsAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/companies/" + w.company.ID + "/api-keys/" + w.keyID
	elsewhere := func() answer { return w.call("GET", "/settings", w.key, nil) }
	for _, allowed := range []string{"192.0.2.0/24", "192.0.2.1", "0.0.0.0/0"} {
		w.call("PATCH", path, adminKey, object{"allowed_addresses": []string{"2001:db8::/32", allowed}}).json(200)
		elsewhere().json(200)
	}
	w.call("PATCH", path, adminKey, object{"allowed_addresses": []string{"192.0.2.128/25", "::/0"}}).json(200)
	for range 100 {
		refused := elsewhere()
		refused.problem(403, "address-not-allowed")
		require.Contains(t, refused.Body.String(), "192.0.2.1")
	}
	assert.Equal(t, 20, strings.Count(w.log.String(), "key used from a wrong address"), "it is logged within bounds")
	w.call("PATCH", path, adminKey, object{"allowed_addresses": []string{}}).json(200)
	noted := w.call("GET", "/audit-log?limit=200&actor="+w.keyID, w.key, nil).json(200)["data"].([]any)
	require.Len(t, noted, 20, "and in the audit log")
	assert.Equal(t, []any{w.keyID, "GET /settings", 403.0, "address-not-allowed"}, []any{
		noted[0].(map[string]any)["actor"], noted[0].(map[string]any)["action"], noted[0].(map[string]any)["status"], noted[0].(map[string]any)["problem"],
	})

	options := w.options()
	options.Middleware = []func(http.Handler) http.Handler{middleware.ClientIPFromXFF("192.0.2.0/24")}
	behind := w.during(t)
	behind.handler = api.New(options)
	w.call("PATCH", path, adminKey, object{"allowed_addresses": []string{"198.51.100.7", "2001:db8::7"}}).json(200)
	for from, status := range map[string]int{"198.51.100.7": 200, "198.51.100.8": 403, "2001:db8::7": 200, "2001:db8::8": 403, "198.51.100.7, 203.0.113.1": 403} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/settings", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+w.key)
		r.Header.Set("X-Forwarded-For", from)
		assert.Equal(t, status, behind.send(r).Code, from)
	}

	for i, wrong := range []string{"192.0.2.0/33", "somewhere", "", "::ffff:192.0.2.1", "fe80::1%eth0"} {
		fields := w.call("PATCH", path, adminKey, object{"allowed_addresses": append(slices.Repeat([]string{"192.0.2.1"}, i), wrong)}).problem(422, "validation-failed")
		assert.Equal(t, []string{"allowed_addresses." + strconv.Itoa(i)}, fields, wrong)
	}
	w.call("PATCH", path, adminKey, object{"allowed_addresses": slices.Repeat([]string{"192.0.2.1"}, 21)}).problem(422, "validation-failed")
}
