package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/openid"
	"github.com/quittance/quittance/internal/session"
	"github.com/quittance/quittance/internal/testing/oidctest"
	"github.com/quittance/quittance/internal/webhook"
)

const (
	companyCallback  = "https://pay.example.ch/console/sign-in/callback"
	operatorCallback = "https://pay.example.ch/operator/sign-in/callback"
)

// identities speaks with providers on this machine.
func identities() *openid.Client {
	sender := webhook.NewClient(true)
	return openid.New(sender.HTTP(), sender.Check)
}

// rolesByGroup is a provider whose groups say what people may do.
func rolesByGroup(issuer string) object {
	return object{
		"issuer": issuer, "client_id": oidctest.ClientID, "client_secret": oidctest.ClientSecret, "role_claim": "groups",
		"roles": object{"accounting": "bookkeeper", "management": "manager", "everybody": "viewer"},
	}
}

// signsInAt gives the company a provider of its own.
func (w *world) signsInAt(p *oidctest.Provider) {
	w.Helper()
	w.call("PUT", "/sign-in-provider", w.key, rolesByGroup(p.Issuer)).json(http.StatusOK)
}

// sentBack is a browser that the provider has sent back.
type sentBack struct{ flow, code, state string }

func (b sentBack) body() object { return object{"code": b.code, "state": b.state, "flow": b.flow} }

// comeBack begins a sign-in and signs the person in at the provider.
func (w *world) comeBack(p *oidctest.Provider, who oidctest.Person) sentBack {
	w.Helper()
	return w.back(p, who, "/console-sign-ins", object{"company_id": w.company.ID})
}

func (w *world) back(p *oidctest.Provider, who oidctest.Person, begin string, body any) sentBack {
	w.Helper()
	begun := w.call("POST", begin, "", body).json(http.StatusCreated)
	to := p.SignIn(w, begun["url"].(string), who).Query()
	return sentBack{begun["flow"].(string), to.Get("code"), to.Get("state")}
}

// inGroups is a person of a company.
func inGroups(groups ...any) oidctest.Person {
	return oidctest.Person{Subject: "4711", Name: "Claire Favre", Email: "c.favre@example.ch", Claims: map[string]any{"groups": groups}}
}

// signIns gives the company and the operators a provider, and returns a browser that has come back from it.
func (w *world) signIns(operationID string) map[string]string {
	w.Helper()
	p := oidctest.New(w, companyCallback, operatorCallback)
	w.signsInAt(p)
	o := w.options()
	o.Operators = func() session.Operators {
		return session.Operators{Registration: session.Registration{Issuer: p.Issuer, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret}, Claim: "groups", Value: "operations"}
	}
	w.handler = api.New(o)
	b := w.comeBack(p, inGroups("management"))
	if operationID == "finishOperatorSignIn" {
		b = w.back(p, inGroups("operations"), "/operator-sign-ins", nil)
	}
	return map[string]string{"issuer": p.Issuer, "flow": b.flow, "code": b.code, "state": b.state}
}

const finish = "/console-sign-ins/finish"

func TestPeopleSignInAtTheProviderOfTheirCompany(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t, companyCallback)
	for name, c := range map[string]struct {
		groups []any
		role   string
	}{
		"one group":                   {[]any{"accounting"}, "bookkeeper"},
		"the group that may do most":  {[]any{"everybody", "management", "accounting"}, "manager"},
		"others are passed over":      {[]any{"football", 7, "everybody"}, "viewer"},
		"a group is no other's start": {[]any{"everybody", "managementx"}, "viewer"},
	} {
		w := newWorld(t)
		w.signsInAt(p)
		in := w.call("POST", finish, "", w.comeBack(p, inGroups(c.groups...)).body()).json(http.StatusOK)
		assert.Equal(t, c.role, in["role"], name)
		assert.Equal(t, object{"id": "4711", "name": "Claire Favre", "email": "c.favre@example.ch"}, in["user"], name)
		assert.Equal(t, "2026-11-22T19:00:00Z", in["expires_at"])
		assert.Equal(t, in["id"], w.call("GET", "/console-sessions/current", in["token"].(string), nil).json(http.StatusOK)["id"])
		newest := w.call("GET", "/audit-log", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(object)
		assert.Equal(t, []any{"Claire Favre (4711)", "POST " + finish, in["id"]}, []any{newest["actor"], newest["action"], newest["subject"]})
	}
}

func TestAMailAddressThatNobodyVerifiedIsNotThePersons(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	w.signsInAt(p)
	who := inGroups("everybody")
	who.Unverified = true
	in := w.call("POST", finish, "", w.comeBack(p, who).body()).json(http.StatusOK)
	assert.Equal(t, object{"id": "4711", "name": "Claire Favre"}, in["user"])
}

