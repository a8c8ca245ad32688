package api

import (
	"cmp"
	"context"
	"errors"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/workflows/contract"
)

const (
	// shownFiles is how many files a source shows, shownFileNames how many names a test of it.
	shownFiles, shownFileNames = 50, 5
	// defaultHour is the hour in Zurich in which a source is looked at that says nothing else: before people come to work.
	defaultHour = 7
)

// SettlementSourceTx is what the calls for the settlement source need of a transaction.
type SettlementSourceTx interface {
	SecurityTx
	SettlementSource(ctx context.Context) (source.Source, error)
	LockSettlementSource(ctx context.Context) (source.Source, error)
	SaveSettlementSource(ctx context.Context, s source.Source) error
	DeleteSettlementSource(ctx context.Context) error
	RecentSourceFiles(ctx context.Context, limit int) ([]source.File, error)
	LockSourceFile(ctx context.Context, id string) (source.File, error)
	SaveSourceFile(ctx context.Context, f source.File) error
	ExceptionsAbout(ctx context.Context, subjects []string) ([]exception.Exception, error)
	SaveException(ctx context.Context, e exception.Exception) error
}

// GetSettlementSource answers GET /settlement-source.
func (s *server) GetSettlementSource(ctx context.Context, _ spec.GetSettlementSourceRequestObject) (spec.GetSettlementSourceResponseObject, error) {
	return answered(ctx, s, func(tx SettlementSourceTx) (spec.GetSettlementSourceResponseObject, error) {
		found, err := tx.SettlementSource(ctx)
		if err != nil {
			return nil, err
		}
		answer, err := shownSettlementSource(ctx, tx, found)
		return spec.GetSettlementSource200JSONResponse(answer), err
	})
}

// PutSettlementSource answers PUT /settlement-source. The first look comes soon, so that a person sees whether it works.
func (s *server) PutSettlementSource(ctx context.Context, r spec.PutSettlementSourceRequestObject) (spec.PutSettlementSourceResponseObject, error) {
	access, err := s.wantedSource(*r.Body)
	if err != nil {
		return nil, err
	}
	wanted := access.Source
	wanted.CompanyID = callerOf(ctx).companyID
	if access.Secret != "" {
		if wanted.SealedSecret, err = s.Sealer.SealAt([]byte(access.Secret), sealed.SourceSecret.Of(wanted.CompanyID, wanted.CompanyID)); err != nil {
			return nil, err
		}
	}
	return answered(ctx, s, func(tx SettlementSourceTx) (spec.PutSettlementSourceResponseObject, error) {
		next := wanted
		before, err := tx.LockSettlementSource(ctx)
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return nil, err
		}
		next.LastLookAt, next.LastSuccessAt = before.LastLookAt, before.LastSuccessAt
		if access.Secret == "" {
			if !before.SameServer(next) { // a secret is never told to another server than the one for which it was typed
				return nil, problem.InvalidFields(problem.Field{Name: "password", Message: "is needed, or a private_key"})
			}
			next.Auth, next.SealedSecret = before.Auth, before.SealedSecret
		}
		next.Begun(s.now())
		if err := s.sourceWorks(ctx, tx, next.CompanyID, "It was set up again."); err != nil {
			return nil, err
		}
		if err := tx.SaveSettlementSource(ctx, next); err != nil {
			return nil, err
		}
		if err := s.tellChange(ctx, tx, merchant.SourceChanged, next.Host); err != nil {
			return nil, err
		}
		answer, err := shownSettlementSource(ctx, tx, next)
		return spec.PutSettlementSource200JSONResponse(answer), err
	})
}

// wantedSource returns the source that the body asks for, with its secret, if it holds one.
func (s *server) wantedSource(body spec.NewSettlementSource) (source.Access, error) {
	a := source.Access{Source: source.Source{
		Host: body.Host, Port: cmp.Or(deref(body.Port), source.DefaultPort), User: body.User,
		Folder: cmp.Or(deref(body.Folder), "."), Pattern: cmp.Or(deref(body.FilePattern), "*"), HostKey: body.HostKey, Auth: source.Password,
		EveryHours: deref(body.EveryHours), Hour: defaultHour, Enabled: body.Enabled == nil || *body.Enabled,
	}, Secret: deref(body.Password)}
	if body.Hour != nil {
		a.Hour = *body.Hour
	}
	if body.PrivateKey != nil {
		a.Auth, a.Secret = source.PrivateKey, *body.PrivateKey
	}
	var fields []problem.Field
	if body.Password != nil && body.PrivateKey != nil {
		fields = append(fields, problem.Field{Name: "private_key", Message: "must not come with a password"})
	}
	if body.Hour != nil && body.EveryHours != nil {
		fields = append(fields, problem.Field{Name: "every_hours", Message: "must not come with an hour"})
	}
	for _, err := range []error{a.Validate(), s.FileServers.Check(&a)} {
		if refused, ok := errors.AsType[*problem.Error](err); ok {
			fields = append(fields, refused.Fields...)
		} else if err != nil {
			return a, err
		}
	}
	return a, problem.InvalidFields(fields...)
}

