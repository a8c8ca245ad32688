package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/audit"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/session"
)

// SignInTx is what signing in at a company's provider needs of a transaction.
type SignInTx interface {
	SecurityTx
	Company(ctx context.Context) (merchant.Company, error)
	SignInProvider(ctx context.Context) (session.Provider, error)
	SaveSignInProvider(ctx context.Context, p session.Provider) error
	DeleteSignInProvider(ctx context.Context) error
	NoteWrite(ctx context.Context, e audit.Entry) error
}

// Where browsers come back from a provider, below the console's address.
const (
	companyCallback  = session.Home + "/sign-in/callback"
	operatorCallback = "/operator/sign-in/callback"
)

// isSignIn reports whether the call is one with which people without a key begin or finish a sign-in.
func isSignIn(r *http.Request) bool {
	first := segmentsOf(r)[0]
	return first == "console-sign-ins" || first == "operator-sign-ins"
}

// logSignIns writes a line, with the address, for each sign-in that is refused.
func (s *server) logSignIns(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !isSignIn(r) {
			next.ServeHTTP(w, r)
			return
		}
		recorder := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(recorder, r)
		if status := recorder.Status(); status >= http.StatusBadRequest && status < http.StatusInternalServerError {
			address, _ := clientAddress(r)
			s.Logger.WarnContext(r.Context(), "sign-in refused", "request_id", requestID(r.Context()), "path", r.URL.Path, "status", status, "address", address)
		}
	})
}

// BeginConsoleSignIn answers POST /console-sign-ins.
func (s *server) BeginConsoleSignIn(ctx context.Context, r spec.BeginConsoleSignInRequestObject) (spec.BeginConsoleSignInResponseObject, error) {
	_, provider, registration, err := s.providerOf(ctx, r.Body.CompanyID)
	if err != nil {
		return nil, err
	}
	begun, err := s.begin(ctx, s.Identities, registration, session.NewFlow(provider.CompanyID, provider.Issuer, s.now()), companyCallback)
	return spec.BeginConsoleSignIn201JSONResponse(begun), err
}

// FinishConsoleSignIn answers POST /console-sign-ins/finish.
func (s *server) FinishConsoleSignIn(ctx context.Context, r spec.FinishConsoleSignInRequestObject) (spec.FinishConsoleSignInResponseObject, error) {
	f, err := session.OpenFlow(r.Body.Flow, r.Body.State, false, s.Sealer, s.now())
	if err != nil {
		return nil, err
	}
	company, provider, registration, err := s.providerOf(ctx, f.CompanyID)
	if err != nil {
		return nil, err
	}
	claims, err := s.finish(ctx, s.Identities, registration, f, companyCallback, r.Body)
	if err != nil {
		return nil, err
	}
	user, role := claims.User(), provider.RoleOf(claims)
	if role == "" {
		s.Logger.InfoContext(ctx, "sign-in without role", "request_id", requestID(ctx), "company", company.ID)
		return nil, problem.New(problem.SignInWithoutRole, "%s may not open the console of %s. Ask a manager of your company for a role.", user.Name, company.Name)
	}
	entered, token, err := s.openSession(ctx, session.Session{
		ID: id.New(id.ConsoleSession), CompanyID: company.ID, Role: role, User: user, Language: claims.Language(invoice.Languages, company.Language),
	})
	if err != nil {
		return nil, err
	}
	answer, err := s.shownEntered(ctx, entered, token)
	return spec.FinishConsoleSignIn200JSONResponse(answer), err
}

// openSession opens a session as if by a link, and notes it in the audit log of its company.
func (s *server) openSession(ctx context.Context, c session.Session) (entered session.Session, token string, err error) {
	code, c, err := session.New(c, s.now())
	if err != nil {
		return c, "", notKept(err)
	}
	if err := s.Sessions.CreateConsoleSession(ctx, c); err != nil {
		return c, "", err
	}
	err = inCompany(ctx, s.Store, c.CompanyID, func(tx SignInTx) error {
		return tx.NoteWrite(ctx, audit.Entry{
			ID: id.New(id.AuditEntry), CompanyID: c.CompanyID, At: s.now(), Actor: c.User.Actor(), RequestID: requestID(ctx),
			Action: "POST /console-sign-ins/finish", Subject: c.ID, Status: http.StatusOK,
		})
	})
	if err != nil {
		return c, "", err
	}
	entered, err = s.Sessions.EnterConsole(ctx, session.Hash(code), func(c *session.Session) (err error) {
		token, err = c.Enter(s.now())
		return err
	})
	return entered, token, err
}

