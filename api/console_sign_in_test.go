package api_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/console"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/session"
	"github.com/quittance/quittance/internal/testing/oidctest"
)

// served is the console of a world at an address of its own, in front of the same process or of an API elsewhere.
type served struct {
	*world
	url      string
	provider *oidctest.Provider
}

// serve starts the console, and a provider where the company's people and the operators sign in.
func (w *world) serve(apart bool) served {
	w.Helper()
	var pages http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { pages.ServeHTTP(rw, r) }))
	w.Cleanup(server.Close)
	p := oidctest.New(w, server.URL+"/console/sign-in/callback", server.URL+"/operator/sign-in/callback")
	o := w.options()
	o.ConsoleURL = server.URL
	o.Operators = func() session.Operators {
		return session.Operators{
			Registration: session.Registration{Issuer: p.Issuer, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret}, Claim: "groups", Value: "operations",
		}
	}
	w.handler = api.New(o)
	options := console.Options{
		APIURL: "http://api.invalid/v1", Transport: console.InProcess{Handler: w.handler}, PublicURL: server.URL, SignIns: 10,
		Logger: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return noon },
	}
	if apart {
		elsewhere := httptest.NewServer(w.handler)
		w.Cleanup(elsewhere.Close)
		options.APIURL, options.Transport = elsewhere.URL+"/v1", console.NewRemote()
	}
	pages = console.New(options)
	w.signsInAt(p)
	return served{w, server.URL, p}
}

// browser keeps cookies, reads English, and goes where it is led only when told to.
type browser struct {
	served
	http *http.Client
}

func (s served) newBrowser() browser {
	s.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(s, err)
	return browser{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// open opens an address; with a form it sends that. It returns the status, where it leads, and what the page says.
func (b browser) open(address string, form ...url.Values) (status int, to, text string) {
	b.Helper()
	if !strings.HasPrefix(address, "http") {
		address = b.url + address
	}
	method, body := http.MethodGet, ""
	if len(form) > 0 {
		method, body = http.MethodPost, form[0].Encode()
	}
	r, err := http.NewRequestWithContext(b.Context(), method, address, strings.NewReader(body))
	require.NoError(b, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", "en")
	answer, err := b.http.Do(r)
	require.NoError(b, err)
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	require.NoError(b, err)
	return answer.StatusCode, answer.Header.Get("Location"), strings.Join(strings.Fields(markup.ReplaceAllString(string(content), " ")), " ")
}

// signIn begins a sign-in there, signs the person in at the provider, and returns where that sends the browser back.
func (b browser) signIn(path string, who oidctest.Person) (back string) {
	b.Helper()
	status, to, text := b.open(path)
	require.Equal(b, http.StatusSeeOther, status, text)
	return b.provider.SignIn(b, to, who).String()
}

// speaksEnglish is a person in groups who reads English.
func speaksEnglish(groups ...any) oidctest.Person {
	who := inGroups(groups...)
	who.Claims["locale"] = "en-GB"
	return who
}

// eachWay runs a test with the console in the process of the API, and with one apart.
func eachWay(t *testing.T, test func(s served)) {
	t.Helper()
	for name, apart := range map[string]bool{"in the process of the API": false, "apart": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newWorld(t).serve(apart))
		})
	}
}

func TestSignInsThatAreRefusedAreLoggedWithTheAddress(t *testing.T) {
	t.Parallel()
	eachWay(t, func(s served) {
		b := s.newBrowser()
		for what, refused := range map[string]func(){
			"/console/sign-in":           func() { b.open("/console/sign-in", url.Values{"key": {"qk_guess"}}) },
			"/operator/sign-in":          func() { b.open("/operator/sign-in", url.Values{"name": {"Nadia"}, "key": {"qk_guess"}}) },
			"/console/enter":             func() { b.open("/console/enter?code=qcl_guess") },
			"/console/sign-in/callback":  func() { b.open("/console/sign-in/callback?code=x&state=y") },
			"/operator/sign-in/callback": func() { b.open(b.signIn("/operator/sign-in/provider", speaksEnglish("accounting"))) },
		} {
			before := len(s.log.String())
			refused()
			assert.Regexp(s, `msg="sign-in refused" route=`+what+` status=4\d\d address=127\.0\.0\.1\n`, s.log.String()[before:])
		}
		before := len(s.log.String())
		s.call("POST", "/console-sign-ins/finish", "", object{"flow": "x", "state": "y", "code": "z"})
		assert.Regexp(s, `"msg":"sign-in refused","request_id":"\w+","path":"/v1/console-sign-ins/finish","status":4\d\d,"address":"192\.0\.2\.1"`, s.log.String()[before:])
		before = len(s.log.String())
		for range 12 {
			s.call("GET", "/invoices", "qk_guess", nil)
		}
		assert.Equal(s, 10, strings.Count(s.log.String()[before:], `"msg":"key refused"`), "who goes on guessing does not fill the log")
		assert.NotContains(s, s.log.String(), "qk_guess")
	})
}

