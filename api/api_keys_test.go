package api_test

import (
	"net/http"
	"testing"
	"time"

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
