package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/hashicorp/golang-lru/v2/expirable"

	"github.com/quittance/quittance/internal/audit"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/session"
)

// caller is who sent a request: the administrator or an operator, or a company by one of its keys or in a session of the console.
type caller struct {
	admin     bool
	operator  string // the name of the operator who acts as the administrator; empty for the administrator's key
	opens     bool   // the operators' key itself, which only opens sessions of operators
	companyID string
	keyID     string // of the company's key or session
	scopes    []string
	session   session.Session // zero for a key
	link      []byte          // the hash of the link's code, which only opens the session
	nobody    bool            // a call that needs no key, see signIns
	fetches   bool            // this process itself, see Importer
	address   string          // of the client
}

// actor returns how the audit log and decisions name the caller.
func (c caller) actor() string {
	switch {
	case c.operator != "":
		return audit.Operator + " " + c.operator
	case c.admin:
		return audit.Administrator
	case c.session.ID != "":
		return c.session.User.Actor()
	case c.fetches:
		return settlementSource
	default:
		return c.keyID
	}
}

// author returns who asks for a change.
func (c caller) author() merchant.Author { return merchant.Author{By: c.actor(), Address: c.address} }

// origin returns on whose behalf the caller commands workflows.
func (c caller) origin(requestID string) origin.Origin {
	o := origin.Origin{Kind: origin.Merchant, Who: c.actor(), CompanyID: c.companyID, RequestID: requestID}
	switch {
	case c.admin:
		o.Kind = origin.Operator
	case c.fetches:
		o.Kind = origin.Process
	}
	return o
}

// onBehalfOf has handlers command workflows on behalf of those who show no key.
func onBehalfOf(o origin.Origin) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			o := o
			o.RequestID = requestID(r.Context())
			next.ServeHTTP(w, r.WithContext(origin.With(r.Context(), o)))
		})
	}
}

type callerKey struct{}

// as returns the context of what the caller does.
func as(ctx context.Context, c caller) context.Context {
	return origin.With(context.WithValue(ctx, callerKey{}, c), c.origin(requestID(ctx)))
}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// How many valid keys a process remembers, and for how long.
const (
	knownKeys    = 10_000
	knownKeysFor = 15 * time.Minute
)

// authenticate finds out who the caller is and refuses those without a valid key. An address from which too many wrong keys came is only
// heard with a key that was valid a moment ago.
func (s *server) authenticate(next http.Handler) http.Handler {
	wrongKeys := s.newWrongKeys()
	known := expirable.NewLRU[[sha256.Size]byte, struct{}](knownKeys, nil, knownKeysFor) // whom wrong keys of the same address don't lock out
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := callerOf(r.Context()); c.fetches {
			next.ServeHTTP(w, r.WithContext(as(r.Context(), c)))
			return
		}
		if isSignIn(r) {
			next.ServeHTTP(w, r.WithContext(as(r.Context(), caller{nobody: true})))
			return
		}
		address, _ := clientAddress(r)
		key := sha256.Sum256([]byte(r.Header.Get("Authorization")))
		_, wrong, _ := wrongKeys.Status(address)
		if wrong >= wrongKeysPerMinute && !known.Contains(key) && wrongKeys.RespondOnLimit(w, r, address) {
			return // without a look into the database
		}
		c, err := s.caller(r)
		if code := problem.CodeOf(err); code == problem.Unauthorized || code == problem.AddressNotAllowed {
			if code == problem.Unauthorized && wrong < wrongKeysLogged {
				s.Logger.WarnContext(r.Context(), "key refused", "request_id", requestID(r.Context()), "address", address)
			}
			if wrongKeys.RespondOnLimit(w, r, address) {
				return
			}
		}
		if err == nil {
			known.Add(key, struct{}{})
		}
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		c.address = remoteAddress(r)
		next.ServeHTTP(w, r.WithContext(as(r.Context(), c)))
	})
}

func (s *server) caller(r *http.Request) (caller, error) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if key = strings.TrimSpace(key); !strings.EqualFold(scheme, "Bearer") || key == "" {
		return caller{}, problem.New(problem.Unauthorized, "Send your key in the header: Authorization: Bearer <key>.")
	}
	hash := merchant.HashKey(key)
	if subtle.ConstantTimeCompare(hash, merchant.HashKey(s.AdminKey())) == 1 {
		return caller{admin: true}, nil
	}
	switch {
	case strings.HasPrefix(key, session.OperatorPrefix):
		o, err := session.OpenOperator(key, s.OperatorKey(), s.Sealer, s.now())
		return caller{admin: true, operator: o.Name}, err
	case subtle.ConstantTimeCompare(hash, merchant.HashKey(s.OperatorKey())) == 1: // never an empty one: key is not
		return caller{opens: true}, nil
	case strings.HasPrefix(key, session.TokenPrefix), strings.HasPrefix(key, session.LinkPrefix):
		return s.sessionCaller(r.Context(), hash)
	}
	k, err := s.Store.APIKeyByHash(r.Context(), hash)
	if problem.CodeOf(err) == problem.NotFound {
		return caller{}, problem.New(problem.Unauthorized, "This key is wrong or has been revoked.")
	}
	if err != nil {
		return caller{}, err
	}
	if k.Suspended {
		return caller{}, suspended()
	}
	now := s.now()
	if k.Expired(now) {
		return caller{}, problem.New(problem.Unauthorized, "This key expired on %s.", k.ExpiresAt.Format(time.RFC3339))
	}
	c := caller{companyID: k.CompanyID, keyID: k.ID, scopes: k.Scopes, address: remoteAddress(r)}
	if !k.Allows(c.address) {
		return c, s.stranger(r, c)
	}
	if k.Use(now) {
		if err := s.Store.UseAPIKey(r.Context(), k); err != nil {
			return caller{}, err
		}
	}
	return c, nil
}