func TestWhoHasNoRoleDoesNotComeIn(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	w.signsInAt(p)
	for _, who := range []oidctest.Person{inGroups(), inGroups("football"), {Subject: "1", Claims: map[string]any{"groups": object{"management": true}}}} {
		w.call("POST", finish, "", w.comeBack(p, who).body()).problem(http.StatusForbidden, "sign-in-without-role")
	}
	body := rolesByGroup(p.Issuer)
	body["default_role"] = "viewer"
	w.call("PUT", "/sign-in-provider", w.key, body).json(http.StatusOK)
	assert.Equal(t, "viewer", w.call("POST", finish, "", w.comeBack(p, inGroups("football")).body()).json(http.StatusOK)["role"])
}

func TestARoleMayLieWithinOtherClaims(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	body := rolesByGroup(p.Issuer)
	body["role_claim"] = "realm_access.roles"
	w.call("PUT", "/sign-in-provider", w.key, body).json(http.StatusOK)
	who := oidctest.Person{Subject: "4711", Claims: map[string]any{"realm_access": object{"roles": []string{"accounting"}}}}
	in := w.call("POST", finish, "", w.comeBack(p, who).body()).json(http.StatusOK)
	assert.Equal(t, "bookkeeper", in["role"])
	assert.Equal(t, object{"id": "4711", "name": "4711"}, in["user"], "who has no name is called by the subject")
}

func TestASignInIsThatOfOneBrowserAndOneCompany(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback, operatorCallback)
	w.signsInAt(p)
	o := w.options()
	o.Operators = func() session.Operators {
		return session.Operators{Registration: session.Registration{Issuer: p.Issuer, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret}, Claim: "groups", Value: "management"}
	}
	w.handler = api.New(o)
	manager := inGroups("management")
	refused := func(what string, b sentBack, path string) {
		t.Helper()
		assert.Empty(t, w.call("POST", path, "", b.body()).problem(http.StatusUnauthorized, "sign-in-failed"), what)
	}

	mine, other := w.comeBack(p, manager), w.comeBack(p, manager)
	refused("another state", sentBack{mine.flow, mine.code, "x" + mine.state}, finish)
	refused("the code of another browser", sentBack{mine.flow, other.code, mine.state}, finish)
	refused("the state of another browser", sentBack{mine.flow, mine.code, other.state}, finish)
	refused("a flow that is not ours", sentBack{"AAEC", mine.code, mine.state}, finish)
	refused("a flow of a company, for operators", mine, "/operator-sign-ins/finish")
	refused("a flow of operators, for a company", w.back(p, manager, "/operator-sign-ins", nil), finish)

	last := w.comeBack(p, manager)
	w.call("POST", finish, "", last.body()).json(http.StatusOK)
	refused("a second time", last, finish)

	elsewhere := oidctest.New(t, companyCallback)
	second := *w
	second.company, second.key = w.newCompany("Andere AG", "de")
	second.signsInAt(elsewhere)
	theirs, ours := second.comeBack(elsewhere, manager), w.comeBack(p, manager)
	refused("the code of another company's provider", sentBack{ours.flow, theirs.code, ours.state}, finish)
	refused("another company's flow with our code", sentBack{theirs.flow, ours.code, theirs.state}, finish)
	named := ours.body()
	named["iss"] = elsewhere.Issuer
	w.call("POST", finish, "", named).problem(http.StatusUnauthorized, "sign-in-failed")

	moved := w.comeBack(p, manager)
	w.signsInAt(elsewhere)
	refused("the company has another provider by now", moved, finish)
}

func TestASignInEndsAfterTenMinutes(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	w.signsInAt(p)
	after := func(passed time.Duration) *world {
		o := w.options()
		o.Now = func() time.Time { return noon.Add(passed) }
		later := *w
		later.handler = api.New(o)
		return &later
	}
	late, justInTime := w.comeBack(p, inGroups("everybody")), w.comeBack(p, inGroups("everybody"))
	after(session.FlowLife).call("POST", finish, "", late.body()).problem(http.StatusUnauthorized, "sign-in-failed")
	after(session.FlowLife-time.Second).call("POST", finish, "", justInTime.body()).json(http.StatusOK)
}

