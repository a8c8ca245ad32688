package oidctest

import (
	"crypto/rsa"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// client is Quittance as the provider knows it.
type client struct {
	op.Client
	id        string
	redirects []string
}

func (c client) GetID() string                       { return c.id }
func (c client) RedirectURIs() []string              { return c.redirects }
func (c client) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }
func (c client) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodBasic }
func (c client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c client) GrantTypes() []oidc.GrantType        { return []oidc.GrantType{oidc.GrantTypeCode} }
func (c client) LoginURL(id string) string           { return "/login?id=" + id }
func (c client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }
func (c client) IDTokenLifetime() time.Duration      { return time.Minute }
func (c client) DevMode() bool                       { return false }
func (c client) IsScopeAllowed(string) bool          { return true }
func (c client) ClockSkew() time.Duration            { return 0 }

// IDTokenUserinfoClaimsAssertion reports whether everything that is known of a person is signed. Most providers don't.
func (c client) IDTokenUserinfoClaimsAssertion() bool { return false }

func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string { return all } //nolint:revive,staticcheck // the library's name

func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return all }

func all(scopes []string) []string { return scopes }

// key signs. A lie has the id of the published one, so that only the signature gives it away.
type key struct{ *rsa.PrivateKey }

func (k key) ID() string                                  { return "1" }
func (k key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k key) Key() any                                    { return k.PrivateKey }

// published is the other half of a key.
type published struct{ *rsa.PrivateKey }

func (k published) ID() string                         { return "1" }
func (k published) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k published) Use() string                        { return "sig" }
func (k published) Key() any                           { return &k.PublicKey }
