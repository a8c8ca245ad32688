package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/audit"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/problem"
)

// AuditTx is what the audit log needs of a transaction.
type AuditTx interface {
	Alone() // see postgres.Tx
	// NoteWrite stores an entry of the audit log.
	NoteWrite(ctx context.Context, e audit.Entry) error
	// CompleteWrite stores how the noted call was answered.
	CompleteWrite(ctx context.Context, e audit.Entry) error
	AuditLog(ctx context.Context, f listing.AuditLog) (entries []audit.Entry, next string, err error)
}

// audited notes every call that may change something: before it is tried, so that nothing is done unnoted, and again with
// the answer and what changed. What is noted of a thing is how this API shows it.
func (s *server) audited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := callerOf(r.Context()); r.Method == http.MethodGet || c.opens || c.nobody { // beginning a sign-in changes nothing
			next.ServeHTTP(w, r)
			return
		}
		e, err := s.noted(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		before := s.shownNow(r, next, e.CompanyID)
		var body bytes.Buffer
		answer := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		answer.Tee(&body)
		next.ServeHTTP(answer, r)
		s.complete(r, next, e, before, answer.Status(), body.Bytes())
	})
}

// noted returns the entry for the call, which is in the audit log already, unless it creates the company that owns that.
func (s *server) noted(r *http.Request) (audit.Entry, error) {
	ctx := r.Context()
	companyID, err := s.concerns(r)
	if err != nil {
		return audit.Entry{}, err
	}
	e := audit.Entry{
		ID: id.New(id.AuditEntry), CompanyID: companyID, At: s.now(), Actor: callerOf(ctx).actor(), RequestID: requestID(ctx),
		Action: r.Method + " " + s.pattern(r), Subject: subjectOf(r),
	}
	if companyID == "" {
		return e, nil
	}
	return e, inCompany(ctx, s.Store, companyID, func(tx AuditTx) error {
		tx.Alone()
		return tx.NoteWrite(ctx, e)
	})
}

// complete notes how the call was answered. The answer is out already: a failure here can only be logged.
func (s *server) complete(r *http.Request, next http.Handler, e audit.Entry, before []byte, status int, answer []byte) {
	ctx := context.WithoutCancel(r.Context())
	created := e.CompanyID == ""
	e.Status = status
	var shown struct{ ID, Type string }
	_ = json.Unmarshal(answer, &shown) // an answer that is no object has neither
	switch {
	case status >= http.StatusBadRequest:
		e.Problem = strings.TrimPrefix(shown.Type, "urn:quittance:problem:")
	case shown.ID != "" && shown.ID != e.Subject:
		e.Subject, e.Changes = shown.ID, audit.Compare(shown.ID, nil, answer)
	case shown.ID != "": // the thing itself, as it is now
		e.Changes = audit.Compare(e.Subject, before, answer)
	default:
		e.Changes = audit.Compare(e.Subject, before, s.shownNow(r, next, e.CompanyID))
	}
	if created {
		if e.CompanyID = e.Subject; e.CompanyID == "" {
			return // it was not created
		}
	}
	err := inCompany(ctx, s.Store, e.CompanyID, func(tx AuditTx) error {
		tx.Alone()
		if created {
			return tx.NoteWrite(ctx, e)
		}
		return tx.CompleteWrite(ctx, e)
	})
	if err != nil {
		s.Logger.ErrorContext(ctx, "audit log not completed", "request_id", e.RequestID, "action", e.Action, "error", err)
	}
}

// concerns returns whose audit log the call belongs in; "" for a company that is only being created.
func (s *server) concerns(r *http.Request) (companyID string, err error) {
	c := callerOf(r.Context())
	if !c.admin || c.companyID != "" { // see onBehalf
		return c.companyID, nil
	}
	switch segments := segmentsOf(r); {
	case len(segments) > 1 && segments[0] == "companies":
		return segments[1], nil
	case len(segments) > 1 && segments[0] == "payment-services":
		return s.Store.PaymentServiceCompany(r.Context(), segments[1])
	case len(segments) == 1 && segments[0] == "companies":
		return "", nil
	}
	return "", problem.New(problem.Forbidden, "This call needs a key of a company, not the administrator's.")
}