func TestAProviderThatLiesIsNotBelieved(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	w.signsInAt(p)
	for what, lie := range map[string]oidctest.Lie{
		"to another sign-in": oidctest.OtherNonce, "for another application": oidctest.OtherClient,
		"signed by another key": oidctest.OtherKey, "of two people": oidctest.OtherSubject,
	} {
		back := w.comeBack(p, inGroups("management"))
		p.Say(lie)
		w.call("POST", finish, "", back.body()).problem(http.StatusUnauthorized, "sign-in-failed")
		p.Say(oidctest.None)
		t.Log(what)
	}
	assert.Contains(t, w.log.String(), "sign-in failed", "who looks after the provider is told why")
	assert.NotContains(t, w.call("GET", "/audit-log", w.key, nil).Body.String(), "console-sign-ins", "nobody came in")
}

func TestAProviderThatDoesNotAnswerIsSaid(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	w.signsInAt(p)
	back := w.comeBack(p, inGroups("management"))
	p.Stop()
	w.call("POST", "/console-sign-ins", "", object{"company_id": w.company.ID}).problem(http.StatusServiceUnavailable, "sign-in-provider-unavailable")
	answer := w.call("POST", finish, "", back.body())
	answer.problem(http.StatusServiceUnavailable, "sign-in-provider-unavailable")
	assert.NotContains(t, answer.Body.String(), "127.0.0.1", "addresses are for the log")
}

func TestASuspendedCompanyLetsNobodyIn(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	w.signsInAt(p)
	back := w.comeBack(p, inGroups("management"))
	w.call("PATCH", "/companies/"+w.company.ID, adminKey, object{"status": "suspended"}).json(http.StatusOK)
	w.call("POST", finish, "", back.body()).problem(http.StatusForbidden, "company-suspended")
	w.call("POST", "/console-sign-ins", "", object{"company_id": w.company.ID}).problem(http.StatusForbidden, "company-suspended")
}

func TestOperatorsSignInAtTheProviderOfTheInstallation(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, operatorCallback)
	assert.Equal(t, false, w.call("GET", "/operator-sign-ins", "", nil).json(http.StatusOK)["offered"])
	w.call("POST", "/operator-sign-ins", "", nil).problem(http.StatusNotFound, "not-found")

	o := w.options()
	o.OperatorKey = nil // the provider is enough
	o.Operators = func() session.Operators {
		return session.Operators{Registration: session.Registration{Issuer: p.Issuer, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret}, Claim: "groups", Value: "operations"}
	}
	w.handler = api.New(o)
	assert.Equal(t, true, w.call("GET", "/operator-sign-ins", "", nil).json(http.StatusOK)["offered"])

	without := w.back(p, inGroups("management", "operationsx"), "/operator-sign-ins", nil)
	w.call("POST", "/operator-sign-ins/finish", "", without.body()).problem(http.StatusForbidden, "sign-in-without-role")

	in := w.call("POST", "/operator-sign-ins/finish", "", w.back(p, inGroups("operations"), "/operator-sign-ins", nil).body()).json(http.StatusOK)
	assert.Equal(t, "Claire Favre (4711)", in["name"])
	w.call("PATCH", "/companies/"+w.company.ID, in["token"].(string), object{"name": "Neu AG"}).json(http.StatusOK)
	newest := w.call("GET", "/audit-log", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(object)
	assert.Equal(t, "operator Claire Favre (4711)", newest["actor"])
}

func TestACompanySaysWhereItsPeopleSignIn(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	const path = "/sign-in-provider"
	w.call("GET", path, w.key, nil).problem(http.StatusNotFound, "not-found")
	w.call("DELETE", path, w.key, nil).problem(http.StatusNotFound, "not-found")
	w.call("PUT", path, w.inConsole("bookkeeper"), rolesByGroup(p.Issuer)).problem(http.StatusForbidden, "forbidden")
	want := object{
		"issuer": p.Issuer, "client_id": "quittance", "has_client_secret": true, "role_claim": "groups",
		"roles":       object{"accounting": "bookkeeper", "management": "manager", "everybody": "viewer"},
		"sign_in_url": "https://pay.example.ch/console/sign-in/" + w.company.ID, "redirect_url": companyCallback, "updated_at": "2026-11-22T11:00:00Z",
	}
	assert.Equal(t, want, w.call("PUT", path, w.inConsole("manager"), rolesByGroup(p.Issuer)).json(http.StatusOK))
	assert.Equal(t, want, w.call("GET", path, w.key, nil).json(http.StatusOK))

	log := w.call("GET", "/audit-log", w.key, nil).Body.String()
	assert.Contains(t, log, "PUT /sign-in-provider")
	assert.NotContains(t, log, oidctest.ClientSecret)

	unchanged := rolesByGroup(p.Issuer)
	delete(unchanged, "client_secret")
	assert.Equal(t, true, w.call("PUT", path, w.key, unchanged).json(http.StatusOK)["has_client_secret"])
	another := rolesByGroup(oidctest.New(t).Issuer)
	delete(another, "client_secret")
	assert.Equal(t, false, w.call("PUT", path, w.key, another).json(http.StatusOK)["has_client_secret"], "a secret is told to no other provider")
	require.Equal(t, http.StatusNoContent, w.call("DELETE", path, w.key, nil).Code)
	w.call("POST", "/console-sign-ins", "", object{"company_id": w.company.ID}).problem(http.StatusNotFound, "not-found")

	w.call("PUT", path, adminKey, rolesByGroup(p.Issuer)).problem(http.StatusUnprocessableEntity, "validation-failed")
	w.call("PUT", path+"?company_id=cmp_00000000000000000000000000", adminKey, rolesByGroup(p.Issuer)).problem(http.StatusNotFound, "not-found")
	w.call("PUT", path+"?company_id="+w.company.ID, adminKey, rolesByGroup(p.Issuer)).json(http.StatusOK)
	assert.Equal(t, want, w.call("GET", path, w.key, nil).json(http.StatusOK))
}

func TestAProviderIsTriedBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	down := oidctest.New(t)
	down.Stop()
	for name, c := range map[string]struct {
		field, value string
		fields       []string
	}{
		"not an address":       {"issuer", "login", []string{"issuer"}},
		"another scheme":       {"issuer", "ftp://127.0.0.1", []string{"issuer"}},
		"a query":              {"issuer", p.Issuer + "?x", []string{"issuer"}},
		"a user":               {"issuer", strings.Replace(p.Issuer, "://", "://u@", 1), []string{"issuer"}},
		"not on the internet":  {"issuer", "https://10.0.0.1", []string{"issuer"}},
		"a place of the cloud": {"issuer", "https://169.254.169.254", []string{"issuer"}},
		"nobody answers":       {"issuer", down.Issuer, []string{"issuer"}},
		"it names itself else": {"issuer", p.Issuer + "/", []string{"issuer"}},
		"no claim":             {"role_claim", "", []string{"role_claim"}},
		"no client":            {"client_id", " ", []string{"client_id"}},
	} {
		body := rolesByGroup(p.Issuer)
		body[c.field] = c.value
		assert.Equal(t, c.fields, w.call("PUT", "/sign-in-provider", w.key, body).problem(http.StatusUnprocessableEntity, "validation-failed"), name)
	}
	body := rolesByGroup(p.Issuer)
	body["roles"] = object{}
	assert.Equal(t, []string{"roles"}, w.call("PUT", "/sign-in-provider", w.key, body).problem(http.StatusUnprocessableEntity, "validation-failed"))
	w.call("GET", "/sign-in-provider", w.key, nil).problem(http.StatusNotFound, "not-found")

	guarded := w.options()
	sender := webhook.NewClient(false)
	guarded.Identities = openid.New(sender.HTTP(), sender.Check)
	w.handler = api.New(guarded)
	assert.Equal(t, []string{"issuer"}, w.call("PUT", "/sign-in-provider", w.key, rolesByGroup(p.Issuer)).problem(http.StatusUnprocessableEntity, "validation-failed"))
}

func TestAnAddressBeginsSoManySignInsAMinute(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	w.signsInAt(p)
	o := w.options()
	o.Limits.SignIns = 2
	w.handler = api.New(o)
	begin := object{"company_id": w.company.ID}
	for range 2 {
		w.call("POST", "/console-sign-ins", "", begin).json(http.StatusCreated)
	}
	w.call("POST", "/console-sign-ins", "", begin).problem(http.StatusTooManyRequests, "too-many-requests")
	w.call("POST", finish, "", sentBack{"AA", "c", "s"}.body()).problem(http.StatusUnauthorized, "sign-in-failed")
	w.call("GET", "/settings", w.key, nil).json(http.StatusOK)
}

// The address that a browser gets holds nothing that could finish the sign-in elsewhere.
func TestTheProviderLearnsOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), oidctest.New(t, companyCallback)
	w.signsInAt(p)
	begun := w.call("POST", "/console-sign-ins", "", object{"company_id": w.company.ID}).json(http.StatusCreated)
	to, err := url.Parse(begun["url"].(string))
	require.NoError(t, err)
	q := to.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "quittance", "redirect_uri": companyCallback, "code_challenge_method": "S256", "scope": "openid profile email",
	} {
		assert.Equal(t, want, q.Get(name), name)
	}
	assert.Len(t, q.Get("code_challenge"), 43)
	assert.NotEqual(t, q.Get("state"), q.Get("nonce"))
	assert.Len(t, q, 8)
}