// strangersAnHour is how many calls with a key from a wrong address are noted in the log and in the audit log, by key.
const strangersAnHour = 20

// stranger returns the problem of a call with a key that works elsewhere only. Whoever sent it has the key, so it is noted.
func (s *server) stranger(r *http.Request, c caller) error {
	refused := problem.New(problem.AddressNotAllowed, "This key does not work from the address %s.", c.address)
	ctx := r.Context()
	if s.strangers.take(c.keyID, s.now(), "calls from elsewhere") != nil {
		return refused
	}
	s.Logger.WarnContext(ctx, "key used from a wrong address", "request_id", requestID(ctx), "company", c.companyID, "key", c.keyID, "address", c.address)
	e := audit.Entry{
		ID: id.New(id.AuditEntry), CompanyID: c.companyID, At: s.now(), Actor: c.actor(), RequestID: requestID(ctx),
		Action: r.Method + " " + s.pattern(r), Subject: c.keyID, Status: http.StatusForbidden, Problem: string(problem.AddressNotAllowed),
		Changes: map[string]audit.Change{"address": {After: json.RawMessage(strconv.Quote(c.address))}},
	}
	if err := inCompany(ctx, s.Store, c.companyID, func(tx AuditTx) error { return tx.NoteWrite(ctx, e) }); err != nil {
		return err
	}
	return refused
}

// sessionCaller returns the person who shows a token, or the code of a link.
func (s *server) sessionCaller(ctx context.Context, hash []byte) (caller, error) {
	c, err := s.Sessions.ConsoleSession(ctx, hash)
	if problem.CodeOf(err) == problem.NotFound {
		return caller{}, problem.New(problem.Unauthorized, "This session has ended, or its link was used already.")
	}
	if err != nil {
		return caller{}, err
	}
	if c.Suspended {
		return caller{}, suspended()
	}
	if c.EnteredAt.IsZero() {
		return caller{companyID: c.CompanyID, keyID: c.ID, session: c, link: hash}, nil
	}
	if !c.Open(s.now()) {
		return caller{}, problem.New(problem.Unauthorized, "This session ended at %s.", c.ExpiresAt.Format(time.RFC3339))
	}
	scopes := []string{merchant.ScopeRead}
	if c.Role != session.Viewer {
		scopes = append(scopes, merchant.ScopeWrite)
	}
	return caller{companyID: c.CompanyID, keyID: c.ID, scopes: scopes, session: c}, nil
}

func suspended() error {
	return problem.New(problem.CompanySuspended, "This company is suspended. Its payments go on; ask the operator of Quittance.")
}

// authorize reports whether the caller may do what the security requirement of a call, in openapi.yaml, asks for. Its extensions are
// x-scopes, one of which the key needs, x-role, when a bookkeeper may make a call that writes, and x-caller, when only a session may
// make it.
func authorize(ctx context.Context, in *openapi3filter.AuthenticationInput) error {
	c, call := callerOf(ctx), in.RequestValidationInput
	switch in.SecuritySchemeName {
	case "linkCode":
		return allowed(c.link != nil, "This call needs the code of a console link.")
	case "operatorKey":
		return allowed(c.opens, "This call needs the operators' key.")
	case "adminKey":
		return allowed(c.admin, "This call needs the administrator's key.")
	}
	if c.admin {
		return problem.New(problem.Forbidden, "This call needs a key of a company, not the administrator's.")
	}
	if c.link != nil || c.opens {
		return problem.New(problem.Forbidden, "This call needs a key of a company.")
	}
	if companyID, named := call.PathParams["company_id"]; named && companyID != c.companyID {
		return problem.New(problem.NotFound, "There is no company %s.", companyID)
	}
	rules := call.Route.Operation.Extensions
	scopes := textsOf(rules["x-scopes"])
	if !slices.ContainsFunc(scopes, func(scope string) bool { return slices.Contains(c.scopes, scope) }) {
		if c.session.Role != "" {
			return problem.New(problem.Forbidden, "You may look, but not change anything. Ask a manager of your company.")
		}
		return problem.New(problem.Forbidden, "This call needs a key with the scope %s. Yours has: %s.", strings.Join(scopes, " or "), strings.Join(c.scopes, ", "))
	}
	if c.session.Role == session.Bookkeeper && slices.Contains(scopes, merchant.ScopeWrite) && rules["x-role"] != string(session.Bookkeeper) {
		return problem.New(problem.Forbidden, "Only a manager of your company may do this.")
	}
	return allowed(rules["x-caller"] != "session" || c.session.Role != "", "This call is for people in the console, not for keys.")
}

// textsOf returns the texts of a list in an extension.
func textsOf(list any) []string {
	values, _ := list.([]any)
	return mapped(values, func(value any) string { return fmt.Sprint(value) })
}

func allowed(yes bool, otherwise string) error {
	if yes {
		return nil
	}
	return problem.New(problem.Forbidden, "%s", otherwise)
}
