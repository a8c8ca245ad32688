package api_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/session"
)

type object = map[string]any

// linkFor returns the code of a link to the console for a person of that role.
func (w *world) linkFor(role string) (code string) {
	w.Helper()
	link := w.call("POST", "/console-sessions", w.key, object{"user": object{"id": "u_1", "name": "C. Favre"}, "role": role}).json(201)
	opened, err := url.Parse(link["url"].(string))
	require.NoError(w, err)
	assert.Equal(w, "/console/enter", opened.Path)
	return opened.Query().Get("code")
}

// inConsole returns the token of a person of that role.
func (w *world) inConsole(role string) (token string) {
	w.Helper()
	return w.call("POST", "/console-sessions/enter", w.linkFor(role), nil).json(200)["token"].(string)
}

func TestALinkToTheConsoleWorksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.linkFor("bookkeeper")
	w.call("GET", "/invoices", code, nil).problem(403, "forbidden")
	token := w.call("POST", "/console-sessions/enter", code, nil).json(200)["token"].(string)
	w.call("POST", "/console-sessions/enter", code, nil).problem(401, "unauthorized")
	current := w.call("GET", "/console-sessions/current", token, nil).json(200)
	delete(current, "id")
	assert.Equal(t, object{
		"company": object{"id": w.company.ID, "name": "Demo SA"}, "user": object{"id": "u_1", "name": "C. Favre"},
		"role": "bookkeeper", "language": "fr", "page": "/console", "expires_at": "2026-11-22T19:00:00Z",
	}, current)
	require.Equal(t, 204, w.call("DELETE", "/console-sessions/current", token, nil).Code)
	w.call("GET", "/invoices", token, nil).problem(401, "unauthorized")
}

func TestTheAuditLogOpensNobodysSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.call("POST", "/console-sessions", w.key, object{"user": object{"id": "u_1", "name": "C. Favre"}, "role": "manager"}).json(http.StatusCreated)
	opened, err := url.Parse(link["url"].(string))
	require.NoError(t, err)
	code := opened.Query().Get("code")
	token := w.call("POST", "/console-sessions/enter", code, nil).json(http.StatusOK)["token"].(string)
	log := w.call("GET", "/audit-log", w.inConsole("viewer"), nil).Body.String()
	assert.Contains(t, log, "POST /console-sessions/enter")
	assert.NotContains(t, log, token, "a viewer would be a manager")
	assert.NotContains(t, log, code)
}

func TestALinkAndASessionEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, code := w.inConsole("viewer"), w.linkFor("viewer")
	after := func(passed time.Duration) *world {
		o := w.options()
		o.Now = func() time.Time { return noon.Add(passed) }
		later := *w
		later.handler = api.New(o)
		return &later
	}
	after(session.LinkLife).call("POST", "/console-sessions/enter", code, nil).problem(401, "unauthorized")
	after(session.Life-time.Second).call("GET", "/invoices", token, nil).json(200)
	after(session.Life).call("GET", "/invoices", token, nil).problem(401, "unauthorized")
}

func TestEachRoleMayDoWhatItsNameSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	viewer, bookkeeper, manager := w.inConsole("viewer"), w.inConsole("bookkeeper"), w.inConsole("manager")
	entry := object{"date": "2026-11-20", "text": "Fees", "currency": "CHF", "lines": []object{{"account": "6940", "debit": "1.00"}, {"account": "1029", "credit": "1.00"}}}
	for _, token := range []string{viewer, bookkeeper, manager} {
		w.call("GET", "/journal", token, nil).json(200)
	}
	w.call("POST", "/manual-entries", viewer, entry).problem(403, "forbidden")
	w.call("POST", "/manual-entries", bookkeeper, entry).json(201)
	w.call("POST", "/payment-services", bookkeeper, object{"provider": "worldline_saferpay", "environment": "test"}).problem(403, "forbidden")
	w.call("PATCH", "/settings", bookkeeper, object{"language": "de"}).problem(403, "forbidden")
	w.call("PATCH", "/settings", manager, object{"language": "de"}).json(200)
	w.call("PATCH", "/settings", bookkeeper, object{"books_closed_until": "2026-09-30"}).json(200)
	w.call("PATCH", "/settings", bookkeeper, object{"books_closed_until": "2026-08-31"}).problem(403, "forbidden") // only a manager opens a period again
	w.call("PATCH", "/settings", bookkeeper, object{"books_closed_until": "2026-10-31", "language": "it"}).problem(403, "forbidden")
	keys, read := "/companies/"+w.company.ID+"/api-keys", object{"scopes": []string{"read"}}
	w.call("POST", keys, bookkeeper, read).problem(403, "forbidden")
	w.call("POST", keys, w.key, read).problem(403, "forbidden") // a key makes no keys
	w.call("POST", keys, manager, read).json(201)
	other, _ := w.newCompany("Other SA", "de")
	w.call("POST", "/companies/"+other.ID+"/api-keys", manager, read).problem(404, "not-found")
	w.call("POST", "/console-sessions", manager, object{"user": object{"id": "u_2", "name": "X"}, "role": "manager"}).problem(403, "forbidden")

	var actors []any
	for _, e := range w.call("GET", "/audit-log", w.key, nil).json(200)["data"].([]any) {
		if e := e.(object); e["action"] == "POST /manual-entries" && e["status"] == 201.0 {
			actors = append(actors, e["actor"])
		}
	}
	assert.Equal(t, []any{"C. Favre (u_1)"}, actors)
}

func TestAnOperatorSignsInByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("GET", "/invoices", operatorKey, nil).problem(403, "forbidden")
	token := w.call("POST", "/operator-sessions", operatorKey, object{"name": "Nadia Muster"}).json(201)["token"].(string)
	keys := "/companies/" + w.company.ID + "/api-keys"
	w.call("GET", keys, token, nil).json(200)
	w.call("POST", keys, token, object{"scopes": []string{"read"}}).json(201)
	log := w.call("GET", "/audit-log", w.key, nil).json(200)["data"].([]any)
	assert.Equal(t, "operator Nadia Muster", log[0].(object)["actor"])
	w.call("GET", keys, token+"x", nil).problem(401, "unauthorized")

	o := w.options()
	o.OperatorKey = func() string { return "qk_another" }
	w.handler = api.New(o)
	w.call("GET", keys, token, nil).problem(401, "unauthorized")
}

func TestTheKeysOfTheInstallationChangeWhileTheAPIRuns(t *testing.T) {
	t.Parallel()
	w, o := newWorld(t), newWorld(t).options()
	admin, operators := "qk_admin_one", "qk_operator_one"
	o.Store, o.Sessions = w.store, w.store
	o.AdminKey, o.OperatorKey = func() string { return admin }, func() string { return operators }
	w.handler = api.New(o)
	w.call("GET", "/companies", admin, nil).json(200)
	token := w.call("POST", "/operator-sessions", operators, object{"name": "Nadia Muster"}).json(201)["token"].(string)
	w.call("GET", "/companies", token, nil).json(200)

	admin, operators = "qk_admin_two", "qk_operator_two"
	w.call("GET", "/companies", "qk_admin_one", nil).problem(401, "unauthorized")
	w.call("GET", "/companies", token, nil).problem(401, "unauthorized")
	w.call("POST", "/operator-sessions", "qk_operator_one", object{"name": "Nadia Muster"}).problem(401, "unauthorized")
	w.call("GET", "/companies", admin, nil).json(200)
	w.call("POST", "/operator-sessions", operators, object{"name": "Nadia Muster"}).json(201)
}

func TestAConsoleSessionIsRefusedByField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, wrong := range map[string]object{
		"page":         {"page": "https://evil.example/console"},
		"embed_origin": {"embed_origin": "https://invoices.example/path"},
		"user.name":    {"user": object{"id": "u", "name": " "}},
		"role":         {"role": "owner"},
		"accent":       {"accent": "green"},
	} {
		body := object{"user": object{"id": "u", "name": "N"}, "role": "viewer"}
		for name, value := range wrong {
			body[name] = value
		}
		assert.Equal(t, []string{field}, w.call("POST", "/console-sessions", w.key, body).problem(422, "validation-failed"))
	}
}
