package oidctest

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

var errUnknown = errors.New("there is no such thing here")

// storage is what the library asks of who runs it. What it never asks here is left out.
type storage struct {
	op.Storage
	*Provider
}

// request is a sign-in of a browser.
type request struct {
	op.AuthRequest
	asked       *oidc.AuthRequest
	id, subject string
	lie         Lie
	at          time.Time
}

func (r *request) GetID() string                      { return r.id }
func (r *request) GetACR() string                     { return "" }
func (r *request) GetAMR() []string                   { return nil }
func (r *request) GetAuthTime() time.Time             { return r.at }
func (r *request) GetRedirectURI() string             { return r.asked.RedirectURI }
func (r *request) GetResponseType() oidc.ResponseType { return r.asked.ResponseType }
func (r *request) GetResponseMode() oidc.ResponseMode { return r.asked.ResponseMode }
func (r *request) GetScopes() []string                { return r.asked.Scopes }
func (r *request) GetState() string                   { return r.asked.State }
func (r *request) GetSubject() string                 { return r.subject }
func (r *request) Done() bool                         { return r.subject != "" }
func (r *request) GetAudience() []string              { return []string{r.GetClientID()} }

func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: r.asked.CodeChallenge, Method: r.asked.CodeChallengeMethod}
}

func (r *request) GetClientID() string {
	if r.lie == OtherClient {
		return "another"
	}
	return r.asked.ClientID
}

func (r *request) GetNonce() string {
	if r.lie == OtherNonce {
		return "another"
	}
	return r.asked.Nonce
}

func (s storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE is needed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &request{asked: asked, id: rand.Text(), at: time.Now()}
	s.requests[r.id] = r
	return r, nil
}

func (s storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.requests[id]; r != nil {
		return r, nil
	}
	return nil, errUnknown
}

func (s storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = s.requests[id]
	return nil
}

func (s storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.codes[code]
	if r == nil {
		return nil, errUnknown
	}
	r.lie = s.lie
	return r, nil
}

// DeleteAuthRequest is called once tokens were given out: a code works once.
func (s storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	for code, r := range s.codes {
		if r.id == id {
			delete(s.codes, code)
		}
	}
	return nil
}

func (s storage) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return rand.Text(), time.Now().Add(time.Minute), nil
}

func (s storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != ClientID && id != "another" {
		return nil, errUnknown
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := client{id: id, redirects: s.redirects}
	if s.lie == OtherClient {
		c.id = "another"
	}
	return c, nil
}

func (s storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(ClientSecret)) != 1 {
		return errUnknown
	}
	return nil
}

// SetUserinfoFromScopes fills what is signed: little, as most providers do.
func (s storage) SetUserinfoFromScopes(_ context.Context, info *oidc.UserInfo, subject, _ string, _ []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	info.Subject = subject
	for name, value := range s.people[subject].Claims {
		info.AppendClaims(name, value)
	}
	return nil
}

// SetUserinfoFromToken fills what is answered when the provider is asked for more.
func (s storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, _, subject, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.people[subject]
	info.Subject, info.Name, info.Email, info.EmailVerified = who.Subject, who.Name, who.Email, oidc.Bool(who.Email != "" && !who.Unverified)
	if s.lie == OtherSubject {
		info.Subject = "another"
	}
	return nil
}

func (s storage) SigningKey(context.Context) (op.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lie == OtherKey {
		return key{s.keys[1]}, nil
	}
	return key{s.keys[0]}, nil
}

func (s storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s storage) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{published{s.keys[0]}}, nil
}

func (s storage) Health(context.Context) error { return nil }