// segmentsOf splits the path of a call: "invoices", "inv_…", "issue".
func segmentsOf(r *http.Request) []string {
	return strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/v1"), "/"), "/")
}

// subjectOf returns the id of the thing that the path names.
func subjectOf(r *http.Request) string {
	segments := segmentsOf(r)
	if len(segments) > 3 && segments[0] == "companies" {
		return segments[3]
	}
	if len(segments) > 1 {
		return segments[1]
	}
	return ""
}

// pattern is the route of the call, such as "/invoices/{invoice_id}/issue"; at this point it is not routed yet.
func (s *server) pattern(r *http.Request) string {
	found := chi.NewRouteContext()
	chi.RouteContext(r.Context()).Routes.Match(found, r.Method, r.URL.Path)
	return strings.TrimPrefix(found.RoutePattern(), "/v1")
}

// shownNow returns the thing that the call is about as GET shows it to its company; nil when there is nothing to show.
func (s *server) shownNow(r *http.Request, next http.Handler, companyID string) []byte {
	segments := segmentsOf(r)
	look := chi.NewRouteContext()
	look.RouteMethod, look.RoutePath = http.MethodGet, "/"+strings.Join(segments[:min(len(segments), 2)], "/")
	if r.Method == http.MethodPost && len(segments) == 1 || !chi.RouteContext(r.Context()).Routes.Match(chi.NewRouteContext(), http.MethodGet, "/v1"+look.RoutePath) {
		return nil
	}
	ctx := context.WithValue(context.WithoutCancel(r.Context()), chi.RouteCtxKey, look)
	request, err := http.NewRequestWithContext(context.WithValue(ctx, callerKey{}, caller{companyID: companyID}), http.MethodGet, "/v1"+look.RoutePath, http.NoBody)
	if err != nil {
		return nil
	}
	var body bytes.Buffer
	answer := middleware.NewWrapResponseWriter(nowhere{}, r.ProtoMajor)
	answer.Tee(&body)
	answer.Discard()
	next.ServeHTTP(answer, request)
	if answer.Status() != http.StatusOK {
		return nil
	}
	return body.Bytes()
}

// nowhere takes an answer that nobody asked for.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

// ListAuditLog answers GET /audit-log.
func (s *server) ListAuditLog(ctx context.Context, r spec.ListAuditLogRequestObject) (spec.ListAuditLogResponseObject, error) {
	var answer spec.ListAuditLog200JSONResponse
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx AuditTx) error {
		entries, next, err := tx.AuditLog(ctx, listing.AuditLog{
			Subject: deref(r.Params.Subject),
			Actor:   deref(r.Params.Actor),
			From:    deref(r.Params.From),
			To:      deref(r.Params.To),
			Cursor:  deref(r.Params.Cursor),
			Limit:   deref(r.Params.Limit),
		})
		answer = spec.ListAuditLog200JSONResponse{Data: mapped(entries, shownAuditEntry), NextCursor: optional(next)}
		return err
	})
	return answer, err
}

func shownAuditEntry(e audit.Entry) spec.AuditEntry {
	answer := spec.AuditEntry{
		ID: e.ID, At: e.At, Actor: e.Actor, Action: e.Action, Subject: optional(e.Subject), RequestID: e.RequestID,
		Status: optional(e.Status), Problem: optional(e.Problem),
	}
	if len(e.Changes) > 0 {
		changes := make(map[string]spec.AuditChange, len(e.Changes))
		for name, change := range e.Changes {
			var shown spec.AuditChange
			if change.Before != nil {
				shown.Before = change.Before
			}
			if change.After != nil {
				shown.After = change.After
			}
			changes[name] = shown
		}
		answer.Changes = &changes
	}
	return answer
}
