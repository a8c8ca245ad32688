package api

import (
	"context"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// caller is who sent a request: the administrator, or a company by one of its keys.
type caller struct {
	admin     bool
	companyID string
	keyID     string // of the company's key
	scopes    []string
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// authenticate finds out who the caller is and refuses those without a valid key.
func (s *server) authenticate(next http.Handler) http.Handler {
	wrongKeys := s.newWrongKeys()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := s.caller(r)
		if problem.CodeOf(err) == problem.Unauthorized {
			if address, _ := clientAddress(r); wrongKeys.RespondOnLimit(w, r, address) {
				return
			}
		}
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

func (s *server) caller(r *http.Request) (caller, error) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if key = strings.TrimSpace(key); !strings.EqualFold(scheme, "Bearer") || key == "" {
		return caller{}, problem.New(problem.Unauthorized, "Send your key in the header: Authorization: Bearer <key>.")
	}
	hash := merchant.HashKey(key)
	if subtle.ConstantTimeCompare(hash, merchant.HashKey(s.AdminKey)) == 1 {
		return caller{admin: true}, nil
	}
	k, err := s.Store.APIKeyByHash(r.Context(), hash)
	if problem.CodeOf(err) == problem.NotFound {
		return caller{}, problem.New(problem.Unauthorized, "This key is wrong or has been revoked.")
	}
	if err != nil {
		return caller{}, err
	}
	now := s.now()
	if k.Expired(now) {
		return caller{}, problem.New(problem.Unauthorized, "This key expired on %s.", k.ExpiresAt.Format(time.RFC3339))
	}
	if k.Use(now) {
		if err := s.Store.UseAPIKey(r.Context(), k); err != nil {
			return caller{}, err
		}
	}
	return caller{companyID: k.CompanyID, keyID: k.ID, scopes: k.Scopes}, nil
}

// authorize reports whether the caller may do what the security requirement of a call, in openapi.yaml, asks for.
func authorize(ctx context.Context, in *openapi3filter.AuthenticationInput) error {
	c := callerOf(ctx)
	if in.SecuritySchemeName == "adminKey" {
		if !c.admin {
			return problem.New(problem.Forbidden, "This call needs the administrator's key.")
		}
		return nil
	}
	if c.admin {
		return problem.New(problem.Forbidden, "This call needs a key of a company, not the administrator's.")
	}
	scope := merchant.ScopeWrite
	if in.RequestValidationInput.Request.Method == http.MethodGet {
		scope = merchant.ScopeRead
	}
	if !slices.Contains(c.scopes, scope) {
		return problem.New(problem.Forbidden, "This key lacks the scope %q.", scope)
	}
	return nil
}