// DeleteSettlementSource answers DELETE /settlement-source.
func (s *server) DeleteSettlementSource(ctx context.Context, _ spec.DeleteSettlementSourceRequestObject) (spec.DeleteSettlementSourceResponseObject, error) {
	return answered(ctx, s, func(tx SettlementSourceTx) (spec.DeleteSettlementSourceResponseObject, error) {
		removed, err := tx.SettlementSource(ctx)
		if err != nil {
			return nil, err
		}
		if err := tx.DeleteSettlementSource(ctx); err != nil {
			return nil, err
		}
		if err := s.tellChange(ctx, tx, merchant.SourceRemoved, removed.Host); err != nil {
			return nil, err
		}
		return spec.DeleteSettlementSource204Response{}, s.sourceWorks(ctx, tx, callerOf(ctx).companyID, "It was removed.")
	})
}

// sourceWorks closes the exception that says that the source fails, if there is one.
func (s *server) sourceWorks(ctx context.Context, tx SettlementSourceTx, companyID, note string) error {
	exceptions, err := tx.ExceptionsAbout(ctx, []string{companyID})
	if err != nil {
		return err
	}
	for _, e := range exceptions {
		if e.Kind != exception.SettlementSourceFailing || !e.Open() {
			continue
		}
		if err := e.Resolve(exception.ClearedUp, note, callerOf(ctx).actor(), s.now()); err != nil {
			return err
		}
		return tx.SaveException(ctx, e)
	}
	return nil
}

// TestSettlementSource answers POST /settlement-source/test.
func (s *server) TestSettlementSource(ctx context.Context, _ spec.TestSettlementSourceRequestObject) (spec.TestSettlementSourceResponseObject, error) {
	var access source.Access
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx SettlementSourceTx) (err error) {
		access.Source, err = tx.SettlementSource(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	secret, err := s.Sealer.OpenAt(access.SealedSecret, sealed.SourceSecret.Of(access.CompanyID, access.CompanyID))
	if err != nil {
		return nil, err
	}
	access.Secret = string(secret)
	listed, err := s.FileServers.List(ctx, access)
	if failure, ok := errors.AsType[*source.Failure](err); ok {
		return nil, problem.InvalidFields(problem.Field{Name: failure.Field, Message: failure.Reason})
	}
	answer := spec.SettlementFolder{Files: len(listed), Names: []string{}}
	for i := len(listed) - 1; i >= 0 && len(answer.Names) < shownFileNames; i-- {
		answer.Names = append(answer.Names, listed[i].Name)
	}
	return spec.TestSettlementSource200JSONResponse(answer), err
}

// LookAtSettlementSource answers POST /settlement-source/look.
func (s *server) LookAtSettlementSource(ctx context.Context, _ spec.LookAtSettlementSourceRequestObject) (spec.LookAtSettlementSourceResponseObject, error) {
	return answered(ctx, s, func(tx SettlementSourceTx) (spec.LookAtSettlementSourceResponseObject, error) {
		found, err := tx.LockSettlementSource(ctx)
		if err != nil {
			return nil, err
		}
		if !found.Enabled {
			return nil, problem.InvalidFields(problem.Field{Name: "enabled", Message: "must be true, so that there is something to look for"})
		}
		found.NextLookAt = s.now()
		if err := tx.SaveSettlementSource(ctx, found); err != nil {
			return nil, err
		}
		answer, err := shownSettlementSource(ctx, tx, found)
		return spec.LookAtSettlementSource202JSONResponse(answer), err
	})
}

// carryOutFile does what was decided about a fetched file, in the transaction in which the decision is recorded.
func (s *server) carryOutFile(ctx context.Context, tx SettlementSourceTx, e exception.Exception, d contract.ResolveException) error {
	if e.Kind != exception.SettlementFileRefused || d.Choice != exception.TryAgain {
		return nil
	}
	found, err := tx.LockSettlementSource(ctx)
	if problem.CodeOf(err) == problem.NotFound || err == nil && !found.Enabled {
		return problem.New(problem.DecisionImpossible, "No settlement files are fetched at the moment. Set up the source first, or import the file by hand.")
	}
	if err != nil {
		return err
	}
	f, err := tx.LockSourceFile(ctx, e.Subject)
	if err != nil {
		return err
	}
	f.State, f.Reason, f.At = source.Waiting, "", s.now()
	if err := tx.SaveSourceFile(ctx, f); err != nil {
		return err
	}
	found.NextLookAt = s.now()
	return tx.SaveSettlementSource(ctx, found)
}

func shownSettlementSource(ctx context.Context, tx SettlementSourceTx, s source.Source) (spec.SettlementSource, error) {
	answer := spec.SettlementSource{
		Host: s.Host, Port: s.Port, User: s.User, Folder: s.Folder, FilePattern: s.Pattern, HostKey: s.HostKey, Auth: spec.SettlementSourceAuth(s.Auth),
		EveryHours: optional(s.EveryHours), Enabled: s.Enabled, UpdatedAt: s.UpdatedAt, NextLookAt: optional(s.NextLookAt),
		LastLookAt: optional(s.LastLookAt), LastSuccessAt: optional(s.LastSuccessAt), FailingSince: optional(s.FailingSince), Failures: s.Failures,
	}
	if s.EveryHours == 0 {
		answer.Hour = &s.Hour
	}
	if s.Failures > 0 {
		answer.Failure = &spec.FieldError{Field: s.Failure.Field, Message: s.Failure.Reason}
	}
	files, err := tx.RecentSourceFiles(ctx, shownFiles)
	answer.Files = mapped(files, func(f source.File) spec.FetchedFile {
		return spec.FetchedFile{
			ID: f.ID, Name: f.Name, Size: f.Size, ModifiedAt: f.ModifiedAt, State: spec.FetchedFileState(f.State), Reason: optional(f.Reason),
			SettlementID: optional(f.SettlementID), At: f.At,
		}
	})
	return answer, err
}
