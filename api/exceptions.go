package api

import (
	"context"
	"slices"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows"
)

// ListExceptions answers GET /exceptions.
func (s *server) ListExceptions(ctx context.Context, r spec.ListExceptionsRequestObject) (spec.ListExceptionsResponseObject, error) {
	var answer spec.ListExceptions200JSONResponse
	err := s.Store.InCompany(ctx, callerOf(ctx).companyID, func(tx Tx) error {
		exceptions, next, err := tx.Exceptions(ctx, listing.Exceptions{
			Kind:    exception.Kind(deref(r.Params.Kind)),
			Subject: deref(r.Params.Subject),
			Open:    r.Params.Open,
			Cursor:  deref(r.Params.Cursor),
			Limit:   deref(r.Params.Limit),
		})
		answer = spec.ListExceptions200JSONResponse{Data: mapped(exceptions, shownException), NextCursor: optional(next)}
		return err
	})
	return answer, err
}

// GetException answers GET /exceptions/{exception_id}.
func (s *server) GetException(ctx context.Context, r spec.GetExceptionRequestObject) (spec.GetExceptionResponseObject, error) {
	answer, err := s.exception(ctx, r.ExceptionID)
	return spec.GetException200JSONResponse(answer), err
}

// ResolveException answers POST /exceptions/{exception_id}/resolve. A workflow that waits for the decision records it itself,
// so that it is not recorded without being acted on; when none waits, it is recorded here.
func (s *server) ResolveException(ctx context.Context, r spec.ResolveExceptionRequestObject) (spec.ResolveExceptionResponseObject, error) {
	decision := workflows.ResolveException{
		ExceptionID: r.ExceptionID, Choice: exception.Choice(r.Body.Choice), Note: deref(r.Body.Note), By: callerOf(ctx).keyID,
	}
	waiting, err := s.decide(ctx, decision)
	if err != nil {
		return nil, err
	}
	if waiting != "" {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		if err := s.Commands.Resolve(ctx, waiting, decision); err != nil {
			return nil, err
		}
	}
	answer, err := s.exception(ctx, r.ExceptionID)
	return spec.ResolveException200JSONResponse(answer), err
}

// decide checks the decision and records it, unless a workflow waits for it: then it returns which one.
func (s *server) decide(ctx context.Context, d workflows.ResolveException) (waiting string, err error) {
	err = s.Store.InCompany(ctx, callerOf(ctx).companyID, func(tx Tx) error {
		waiting = ""
		e, err := tx.LockException(ctx, d.ExceptionID)
		if err != nil {
			return err
		}
		var fields []problem.Field
		if !slices.Contains(e.Choices, d.Choice) { // cleared_up is never a person's to choose
			fields = append(fields, problem.Field{Name: "choice", Message: "must be one of the choices of the exception"})
		}
		if !invoice.Printable(d.Note, 0, 1000) {
			fields = append(fields, problem.Field{Name: "note", Message: "must have at most 1000 printable characters"})
		}
		if len(fields) > 0 {
			return problem.InvalidFields(fields...)
		}
		wasOpen := e.Open()
		if err := e.Resolve(d.Choice, d.Note, d.By, s.now()); err != nil || !wasOpen {
			return err
		}
		if waiting = e.WorkflowID; waiting != "" {
			return nil
		}
		return tx.SaveException(ctx, e)
	})
	return waiting, err
}

// exception returns an exception as the API shows it.
func (s *server) exception(ctx context.Context, exceptionID string) (answer spec.Exception, err error) {
	err = s.Store.InCompany(ctx, callerOf(ctx).companyID, func(tx Tx) error {
		e, err := tx.Exception(ctx, exceptionID)
		answer = shownException(e)
		return err
	})
	return answer, err
}

func shownException(e exception.Exception) spec.Exception {
	status := spec.ExceptionStatusResolved
	if e.Open() {
		status = spec.ExceptionStatusOpen
	}
	return spec.Exception{
		ID:         e.ID,
		Kind:       spec.ExceptionKind(e.Kind),
		Subject:    e.Subject,
		Detail:     e.Detail,
		Choices:    mapped(e.Choices, func(c exception.Choice) string { return string(c) }),
		Status:     status,
		RaisedAt:   e.RaisedAt,
		ResolvedAt: optional(e.ResolvedAt),
		Choice:     optional(string(e.Choice)),
		Note:       optional(e.Note),
		ResolvedBy: optional(e.ResolvedBy),
	}
}