// notKept returns what a person is told when the provider says something of her that is not taken. There is no form to correct it in.
func notKept(err error) error {
	if problem.CodeOf(err) == problem.Invalid {
		return problem.New(problem.SignInFailed, "What the provider says of this person can't be kept: %s.", err)
	}
	return err
}

// GetOperatorSignIn answers GET /operator-sign-ins.
func (s *server) GetOperatorSignIn(context.Context, spec.GetOperatorSignInRequestObject) (spec.GetOperatorSignInResponseObject, error) {
	return spec.GetOperatorSignIn200JSONResponse{Offered: s.Operators().Issuer != ""}, nil
}

// BeginOperatorSignIn answers POST /operator-sign-ins.
func (s *server) BeginOperatorSignIn(ctx context.Context, _ spec.BeginOperatorSignInRequestObject) (spec.BeginOperatorSignInResponseObject, error) {
	at, err := s.operatorsSignIn()
	if err != nil {
		return nil, err
	}
	begun, err := s.begin(ctx, s.OperatorIdentities, at.Registration, session.NewFlow("", at.Issuer, s.now()), operatorCallback)
	return spec.BeginOperatorSignIn201JSONResponse(begun), err
}

// FinishOperatorSignIn answers POST /operator-sign-ins/finish.
func (s *server) FinishOperatorSignIn(ctx context.Context, r spec.FinishOperatorSignInRequestObject) (spec.FinishOperatorSignInResponseObject, error) {
	at, err := s.operatorsSignIn()
	if err != nil {
		return nil, err
	}
	f, err := session.OpenFlow(r.Body.Flow, r.Body.State, true, s.Sealer, s.now())
	if err != nil {
		return nil, err
	}
	claims, err := s.finish(ctx, s.OperatorIdentities, at.Registration, f, operatorCallback, r.Body)
	if err != nil {
		return nil, err
	}
	if !at.Includes(claims) {
		s.Logger.WarnContext(ctx, "operator sign-in refused", "request_id", requestID(ctx), "person", claims.User().Actor())
		return nil, problem.New(problem.SignInWithoutRole, "%s is no operator.", claims.Name())
	}
	// The subject stands there too: in many companies people choose their names themselves.
	token, o, err := session.NewOperator(claims.User().Actor(), s.OperatorKey(), s.Sealer, s.now())
	if err != nil {
		return nil, notKept(err)
	}
	s.Logger.InfoContext(ctx, "operator signed in", "request_id", requestID(ctx), "operator", o.Name)
	return spec.FinishOperatorSignIn200JSONResponse{Token: token, Name: o.Name, ExpiresAt: o.ExpiresAt}, nil
}

// operatorsSignIn returns where operators sign in, or problem.NotFound.
func (s *server) operatorsSignIn() (session.Operators, error) {
	at := s.Operators()
	if at.Issuer == "" {
		return at, problem.New(problem.NotFound, "This installation has no sign-in provider for its operators.")
	}
	return at, nil
}

// begin returns where a browser signs in for the flow.
func (s *server) begin(ctx context.Context, at Identities, r session.Registration, f session.Flow, callback string) (spec.SignIn, error) {
	url, err := at.Begin(ctx, r, f, s.ConsoleURL+callback)
	if err != nil {
		return spec.SignIn{}, err
	}
	sealed, err := f.Seal(s.Sealer)
	return spec.SignIn{URL: url, Flow: sealed, ExpiresAt: f.ExpiresAt}, err
}

// finish returns what the provider says of the person who comes back to the flow.
func (s *server) finish(ctx context.Context, at Identities, r session.Registration, f session.Flow, callback string, back *spec.SignInAnswer) (session.Claims, error) {
	if f.Issuer != r.Issuer {
		return nil, problem.New(problem.SignInFailed, "Your company signs in elsewhere by now. Begin again.")
	}
	claims, err := at.Finish(ctx, r, f, s.ConsoleURL+callback, back.Code, deref(back.Iss))
	if problem.CodeOf(err) == problem.SignInFailed { // who looks after the provider wants to know why
		s.Logger.WarnContext(ctx, "sign-in failed", "request_id", requestID(ctx), "company", f.CompanyID, "error", err)
	}
	return claims, err
}

