// Package fetching holds the activities that fetch settlement files from the servers of companies.
package fetching

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/workflows/contract"
)

// Activities are the steps.
type Activities struct {
	InCompany activities.InCompany[Tx]
	Secrets   activities.Opener
	Servers   Servers
	// Import imports a file as POST /settlements does. A key that was used before changes nothing, and is answered as the first time.
	// A file that is refused for what it holds is a *problem.Error.
	Import func(ctx context.Context, companyID, key string, file io.Reader) (Import, error)
	// TimeScale is how many seconds of a long wait pass in one second: 1 except in a local stack.
	TimeScale int64
	Now       func() time.Time
}

// Servers are the servers that companies name, see internal/sftp. An error is a *source.Failure.
type Servers interface {
	// List returns the files that the source wants, oldest first.
	List(ctx context.Context, a source.Access) ([]source.Listed, error)
	// Fetch hands the content of a file to take. A file that is not as it was listed is an error that is no *source.Failure.
	Fetch(ctx context.Context, a source.Access, wanted source.Listed, take func(io.Reader) error) error
}

// Import is what became of a file. Known says that its content was imported before.
type Import struct {
	SettlementID string
	Known        bool
}

// Tx is what the steps need of a transaction.
type Tx interface {
	escalation.RaiseTx
	escalation.ClearUpTx
	SettlementSource(ctx context.Context) (source.Source, error)
	LockSettlementSource(ctx context.Context) (source.Source, error)
	SaveSettlementSource(ctx context.Context, s source.Source) error
	SourceFiles(ctx context.Context, names []string) ([]source.File, error)
	SaveSourceFile(ctx context.Context, f source.File) error
}

// NewFile is a file that is to be fetched. ID is of its record, Try counts from 1.
type NewFile struct {
	ID string `json:"id"`
	source.Listed
	Try int `json:"try"`
}

// Found is what a look into the folder shows. Failure is why there was none.
type Found struct {
	At      time.Time       `json:"at"`
	Files   []NewFile       `json:"files"`
	More    bool            `json:"more,omitempty"` // than one look fetches
	Failure *source.Failure `json:"failure,omitempty"`
}

// LookIntoFolder returns which files are to be fetched. The problem not-found says that the company wants no more files.
func (a *Activities) LookIntoFolder(ctx context.Context, ref contract.FetchSettlements) (Found, error) {
	found := Found{At: a.Now()}
	access, err := a.open(ctx, ref.CompanyID)
	if err != nil {
		return found, err
	}
	listed, err := a.Servers.List(ctx, access)
	if found.Failure = failure(err); found.Failure != nil {
		return found, nil //nolint:nilerr // it is a part of the answer
	}
	if err != nil {
		return found, err
	}
	names := make([]string, len(listed))
	for i, l := range listed {
		names[i] = l.Name
	}
	var files []source.File
	err = a.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		known, err := tx.SourceFiles(ctx, names)
		if err != nil {
			return err
		}
		var gone []source.File
		files, gone = source.New(listed, known)
		for _, f := range gone {
			if err := a.setAside(ctx, tx, f, "It is not on the server any more."); err != nil {
				return err
			}
		}
		return nil
	})
	for _, f := range files[:min(len(files), source.MaxFiles)] {
		if f.ID == "" {
			f.ID = id.New(id.SourceFile)
		}
		found.Files = append(found.Files, NewFile{ID: f.ID, Listed: f.Listed, Try: f.Tries + 1})
	}
	found.More = len(files) > source.MaxFiles
	return found, err
}

// FetchFile is one file to fetch.
type FetchFile struct {
	CompanyID string `json:"company_id"`
	NewFile
}

// Fetched is what became of a file. State is empty when it was not fetched: Failure is why, or somebody still writes to it.
type Fetched struct {
	State        source.State    `json:"state,omitempty"`
	SettlementID string          `json:"settlement_id,omitempty"`
	Reason       string          `json:"reason,omitempty"` // why it was set aside
	Failure      *source.Failure `json:"failure,omitempty"`
}

// FetchSettlementFile fetches one file and imports it. A file that can't be imported is set aside, and put before a person.
func (a *Activities) FetchSettlementFile(ctx context.Context, in FetchFile) (Fetched, error) {
	access, err := a.open(ctx, in.CompanyID)
	if err != nil {
		return Fetched{}, err
	}
	var imported Import
	var taken bool
	var refused error
	err = a.Servers.Fetch(ctx, access, in.Listed, func(content io.Reader) (err error) {
		imported, err = a.Import(ctx, in.CompanyID, in.ID+"-"+strconv.Itoa(in.Try), content)
		taken, refused = true, err
		return err
	})
	file := source.File{ID: in.ID, CompanyID: in.CompanyID, Listed: in.Listed, Tries: in.Try}
	reason, isRefusal := errors.AsType[*problem.Error](err)
	switch {
	case err == nil && imported.Known:
		file.State, file.SettlementID = source.Known, imported.SettlementID
	case err == nil:
		file.State, file.SettlementID = source.Imported, imported.SettlementID
	case isRefusal:
		file.State, file.Reason = source.SetAside, reason.Detail
	case failure(err) != nil:
		return Fetched{Failure: failure(err)}, nil //nolint:nilerr // it is a part of the answer
	case taken && errors.Is(err, refused):
		return Fetched{}, err // of ours
	default:
		return Fetched{}, nil // not what was listed: the next look sees it as it is then
	}
	err = a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		if file.State == source.SetAside {
			return a.setAside(ctx, tx, file, file.Reason)
		}
		file.At = a.Now()
		if err := tx.SaveSourceFile(ctx, file); err != nil {
			return err
		}
		return escalation.ClearUp(ctx, tx, exception.SettlementFileRefused, file.ID, "The file was imported.", a.Now())
	})
	return Fetched{State: file.State, SettlementID: file.SettlementID, Reason: file.Reason}, err
}

