package api

import (
	"context"
	"net/url"
	"slices"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/session"
)

// CreateConsoleSession answers POST /console-sessions.
func (s *server) CreateConsoleSession(ctx context.Context, r spec.CreateConsoleSessionRequestObject) (spec.CreateConsoleSessionResponseObject, error) {
	c, role := callerOf(ctx), session.Role(r.Body.Role)
	if c.session.Role != "" {
		return nil, problem.New(problem.Forbidden, "This call is for keys, not for people in the console.")
	}
	if role != session.Viewer && !slices.Contains(c.scopes, merchant.ScopeWrite) {
		return nil, problem.New(problem.Forbidden, "A key without the scope %q opens sessions of viewers only.", merchant.ScopeWrite)
	}
	language := string(deref(r.Body.Language))
	if language == "" {
		company, err := s.companyOf(ctx, c.companyID)
		if err != nil {
			return nil, err
		}
		language = company.Language
	}
	wanted := wantedSession(*r.Body, language)
	wanted.ID, wanted.CompanyID = newID(ctx, id.ConsoleSession), c.companyID
	code, opened, err := session.New(wanted, s.now())
	if err != nil {
		return nil, err
	}
	if err := s.sessions.take(c.companyID, s.now(), "console sessions"); err != nil {
		return nil, err
	}
	if err := s.Sessions.CreateConsoleSession(ctx, opened); err != nil {
		return nil, err
	}
	return spec.CreateConsoleSession201JSONResponse{
		ID: opened.ID, URL: s.ConsoleURL + session.Home + "/enter?" + url.Values{"code": {code}}.Encode(), ExpiresAt: opened.ExpiresAt,
	}, nil
}

func wantedSession(body spec.NewConsoleSession, language string) session.Session {
	return session.Session{
		Role: session.Role(body.Role), Language: language,
		User: session.User{ID: body.User.ID, Name: body.User.Name, Email: deref(body.User.Email)},
		Page: deref(body.Page), EmbedOrigin: deref(body.EmbedOrigin), Accent: deref(body.Accent),
	}
}

// EnterConsole answers POST /console-sessions/enter.
func (s *server) EnterConsole(ctx context.Context, _ spec.EnterConsoleRequestObject) (spec.EnterConsoleResponseObject, error) {
	var token string
	entered, err := s.Sessions.EnterConsole(ctx, callerOf(ctx).link, func(c *session.Session) (err error) {
		token, err = c.Enter(s.now())
		return err
	})
	if problem.CodeOf(err) == problem.NotFound { // somebody else was faster
		err = problem.New(problem.Unauthorized, "This link was used already. Open the console again from where you came.")
	}
	if err != nil {
		return nil, err
	}
	answer, err := s.shownEntered(ctx, entered, token)
	return spec.EnterConsole200JSONResponse(answer), err
}

func (s *server) shownEntered(ctx context.Context, entered session.Session, token string) (spec.EnteredConsole, error) {
	shown, err := s.shownSession(ctx, entered)
	return spec.EnteredConsole{
		Token: token, ID: shown.ID, Company: shown.Company, User: shown.User, Role: shown.Role, Language: shown.Language,
		Page: shown.Page, EmbedOrigin: shown.EmbedOrigin, Accent: shown.Accent, ExpiresAt: shown.ExpiresAt,
	}, err
}

// GetConsoleSession answers GET /console-sessions/current.
func (s *server) GetConsoleSession(ctx context.Context, _ spec.GetConsoleSessionRequestObject) (spec.GetConsoleSessionResponseObject, error) {
	answer, err := s.shownSession(ctx, callerOf(ctx).session)
	return spec.GetConsoleSession200JSONResponse(answer), err
}

// EndConsoleSession answers DELETE /console-sessions/current.
func (s *server) EndConsoleSession(ctx context.Context, _ spec.EndConsoleSessionRequestObject) (spec.EndConsoleSessionResponseObject, error) {
	c := callerOf(ctx)
	return spec.EndConsoleSession204Response{}, s.Sessions.EndConsoleSession(ctx, c.companyID, c.keyID, s.now())
}

// CreateOperatorSession answers POST /operator-sessions.
func (s *server) CreateOperatorSession(ctx context.Context, r spec.CreateOperatorSessionRequestObject) (spec.CreateOperatorSessionResponseObject, error) {
	token, o, err := session.NewOperator(r.Body.Name, s.OperatorKey(), s.Sealer, s.now())
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "operator signed in", "request_id", requestID(ctx), "operator", o.Name)
	return spec.CreateOperatorSession201JSONResponse{Token: token, Name: o.Name, ExpiresAt: o.ExpiresAt}, nil
}

func (s *server) shownSession(ctx context.Context, c session.Session) (spec.ConsoleSession, error) {
	company, err := s.companyOf(ctx, c.CompanyID)
	answer := spec.ConsoleSession{
		ID: c.ID, Role: spec.ConsoleRole(c.Role), Language: spec.Language(c.Language), Page: c.Page, EmbedOrigin: optional(c.EmbedOrigin), Accent: optional(c.Accent),
		User: spec.ConsoleUser{ID: c.User.ID, Name: c.User.Name, Email: optional(c.User.Email)}, ExpiresAt: c.ExpiresAt,
	}
	answer.Company.ID, answer.Company.Name = company.ID, company.Name
	return answer, err
}

func (s *server) companyOf(ctx context.Context, companyID string) (company merchant.Company, err error) {
	err = inCompany(ctx, s.Store, companyID, func(tx SettingsTx) error {
		company, err = tx.Company(ctx)
		return err
	})
	return company, err
}
