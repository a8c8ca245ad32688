package openid_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/openid"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/session"
	"github.com/quittance/quittance/internal/testing/oidctest"
)

const callback = "https://pay.example.ch/console/sign-in/callback"

func everywhere(context.Context, string) error { return nil }

func newClient() *openid.Client {
	return openid.New(&http.Client{Transport: http.DefaultTransport}, everywhere)
}

// describing starts a server that says of itself what describe makes of the usual.
func describing(t *testing.T, describe func(says map[string]any)) (issuer string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		base := "http://" + r.Host
		says := map[string]any{"issuer": base, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token", "jwks_uri": base + "/keys"}
		describe(says)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(says)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAProviderWhoseAddressesAreNotPrivateIsRefused(t *testing.T) {
	t.Parallel()
	require.NoError(t, newClient().Check(t.Context(), describing(t, func(map[string]any) {})))
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"} {
		for _, address := range []string{"http://login.example.ch/x", "javascript:alert(1)", "//login.example.ch", "file:///etc/passwd"} {
			issuer := describing(t, func(says map[string]any) { says[name] = address })
			require.Error(t, newClient().Check(t.Context(), issuer), "%s %s", name, address)
			_, err := newClient().Begin(t.Context(), session.Registration{Issuer: issuer, ClientID: "c"}, session.NewFlow("cmp", issuer, time.Now()), callback)
			assert.Equal(t, problem.SignInUnavailable, problem.CodeOf(err))
		}
	}
	require.Error(t, newClient().Check(t.Context(), "http://login.example.ch"))
}

func TestAnAddressThatIsRefusedIsNotAsked(t *testing.T) {
	t.Parallel()
	asked := false
	issuer := describing(t, func(map[string]any) { asked = true })
	refusing := openid.New(&http.Client{Transport: http.DefaultTransport}, func(context.Context, string) error { return errors.New("must not") })
	require.EqualError(t, refusing.Check(t.Context(), issuer), "must not")
	assert.False(t, asked)
}

func TestAnAnswerWithoutEndIsBrokenOff(t *testing.T) {
	t.Parallel()
	issuer := describing(t, func(says map[string]any) { says["more"] = strings.Repeat("x", 2<<20) })
	require.Error(t, newClient().Check(t.Context(), issuer))
}

func TestAProviderThatNamesItselfInItsAnswersMustDoSo(t *testing.T) {
	t.Parallel()
	issuer := describing(t, func(says map[string]any) { says["authorization_response_iss_parameter_supported"] = true })
	f, r := session.NewFlow("cmp", issuer, time.Now()), session.Registration{Issuer: issuer, ClientID: "c"}
	for _, named := range []string{"", "https://login.example.ch"} {
		_, err := newClient().Finish(t.Context(), r, f, callback, "code", named)
		assert.Equal(t, problem.SignInFailed, problem.CodeOf(err), named)
	}
}

func TestWhatAProviderOffersIsAskedFor(t *testing.T) {
	t.Parallel()
	issuer := describing(t, func(says map[string]any) { says["scopes_supported"] = []string{"openid", "groups", "phone"} })
	to, err := newClient().Begin(t.Context(), session.Registration{Issuer: issuer, ClientID: "c"}, session.NewFlow("cmp", issuer, time.Now()), callback)
	require.NoError(t, err)
	assert.Contains(t, to, "scope=openid+profile+email+groups&")
}

func TestTheCodeIsWorthNothingWithoutTheVerifierTheSecretAndTheCallback(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t, callback)
	good := session.Registration{Issuer: p.Issuer, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret}
	for name, c := range map[string]struct {
		spoil func(r *session.Registration, f *session.Flow, back *string)
		code  problem.Code
	}{
		"all right": {func(*session.Registration, *session.Flow, *string) {}, ""},
		"another verifier": {func(_ *session.Registration, f *session.Flow, _ *string) {
			f.Verifier = session.NewFlow("", "", time.Now()).Verifier
		}, problem.SignInFailed},
		"another nonce":    {func(_ *session.Registration, f *session.Flow, _ *string) { f.Nonce = "x" }, problem.SignInFailed},
		"another secret":   {func(r *session.Registration, _ *session.Flow, _ *string) { r.ClientSecret = "x" }, problem.SignInFailed},
		"another callback": {func(_ *session.Registration, _ *session.Flow, back *string) { *back += "x" }, problem.SignInFailed},
	} {
		f := session.NewFlow("cmp", p.Issuer, time.Now())
		to, err := newClient().Begin(t.Context(), good, f, callback)
		require.NoError(t, err, name)
		code := p.SignIn(t, to, oidctest.Person{Subject: "1", Name: "N"}).Query().Get("code")
		r, back := good, callback
		c.spoil(&r, &f, &back)
		claims, err := newClient().Finish(t.Context(), r, f, back, code, "")
		assert.Equal(t, c.code, problem.CodeOf(err), "%s: %v", name, err)
		if err == nil {
			assert.Equal(t, "N", claims.Name())
		}
	}
}