// setAside keeps a file from being tried again, and puts it before a person.
func (a *Activities) setAside(ctx context.Context, tx Tx, f source.File, reason string) error {
	f.State, f.Reason, f.At = source.SetAside, reason, a.Now()
	if err := tx.SaveSourceFile(ctx, f); err != nil {
		return err
	}
	_, err := escalation.RaiseIn(ctx, tx, escalation.Raise{
		CompanyID: f.CompanyID, Kind: exception.SettlementFileRefused, Subject: f.ID, Choices: []exception.Choice{exception.TryAgain, exception.Acknowledge},
		Detail: fmt.Sprintf("The settlement file %q, which was fetched from the SFTP server, could not be imported: %s "+
			"It is not tried again by itself.", f.Name, reason),
	}, a.Now())
	return err
}

// Look is a look that has ended.
type Look struct {
	CompanyID string          `json:"company_id"`
	Begun     time.Time       `json:"begun"`
	Failure   *source.Failure `json:"failure,omitempty"`
	Left      bool            `json:"left,omitempty"` // files wait for the next look, which follows soon
}

// Looked says when the next look is, and whether a person has to see to the server.
type Looked struct {
	NextLookAt time.Time `json:"next_look_at"`
	Alarming   bool      `json:"alarming,omitempty"`
}

// RecordLook notes how a look went. A server with which it goes on not to work is put before a person; that clears up by itself.
func (a *Activities) RecordLook(ctx context.Context, in Look) (looked Looked, err error) {
	err = a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		s, err := tx.LockSettlementSource(ctx)
		if err != nil {
			return err
		}
		s.Looked(in.Begun, a.Now(), in.Failure, in.Left, a.TimeScale)
		if err := tx.SaveSettlementSource(ctx, s); err != nil {
			return err
		}
		looked = Looked{NextLookAt: s.NextLookAt, Alarming: s.Alarming()}
		switch {
		case s.Failures == 0:
			return escalation.ClearUp(ctx, tx, exception.SettlementSourceFailing, s.CompanyID, "The server works again.", a.Now())
		case s.Alarming():
			exceptions, err := tx.ExceptionsAbout(ctx, []string{s.CompanyID})
			if err != nil || slices.ContainsFunc(exceptions, func(e exception.Exception) bool {
				return e.Kind == exception.SettlementSourceFailing && !e.RaisedAt.Before(s.FailingSince)
			}) {
				return err // a person knows, and may have acknowledged it
			}
			_, err = escalation.RaiseIn(ctx, tx, escalation.Raise{
				CompanyID: s.CompanyID, Kind: exception.SettlementSourceFailing, Subject: s.CompanyID, Choices: []exception.Choice{exception.Acknowledge},
				Detail: fmt.Sprintf("No settlement files could be fetched from %s since %s: %s %s. Quittance goes on trying. See GET /v1/settlement-source.",
					s.Host, s.FailingSince.UTC().Format("2006-01-02 15:04 UTC"), s.Failure.Field, s.Failure.Reason),
			}, a.Now())
			return err
		}
		return nil
	})
	return looked, err
}

// open returns the source with its secret; problem.NotFound when there is none, or it is not enabled.
func (a *Activities) open(ctx context.Context, companyID string) (access source.Access, err error) {
	err = a.InCompany(ctx, companyID, func(tx Tx) (err error) {
		access.Source, err = tx.SettlementSource(ctx)
		return err
	})
	if err == nil && !access.Enabled {
		err = problem.New(problem.NotFound, "The company fetches no settlement files at the moment.")
	}
	if err != nil {
		return access, err
	}
	secret, err := a.Secrets.OpenAt(access.SealedSecret, sealed.SourceSecret.Of(companyID, companyID))
	if err != nil {
		return access, fmt.Errorf("open the secret of the settlement source of %s: %w", companyID, err)
	}
	access.Secret = string(secret)
	return access, nil
}

// failure returns the failure of a server that err is, or nil.
func failure(err error) *source.Failure {
	f, _ := errors.AsType[*source.Failure](err)
	return f
}
