// Package oidctest runs an OpenID Connect provider on this machine: the certified library of Zitadel, which signs, and checks the
// client, its redirect URI and PKCE as any provider does. Only its people are made up, and need no password.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"
)

// Client is how every provider of this package knows Quittance.
const (
	ClientID     = "quittance"
	ClientSecret = "s3cr3t-of-quittance"
)

// Person is somebody whom a provider knows.
type Person struct {
	Subject, Name, Email string
	Unverified           bool           // the mail address
	Claims               map[string]any // more that is said of the person
}

// Lie is what a provider says wrongly, as one does that is misconfigured, or not the one that it says.
type Lie int

// The lies of a provider.
const (
	None         Lie = iota
	OtherNonce       // its answer is to another sign-in
	OtherClient      // its answer is for another application
	OtherKey         // its answer is signed by a key that it doesn't publish
	OtherSubject     // it says something of somebody else when it is asked for more
)

// Provider is a provider that runs until its test ends.
type Provider struct {
	Issuer string
	server *httptest.Server
	keys   []*rsa.PrivateKey // the one that it publishes, and another

	mu        sync.Mutex
	redirects []string
	lie       Lie
	requests  map[string]*request // by id
	codes     map[string]*request
	people    map[string]Person // by subject
}

// New starts a provider that sends browsers back to those addresses only.
func New(t testing.TB, redirects ...string) *Provider {
	t.Helper()
	p := &Provider{redirects: redirects, requests: map[string]*request{}, codes: map[string]*request{}, people: map[string]Person{}}
	for range 2 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		p.keys = append(p.keys, key)
	}
	var handler http.Handler
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(p.server.Close)
	p.Issuer = p.server.URL
	provider, err := op.NewProvider(&op.Config{
		CryptoKey: sha256.Sum256([]byte(rand.Text())), CodeMethodS256: true, SupportedUILocales: []language.Tag{language.English},
	}, storage{Provider: p}, op.StaticIssuer(p.Issuer), op.WithAllowInsecure(), op.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	require.NoError(t, err)
	handler = provider
	return p
}

// Stop makes the provider one that doesn't answer.
func (p *Provider) Stop() { p.server.Close() }

// Say makes the provider lie from now on.
func (p *Provider) Say(lie Lie) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lie = lie
}

// SignIn is a browser at the address to which it was sent, whose person signs in there. It returns where the provider sends it back.
func (p *Provider) SignIn(t testing.TB, address string, who Person) *url.URL {
	t.Helper()
	login := follow(t, address)
	p.mu.Lock()
	r := p.requests[login.Query().Get("id")]
	require.NotNil(t, r, "the provider refuses the request: %s", login)
	r.subject = who.Subject
	p.people[who.Subject] = who
	p.mu.Unlock()
	return follow(t, p.Issuer+"/authorize/callback?id="+r.id)
}

// follow opens an address and returns where it leads.
func follow(t testing.TB, address string) *url.URL {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	to, err := answer.Location()
	body, _ := io.ReadAll(answer.Body)
	require.NoError(t, err, "%s: %s", answer.Status, body)
	return to
}