// providerOf returns where the people of a company sign in. problem.NotFound when they can't, or there is no such company, and
// problem.CompanySuspended.
func (s *server) providerOf(ctx context.Context, companyID string) (company merchant.Company, p session.Provider, r session.Registration, err error) {
	err = inCompany(ctx, s.Store, companyID, func(tx SignInTx) error {
		if p, err = tx.SignInProvider(ctx); err != nil {
			return err
		}
		company, err = tx.Company(ctx)
		return err
	})
	if err == nil && company.Suspended {
		err = suspended()
	}
	if err != nil {
		return company, p, r, err
	}
	r = session.Registration{Issuer: p.Issuer, ClientID: p.ClientID}
	if p.SealedSecret != nil {
		secret, err := s.Sealer.OpenAt(p.SealedSecret, sealed.ProviderSecret.Of(companyID, companyID))
		if err != nil {
			return company, p, r, err
		}
		r.ClientSecret = string(secret)
	}
	return company, p, r, nil
}

// GetSignInProvider answers GET /sign-in-provider.
func (s *server) GetSignInProvider(ctx context.Context, _ spec.GetSignInProviderRequestObject) (spec.GetSignInProviderResponseObject, error) {
	return answered(ctx, s, func(tx SignInTx) (spec.GetSignInProviderResponseObject, error) {
		p, err := tx.SignInProvider(ctx)
		return spec.GetSignInProvider200JSONResponse(s.shownProvider(p)), err
	})
}

// PutSignInProvider answers PUT /sign-in-provider.
func (s *server) PutSignInProvider(ctx context.Context, r spec.PutSignInProviderRequestObject) (spec.PutSignInProviderResponseObject, error) {
	p := wantedProvider(*r.Body)
	p.CompanyID, p.UpdatedAt = callerOf(ctx).companyID, s.now()
	err := p.Validate()
	if err == nil { // before the transaction, since a provider may be slow
		err = s.checkIssuer(ctx, p.Issuer)
	}
	if err != nil {
		return nil, err
	}
	if secret := deref(r.Body.ClientSecret); secret != "" {
		if p.SealedSecret, err = s.Sealer.SealAt([]byte(secret), sealed.ProviderSecret.Of(p.CompanyID, p.CompanyID)); err != nil {
			return nil, err
		}
	}
	err = inCompany(ctx, s.Store, p.CompanyID, func(tx SignInTx) error {
		before, err := tx.SignInProvider(ctx)
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		// A secret is never told to another provider than the one for which it was typed.
		if r.Body.ClientSecret == nil && before.Issuer == p.Issuer && before.ClientID == p.ClientID {
			p.SealedSecret = before.SealedSecret
		}
		if err := tx.SaveSignInProvider(ctx, p); err != nil {
			return err
		}
		return s.tellChange(ctx, tx, merchant.SignInChanged, p.Issuer)
	})
	return spec.PutSignInProvider200JSONResponse(s.shownProvider(p)), err
}

func wantedProvider(body spec.NewSignInProvider) session.Provider {
	p := session.Provider{
		Issuer: strings.TrimSpace(body.Issuer), ClientID: body.ClientID, RoleClaim: deref(body.RoleClaim),
		Roles: map[string]session.Role{}, DefaultRole: session.Role(deref(body.DefaultRole)),
	}
	for value, role := range body.Roles {
		p.Roles[value] = session.Role(role)
	}
	return p
}

// DeleteSignInProvider answers DELETE /sign-in-provider.
func (s *server) DeleteSignInProvider(ctx context.Context, _ spec.DeleteSignInProviderRequestObject) (spec.DeleteSignInProviderResponseObject, error) {
	return answered(ctx, s, func(tx SignInTx) (spec.DeleteSignInProviderResponseObject, error) {
		removed, err := tx.SignInProvider(ctx)
		if err != nil {
			return nil, err
		}
		if err := tx.DeleteSignInProvider(ctx); err != nil {
			return nil, err
		}
		return spec.DeleteSignInProvider204Response{}, s.tellChange(ctx, tx, merchant.SignInRemoved, removed.Issuer)
	})
}

func (s *server) checkIssuer(ctx context.Context, issuer string) error {
	if err := s.Identities.Check(ctx, issuer); err != nil {
		return problem.InvalidFields(problem.Field{Name: "issuer", Message: err.Error()})
	}
	return nil
}

func (s *server) shownProvider(p session.Provider) spec.SignInProvider {
	answer := spec.SignInProvider{
		Issuer: p.Issuer, ClientID: p.ClientID, HasClientSecret: p.SealedSecret != nil, RoleClaim: optional(p.RoleClaim),
		Roles: spec.SignInRoles{}, DefaultRole: optional(spec.ConsoleRole(p.DefaultRole)), UpdatedAt: p.UpdatedAt,
		SignInURL: s.ConsoleURL + session.Home + "/sign-in/" + p.CompanyID, RedirectURL: s.ConsoleURL + companyCallback,
	}
	for value, role := range p.Roles {
		answer.Roles[value] = spec.ConsoleRole(role)
	}
	return answer
}