func TestAPersonComesToThePageThatSheWantedThroughHerCompanysProvider(t *testing.T) {
	t.Parallel()
	eachWay(t, func(s served) {
		s.newInvoice(invoice.Open, func(i *invoice.Invoice) { i.Number = "2026-0815" })
		b := s.newBrowser()
		back := b.signIn("/console/sign-in/"+s.company.ID+"?next=/console/invoices", speaksEnglish("accounting"))
		status, to, _ := b.open(back)
		require.Equal(s, http.StatusSeeOther, status)
		require.Equal(s, "/console/invoices", to)
		status, _, text := b.open(to)
		require.Equal(s, http.StatusOK, status)
		assert.Contains(s, text, "2026-0815")
		assert.Contains(s, text, "Claire Favre, bookkeeper")

		status, _, text = b.open(back)
		assert.Equal(s, http.StatusUnauthorized, status, "it works once")
		assert.Contains(s, text, "The sign-in did not work")
		status, _, _ = b.open("/console/invoices")
		assert.Equal(s, http.StatusOK, status, "who is in stays in")

		status, to, _ = b.open("/console/sign-out", url.Values{})
		require.Equal(s, http.StatusSeeOther, status)
		assert.Equal(s, "/console/sign-in", to)
		_, to, _ = b.open("/console/journal")
		assert.Equal(s, "/console/sign-in/"+s.company.ID+"?next=%2Fconsole%2Fjournal", to, "the next time she is led to her provider")
	})
}

func TestASignInBelongsToTheBrowserThatBeganIt(t *testing.T) {
	t.Parallel()
	s := newWorld(t).serve(false)
	start := "/console/sign-in/" + s.company.ID
	victim, attacker := s.newBrowser(), s.newBrowser()
	back := attacker.signIn(start, speaksEnglish("management"))
	status, _, _ := victim.open(back)
	assert.Equal(t, http.StatusUnauthorized, status, "nobody is signed in as somebody else by a link")
	victim.signIn(start, speaksEnglish("everybody"))
	status, _, _ = victim.open(back)
	assert.Equal(t, http.StatusUnauthorized, status, "nor when she has begun a sign-in herself")

	for _, next := range []string{"https://evil.example/console", "//evil.example/", "/operator", "/i/x"} {
		b := s.newBrowser()
		_, to, _ := b.open(b.signIn(start+"?"+url.Values{"next": {next}}.Encode(), speaksEnglish("everybody")))
		assert.Equal(t, "/console", to, next)
	}
}

func TestWhoCannotSignInIsToldWhy(t *testing.T) {
	t.Parallel()
	eachWay(t, func(s served) {
		start := "/console/sign-in/" + s.company.ID
		b := s.newBrowser()
		status, _, text := b.open(b.signIn(start, speaksEnglish("football")))
		assert.Equal(s, http.StatusForbidden, status)
		assert.Contains(s, text, "You have no role here")

		b.signIn(start, speaksEnglish("everybody"))
		status, _, text = b.open("/console/sign-in/callback?error=access_denied&state=x")
		assert.Equal(s, http.StatusUnauthorized, status, "she has changed her mind at the provider")
		assert.Contains(s, text, "Begin again.")

		for _, path := range []string{"/console/sign-in/cmp_00000000000000000000000000", "/console/sign-in/nonsense"} {
			status, _, _ = b.open(path)
			assert.Equal(s, http.StatusNotFound, status, path)
		}
		s.provider.Stop()
		status, _, text = b.open(start)
		assert.Equal(s, http.StatusServiceUnavailable, status)
		assert.Contains(s, text, "The sign-in provider does not answer")

		s.call("PATCH", "/companies/"+s.company.ID, adminKey, object{"status": "suspended"}).json(http.StatusOK)
		status, _, text = b.open(start)
		assert.Equal(s, http.StatusForbidden, status)
		assert.Contains(s, text, "Your company is suspended")
	})
}

