// Package escalation holds the activities that put something before a person and record the decision, and the same for
// activities of other lifecycles within their own transaction.
package escalation

import (
	"context"
	"slices"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/workflows/contract"
)

// Activities are the steps. See Tx for the transaction.
type Activities struct {
	InCompany activities.InCompany[Tx]
	Now       func() time.Time
}

// Tx is what the steps need of a transaction.
type Tx interface {
	RaiseTx
	LockException(ctx context.Context, id string) (exception.Exception, error)
	SaveException(ctx context.Context, e exception.Exception) error
}

// Raise puts something before a person. WorkflowID is empty when nobody waits for the decision, ExceptionID when the exception
// may have any.
type Raise struct {
	CompanyID   string             `json:"company_id"`
	ExceptionID string             `json:"exception_id,omitempty"`
	Kind        exception.Kind     `json:"kind"`
	Subject     string             `json:"subject"`
	InvoiceID   string             `json:"invoice_id,omitempty"` // of a bank receipt; known of other subjects
	WorkflowID  string             `json:"workflow_id"`
	Detail      string             `json:"detail"`
	Choices     []exception.Choice `json:"choices"`
	// Finding is what its workflow began with; nil for what is no finding.
	Finding *contract.OpenFinding `json:"finding,omitempty"`
}

// Raised names an exception: the new one, or the one that stands for the same thing already.
type Raised struct {
	ExceptionID string `json:"exception_id"`
}

// RaiseException records what a person must decide, with its event. Raising the same kind about the same subject again
// while it is open is the same exception; what the nightly sweep finds stays the same exception for good.
func (a *Activities) RaiseException(ctx context.Context, in Raise) (raised Raised, err error) {
	err = a.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		raised, err = RaiseIn(ctx, tx, in, a.Now())
		return err
	})
	return raised, err
}

// RaiseTx is what RaiseIn needs of a transaction.
type RaiseTx interface {
	// RaiseException returns the exception that stands for the same thing already, or stores e and says that it is new.
	RaiseException(ctx context.Context, e exception.Exception) (raised exception.Exception, isNew bool, err error)
	Payment(ctx context.Context, id string) (payment.Payment, error)
	Refund(ctx context.Context, id string) (refund.Refund, error)
	AppendEvent(ctx context.Context, e event.Event) error
}

// RaiseIn is RaiseException within a step that does more.
func RaiseIn(ctx context.Context, tx RaiseTx, in Raise, at time.Time) (Raised, error) {
	finding, err := in.Finding.Stored()
	if err != nil {
		return Raised{}, err
	}
	e, isNew, err := tx.RaiseException(ctx, exception.New(exception.Exception{
		ID: in.ExceptionID, CompanyID: in.CompanyID, Kind: in.Kind, Subject: in.Subject, WorkflowID: in.WorkflowID, Detail: in.Detail, Choices: in.Choices,
		Finding: finding,
	}, at))
	raised := Raised{ExceptionID: e.ID}
	if err != nil || !isNew {
		return raised, err
	}
	data := map[string]string{"exception_id": e.ID, "kind": string(e.Kind), "subject": e.Subject}
	invoiceID := in.InvoiceID
	if invoiceID == "" {
		if invoiceID, err = invoiceOf(ctx, tx, e.Subject); err != nil {
			return raised, err
		}
	}
	if invoiceID != "" { // so that it arrives in order with what else happened to the invoice
		data["invoice_id"] = invoiceID
	}
	return raised, tx.AppendEvent(ctx, event.New(event.ExceptionRaised, e.CompanyID, e.ID, at, data))
}

// ClearUpTx is what ClearUp needs of a transaction.
type ClearUpTx interface {
	AwaitedTx
	SaveException(ctx context.Context, e exception.Exception) error
}

// ClearUp closes the open exception of that kind about the subject, if there is one, since it has cleared up by itself. It is for
// exceptions on which no workflow waits.
func ClearUp(ctx context.Context, tx ClearUpTx, kind exception.Kind, subject, note string, at time.Time) error {
	exceptions, err := tx.ExceptionsAbout(ctx, []string{subject})
	if err != nil {
		return err
	}
	for _, e := range exceptions {
		if e.Kind != kind || !e.Open() {
			continue
		}
		if err := e.Resolve(exception.ClearedUp, note, Quittance, at); err != nil {
			return err
		}
		return tx.SaveException(ctx, e)
	}
	return nil
}

// invoiceOf returns the invoice that the subject is, or of which it is a payment or a refund; nothing for another subject.
func invoiceOf(ctx context.Context, tx RaiseTx, subject string) (invoiceID string, err error) {
	switch {
	case id.Valid(id.Invoice, subject):
		return subject, nil
	case id.Valid(id.Payment, subject):
		p, err := tx.Payment(ctx, subject)
		return p.InvoiceID, err
	case id.Valid(id.Refund, subject):
		r, err := tx.Refund(ctx, subject)
		return r.InvoiceID, err
	default:
		return "", nil
	}
}

// Quittance is who decided an exception that cleared up by itself.
const Quittance = "quittance"

// Resolve is a decision on an exception. By is the id of the key that decided, the name of an operator, or Quittance.
type Resolve struct {
	CompanyID string `json:"company_id"`
	contract.ResolveException
}

// ResolveException records a decision. Problems: not-found, exception-resolved, validation-failed for the choice.
func (a *Activities) ResolveException(ctx context.Context, in Resolve) error {
	return a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		e, err := tx.LockException(ctx, in.ExceptionID)
		if err != nil {
			return err
		}
		if err := e.Resolve(in.Choice, in.Note, in.By, a.Now()); err != nil {
			return err
		}
		return tx.SaveException(ctx, e)
	})
}

// Awaited is the exception on which an earlier workflow waited; empty when it did not.
type Awaited struct {
	ExceptionID string         `json:"exception_id"`
	Kind        exception.Kind `json:"kind"`
}

// AwaitedTx is what AwaitedAbout needs of a transaction.
type AwaitedTx interface {
	ExceptionsAbout(ctx context.Context, subjects []string) ([]exception.Exception, error)
}

// AwaitedAbout returns the open exception about the subject on which a workflow waits.
func AwaitedAbout(ctx context.Context, tx AwaitedTx, subject string) (Awaited, error) {
	exceptions, err := tx.ExceptionsAbout(ctx, []string{subject})
	for _, e := range exceptions {
		if e.Open() && e.WorkflowID != "" && !slices.Contains(exception.Findings, e.Kind) {
			return Awaited{ExceptionID: e.ID, Kind: e.Kind}, err
		}
	}
	return Awaited{}, err
}
