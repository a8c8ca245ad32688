package activities

import (
	"context"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/payment"
)

// Raise puts something before a person. WorkflowID is empty when nobody waits for the decision, ExceptionID when the exception
// may have any.
type Raise struct {
	CompanyID   string             `json:"company_id"`
	ExceptionID string             `json:"exception_id,omitempty"`
	Kind        exception.Kind     `json:"kind"`
	Subject     string             `json:"subject"`
	WorkflowID  string             `json:"workflow_id"`
	Detail      string             `json:"detail"`
	Choices     []exception.Choice `json:"choices"`
}

// Raised names an exception: the new one, or the one that stands for the same thing already.
type Raised struct {
	ExceptionID string `json:"exception_id"`
}

// RaiseException records what a person must decide, with its event. Raising the same kind about the same subject again
// while it is open is the same exception; what the nightly sweep finds stays the same exception for good.
func (b *Books) RaiseException(ctx context.Context, in Raise) (Raised, error) {
	var raised Raised
	err := b.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		raised, err = raise(ctx, tx, in, b.Now())
		return err
	})
	return raised, err
}

// raise is RaiseException within a step that does more.
func raise(ctx context.Context, tx Tx, in Raise, at time.Time) (Raised, error) {
	e, isNew, err := tx.RaiseException(ctx, exception.New(exception.Exception{
		ID: in.ExceptionID, CompanyID: in.CompanyID, Kind: in.Kind, Subject: in.Subject, WorkflowID: in.WorkflowID, Detail: in.Detail, Choices: in.Choices,
	}, at))
	raised := Raised{ExceptionID: e.ID}
	if err != nil || !isNew {
		return raised, err
	}
	data := map[string]string{"exception_id": e.ID, "kind": string(e.Kind), "subject": e.Subject}
	invoiceID, err := invoiceOf(ctx, tx, e.Subject)
	if err != nil {
		return raised, err
	}
	if invoiceID != "" { // so that it arrives in order with what else happened to the invoice
		data["invoice_id"] = invoiceID
	}
	return raised, tx.AppendEvent(ctx, event.New(event.ExceptionRaised, e.CompanyID, e.ID, at, data))
}

// invoiceOf returns the invoice of a payment or a refund, or nothing for another subject.
func invoiceOf(ctx context.Context, tx Tx, subject string) (invoiceID string, err error) {
	switch {
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
	CompanyID   string           `json:"company_id"`
	ExceptionID string           `json:"exception_id"`
	Choice      exception.Choice `json:"choice"`
	Note        string           `json:"note"`
	By          string           `json:"by"`
}

// ResolveException records a decision. Problems: not-found, exception-resolved, validation-failed for the choice.
func (b *Books) ResolveException(ctx context.Context, in Resolve) error {
	return b.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		e, err := tx.LockException(ctx, in.ExceptionID)
		if err != nil {
			return err
		}
		if err := e.Resolve(in.Choice, in.Note, in.By, b.Now()); err != nil {
			return err
		}
		return tx.SaveException(ctx, e)
	})
}

// Awaited is the exception on which an earlier process waited; empty when it did not.
type Awaited struct {
	ExceptionID string         `json:"exception_id"`
	Kind        exception.Kind `json:"kind"`
}

// awaited returns the open exception about the subject on which a process waits.
func awaited(ctx context.Context, tx Tx, subject string) (Awaited, error) {
	exceptions, err := tx.ExceptionsAbout(ctx, []string{subject})
	for _, e := range exceptions {
		if e.Open() && e.WorkflowID != "" && !slices.Contains(exception.Findings, e.Kind) {
			return Awaited{ExceptionID: e.ID, Kind: e.Kind}, err
		}
	}
	return Awaited{}, err
}

// GiveUpPayment ends a payment because a person made sure at Saferpay that no money moves. One that has ended stays as it is.
func (b *Books) GiveUpPayment(ctx context.Context, ref PaymentRef) (Outcome, error) {
	var out Outcome
	err := b.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		p, err := tx.LockPayment(ctx, ref.PaymentID)
		if err != nil {
			return err
		}
		for _, end := range []payment.State{payment.Failed, payment.Cancelled} {
			if !p.State.CanBecome(end) {
				continue
			}
			p.Failure = payment.Failure{Name: payment.GivenUp}
			if err := p.Become(end, b.Now(), "A person made sure at Saferpay that no money moves."); err != nil {
				return err
			}
			if err := tx.SavePayment(ctx, p); err != nil {
				return err
			}
			if err := tx.AppendEvent(ctx, paymentEvent(event.PaymentFailed, p, b.Now())); err != nil {
				return err
			}
			break
		}
		out.State = p.State
		return nil
	})
	return out, err
}
