// Package openid lets people sign in at a provider of their own (OpenID Connect Core 1.0, authorization code flow with PKCE). It keeps
// nothing: what a provider says of itself is read each time.
package openid

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/session"
)

const (
	// patience is how long all answers of a provider may take together, while a person waits.
	patience = 10 * time.Second
	// maxAnswer is the longest answer of a provider, in bytes.
	maxAnswer = 1 << 20
)

// Client speaks with providers. It is safe for concurrent use; get one from New.
type Client struct {
	http  *http.Client
	check func(ctx context.Context, url string) error
}

// New returns a client that sends with that HTTP client, which decides where requests may go. check returns what is wrong with an
// address at which a provider is said to be, as the end of a sentence; nil when every address is right.
func New(sender *http.Client, check func(ctx context.Context, url string) error) *Client {
	limited := *sender
	limited.Transport = shortAnswers{sender.Transport}
	return &Client{&limited, check}
}

// provider is what a provider says of itself (OpenID Connect Discovery 1.0, 3).
type provider struct {
	*oidc.Provider
	JWKS        string   `json:"jwks_uri"`
	Scopes      []string `json:"scopes_supported"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	NamesItself bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

// Check returns nil when there is a provider at the address of the issuer, else what is wrong with it as the end of a sentence that
// begins with "issuer". It says nothing of what answered in its place.
func (c *Client) Check(ctx context.Context, issuer string) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	if err := c.check(ctx, issuer); err != nil {
		return err
	}
	_, err := discover(ctx, issuer)
	if _, other := errors.AsType[*oidc.IssuerMismatchError](err); other {
		return errors.New("must be written exactly as the provider names itself in /.well-known/openid-configuration")
	}
	if err != nil {
		return errors.New("must lead to an OpenID Connect provider, which answers at /.well-known/openid-configuration")
	}
	return nil
}

// Begin returns the address at which a browser signs in for the flow, and from which it comes back to callback.
// problem.SignInUnavailable when the provider doesn't answer.
func (c *Client) Begin(ctx context.Context, r session.Registration, f session.Flow, callback string) (string, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	p, err := discover(ctx, r.Issuer)
	if err != nil {
		return "", unavailable(err)
	}
	return p.config(r, callback).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

// Finish returns what the provider says of the person who comes back with the code; issuer is what the browser says of who sent it
// (RFC 9207), empty when it says nothing. problem.SignInFailed when that is not for us or not for this flow,
// problem.SignInUnavailable when the provider doesn't answer.
func (c *Client) Finish(ctx context.Context, r session.Registration, f session.Flow, callback, code, issuer string) (session.Claims, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	p, err := discover(ctx, r.Issuer)
	if err != nil {
		return nil, unavailable(err)
	}
	if issuer != r.Issuer && (issuer != "" || p.NamesItself) {
		return nil, refused("The answer comes from another provider.")
	}
	token, err := p.config(r, callback).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refusal.Response.StatusCode < http.StatusInternalServerError {
		return nil, refused("The provider does not take the code (%s).", refusal.ErrorCode)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	signed, _ := token.Extra("id_token").(string)
	claims, err := p.verify(ctx, signed, r.ClientID, f.Nonce)
	if err != nil {
		return nil, err
	}
	return p.complete(ctx, claims, token)
}

// within returns a context that ends with our patience, and carries our HTTP client to both libraries.
func (c *Client) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(oidc.ClientContext(ctx, c.http), patience)
}

// discover reads what the provider says of itself.
func discover(ctx context.Context, issuer string) (p provider, err error) {
	if !private(issuer) {
		return p, fmt.Errorf("%q is not https", issuer)
	}
	if p.Provider, err = oidc.NewProvider(ctx, issuer); err != nil {
		return p, err
	}
	if err := p.Claims(&p); err != nil {
		return p, err
	}
	addresses := []string{p.Endpoint().AuthURL, p.Endpoint().TokenURL, p.JWKS}
	if p.UserInfoEndpoint() != "" {
		addresses = append(addresses, p.UserInfoEndpoint())
	}
	for _, address := range addresses {
		if !private(address) {
			return p, fmt.Errorf("the provider names %q, which is not https", address)
		}
	}
	return p, nil
}

// private reports whether nobody on the way can read what is sent to the address: https, or this machine.
func private(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
}

func (p provider) config(r session.Registration, callback string) *oauth2.Config {
	endpoint := p.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	if r.ClientSecret != "" && (len(p.AuthMethods) == 0 || slices.Contains(p.AuthMethods, "client_secret_basic")) {
		endpoint.AuthStyle = oauth2.AuthStyleInHeader
	}
	scopes := []string{oidc.ScopeOpenID, "profile", "email"}
	for _, more := range []string{"groups", "roles"} { // some providers tell them only when asked
		if slices.Contains(p.Scopes, more) {
			scopes = append(scopes, more)
		}
	}
	return &oauth2.Config{ClientID: r.ClientID, ClientSecret: r.ClientSecret, Endpoint: endpoint, RedirectURL: callback, Scopes: scopes}
}

// verify returns what the provider signed: by its key, for this client, not expired, and for this flow (OpenID Connect Core 1.0,
// 3.1.3.7).
func (p provider) verify(ctx context.Context, signed, clientID, nonce string) (session.Claims, error) {
	token, err := p.VerifierContext(ctx, &oidc.Config{ClientID: clientID}).Verify(ctx, signed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", refused("What the provider says can't be believed."), err)
	}
	if token.Nonce != nonce {
		return nil, refused("The provider answers another sign-in.")
	}
	var claims session.Claims
	if err := token.Claims(&claims); err != nil {
		return nil, refused("What the provider says can't be read.")
	}
	if party, said := claims["azp"]; said && party != clientID {
		return nil, refused("The provider answers another application.")
	}
	return claims, nil
}

// complete adds what the provider says only when it is asked once more (OpenID Connect Core 1.0, 5.3). What it signed stays.
func (p provider) complete(ctx context.Context, claims session.Claims, token *oauth2.Token) (session.Claims, error) {
	if p.UserInfoEndpoint() == "" {
		return claims, nil
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, unavailable(err)
	}
	var more session.Claims
	if err := info.Claims(&more); err != nil {
		return nil, unavailable(err)
	}
	if more["sub"] != claims["sub"] {
		return nil, refused("The provider speaks of two people.")
	}
	for name, value := range more {
		if _, said := claims[name]; !said {
			claims[name] = value
		}
	}
	return claims, nil
}

func refused(format string, args ...any) error {
	return problem.New(problem.SignInFailed, format+" Begin again.", args...)
}

// unavailable keeps the reason for the log; it may hold addresses, which are none of the caller's business.
func unavailable(err error) error {
	return fmt.Errorf("%w: %w", problem.New(problem.SignInUnavailable, "The sign-in provider does not answer as it should at the moment. Try again in a minute."), err)
}

// shortAnswers breaks off answers that are too long: they are read into memory.
type shortAnswers struct{ http.RoundTripper }

func (t shortAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err
}
