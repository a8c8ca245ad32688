package onboarding

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
)

// MailRef names a letter about a step of a payment service.
type MailRef struct {
	activities.PaymentServiceRef
	Letter merchant.Letter `json:"letter"`
}

// MailOutcome is what became of a letter. An empty note says that it was dealt with before.
type MailOutcome struct {
	Sent    bool   `json:"sent"`              // the mail server took it
	Refused bool   `json:"refused,omitempty"` // the mail server will never take it
	Note    string `json:"note"`              // for the timeline
}

// TellStep mails a step of a payment service's timeline to whoever is to know of it. That nobody can be reached is a result:
// the timeline shall say so. A mail server that is down is an error, to be tried again.
func (a *Activities) TellStep(ctx context.Context, in MailRef) (MailOutcome, error) {
	var (
		written letter.Letter
		note    string
	)
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		service, err := tx.PaymentService(ctx, in.PaymentServiceID)
		if err != nil || !slices.Contains(service.PendingMails(), in.Letter) {
			return err
		}
		written, note, err = a.write(ctx, tx, company, service, in.Letter)
		return err
	})
	if err != nil || written.To == "" {
		return MailOutcome{Note: note}, err
	}
	err = a.Send(ctx, written)
	if refused, ok := errors.AsType[*activities.UndeliverableError](err); ok {
		return MailOutcome{Refused: true, Note: fmt.Sprintf("“%s” to the %s could not be delivered: %s", written.Subject, in.Letter.To, refused.Reason)}, nil
	}
	return MailOutcome{Sent: true, Note: note}, err
}

// write returns the letter, and what the timeline says of it. A letter without an address is not to be sent.
func (a *Activities) write(ctx context.Context, tx Tx, c merchant.Company, s merchant.PaymentService, l merchant.Letter) (written letter.Letter, note string, err error) {
	switch l.To {
	case merchant.ToAcquirer:
		return a.toAcquirer(ctx, tx, c, s, l.Step)
	case merchant.ToOperators:
		written, err = letter.ToOperators(c, s, l.Step, a.Operators)
		return written, "The operators of Quittance know.", err
	default:
		written, err = letter.ToCompany(c, s, l.Step)
		if written.To == "" {
			return written, "No mail was sent: the company has no contact address, see PATCH /v1/settings.", err
		}
		return written, fmt.Sprintf("Mailed to the company's contact: “%s”.", written.Subject), err
	}
}

// MailResult is what became of a letter.
type MailResult struct {
	MailRef
	Outcome MailOutcome `json:"told"`
}

// undelivered says what can be done about a letter that was refused, by whom it was for.
var undelivered = map[merchant.Recipient]string{
	merchant.ToCompany:   "Correct contact_email by PATCH /v1/settings. What the mail says stands on the timeline of the payment service.",
	merchant.ToAcquirer:  "The acquirer does not know of it: write to Worldline/SIX yourself, or ask the operators of Quittance to do so.",
	merchant.ToOperators: "The operators of Quittance do not know of it: tell them.",
}

// NoteLetter notes on the timeline what became of a letter, so that it is never sent again. One that was refused is an exception.
func (a *Activities) NoteLetter(ctx context.Context, in MailResult) (Verification, error) {
	return a.saveIn(ctx, in.PaymentServiceRef, func(tx Tx, s *merchant.PaymentService) error {
		if !slices.Contains(s.PendingMails(), in.Letter) {
			return nil
		}
		if in.Outcome.Refused {
			if _, err := escalation.RaiseIn(ctx, tx, escalation.Raise{
				CompanyID: in.CompanyID, Kind: exception.EmailFailed, Subject: s.ID, Choices: []exception.Choice{exception.Acknowledge},
				Detail: in.Outcome.Note + " " + undelivered[in.Letter.To],
			}, a.Now()); err != nil {
				return err
			}
		}
		if in.Letter.What == merchant.DocumentReceived {
			return a.noteDocument(ctx, tx, s, s.Timeline[in.Letter.Step].About, in)
		}
		what := merchant.NotMailed
		if in.Outcome.Sent {
			what = merchant.Mailed
		}
		s.Note(merchant.ServiceStep{What: what, Note: in.Outcome.Note, Letter: &in.Letter}, a.Now())
		return nil
	})
}