func TestAnOperatorComesThroughTheProviderOfTheInstallation(t *testing.T) {
	t.Parallel()
	eachWay(t, func(s served) {
		b := s.newBrowser()
		_, _, text := b.open("/operator/sign-in?next=/operator/companies")
		require.Contains(s, text, "Sign in with the company account")
		start := "/operator/sign-in/provider?next=/operator/companies"
		status, _, text := b.open(b.signIn(start, speaksEnglish("management")))
		assert.Equal(s, http.StatusForbidden, status)
		assert.Contains(s, text, "You have no role here")

		_, to, _ := b.open(b.signIn(start, speaksEnglish("operations")))
		require.Equal(s, "/operator/companies", to)
		status, _, text = b.open(to)
		require.Equal(s, http.StatusOK, status)
		assert.Contains(s, text, "Demo SA")
		assert.Contains(s, text, "Claire Favre (4711)")
		status, to, _ = b.open("/operator/companies/"+s.company.ID, url.Values{"name": {"Neu AG"}, "language": {"de"}, "canton": {"ZH"}})
		require.Equal(s, http.StatusSeeOther, status, to)
		newest := s.call("GET", "/audit-log", s.key, nil).json(http.StatusOK)["data"].([]any)[0].(object)
		assert.Equal(s, "operator Claire Favre (4711)", newest["actor"])

		s.handler = api.New(s.options()) // without a provider there is no button
		_, _, text = served{s.world, s.world.during(s).plainConsole(), nil}.newBrowser().open("/operator/sign-in")
		assert.NotContains(s, text, "company account")
	})
}

// plainConsole serves the console as it is without any provider.
func (w *world) plainConsole() (address string) {
	w.Helper()
	server := httptest.NewServer(console.New(console.Options{
		APIURL: "http://api.invalid/v1", Transport: console.InProcess{Handler: w.handler}, SignIns: 10, Logger: slog.New(slog.DiscardHandler),
	}))
	w.Cleanup(server.Close)
	return server.URL
}

func TestAManagerSaysWhereHerPeopleSignIn(t *testing.T) {
	t.Parallel()
	s := newWorld(t).serve(true)
	const page = "/console/settings/sign-in"
	bookkeeper := s.newBrowser()
	bookkeeper.open(bookkeeper.signIn("/console/sign-in/"+s.company.ID, speaksEnglish("accounting")))
	b := s.newBrowser()
	b.open(b.signIn("/console/sign-in/"+s.company.ID, speaksEnglish("management")))
	_, _, text := b.open(page)
	assert.Contains(t, text, s.url+"/console/sign-in/callback")
	assert.Contains(t, text, s.url+"/console/sign-in/"+s.company.ID)
	assert.Contains(t, text, "accounting")
	assert.NotContains(t, text, oidctest.ClientSecret)

	form := url.Values{
		"issuer": {s.provider.Issuer}, "client_id": {"quittance"}, "client_secret": {""}, "role_claim": {"groups"},
		"roles_manager": {"management\r\n chiefs \r\n"}, "roles_bookkeeper": {""}, "roles_viewer": {"interns"}, "default_role": {""},
	}
	status, to, _ := b.open(page, form)
	require.Equal(t, http.StatusSeeOther, status)
	require.Equal(t, page, to)
	saved := s.call("GET", "/sign-in-provider", s.key, nil).json(http.StatusOK)
	assert.Equal(t, object{"management": "manager", "chiefs": "manager", "interns": "viewer"}, saved["roles"])
	assert.Equal(t, true, saved["has_client_secret"], "an empty field keeps the secret")

	form.Set("issuer", "https://10.0.0.1")
	status, _, text = b.open(page, form)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, text, "No OpenID Connect provider that names itself so answers at this address")
	form.Set("issuer", s.provider.Issuer)
	form.Set("roles_manager", "")
	form.Set("roles_viewer", "")
	_, _, text = b.open(page, form)
	assert.Contains(t, text, "Give somebody a role, or everybody else one.")
	assert.Equal(t, saved, s.call("GET", "/sign-in-provider", s.key, nil).json(http.StatusOK), "nothing was saved")

	for _, path := range []string{page, page + "/remove"} {
		status, _, _ = bookkeeper.open(path, url.Values{})
		assert.Equal(t, http.StatusForbidden, status, path)
	}
	status, _, _ = bookkeeper.open(page)
	assert.Equal(t, http.StatusForbidden, status)
	status, _, _ = b.open(page+"/remove", url.Values{})
	require.Equal(t, http.StatusSeeOther, status)
	_, _, text = b.open(page)
	assert.NotContains(t, text, "Link for your people", "there is nowhere to go")
	s.call("GET", "/sign-in-provider", s.key, nil).problem(http.StatusNotFound, "not-found")

	b.open("/console/sign-out", url.Values{})
	_, to, _ = b.open("/console/journal")
	require.Equal(t, "/console/sign-in/"+s.company.ID+"?next=%2Fconsole%2Fjournal", to)
	_, to, _ = b.open(to)
	assert.Equal(t, "/console/sign-in?next=%2Fconsole%2Fjournal", to, "without a provider she comes in by a key")
	_, to, _ = b.open("/console/journal")
	assert.Equal(t, "/console/sign-in?next=%2Fconsole%2Fjournal", to)
}
