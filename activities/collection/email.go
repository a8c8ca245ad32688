package collection

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/contract"
)

// EmailTx is what the steps about mails need of a transaction.
type EmailTx interface {
	escalation.RaiseTx
	escalation.ClearUpTx
	Company(ctx context.Context) (merchant.Company, error)
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	LockInvoice(ctx context.Context, id string) (invoice.Invoice, error)
	SaveInvoice(ctx context.Context, i invoice.Invoice) error
}

// QueuedEmail is a wish to mail the link of an invoice.
type QueuedEmail struct {
	activities.InvoiceRef
	contract.SendInvoice
}

// EmailRef names a mail about an invoice.
type EmailRef struct {
	activities.InvoiceRef
	EmailID string `json:"email_id"`
}

// EmailStanding says where a mail stands.
type EmailStanding struct {
	Queued bool `json:"queued"` // it is still to be sent
}

// QueueEmail records that the link is to be mailed, and keeps a changed address of the customer. A mail that was queued before
// stays as it is. Problems: invoice-paid, invoice-cancelled, invoice-not-open, validation-failed without an address.
func (a *Activities) QueueEmail(ctx context.Context, in QueuedEmail) (standing EmailStanding, err error) {
	err = a.InEmails(ctx, in.CompanyID, func(tx EmailTx) error {
		inv, err := tx.LockInvoice(ctx, in.InvoiceID)
		if err != nil {
			return err
		}
		if inv.Email.ID == in.EmailID {
			standing.Queued = inv.EmailIsQueued(in.EmailID)
			return nil
		}
		if err := inv.CanBePaid(); err != nil {
			return err
		}
		inv.Customer.Email = cmp.Or(in.To, inv.Customer.Email)
		if err := inv.QueueEmail(in.EmailID, a.Now()); err != nil {
			return err
		}
		standing.Queued = true
		return tx.SaveInvoice(ctx, inv)
	})
	return standing, err
}

// SendInvoice mails the link of the online document to the address for which the mail was queued, in the customer's language, with the
// PDF of the invoice if the company wants that, as long as there is something to pay and no later mail took its place. That the mail server refuses it for good is a result; one
// that is down is an error, to be tried again.
func (a *Activities) SendInvoice(ctx context.Context, in EmailRef) (activities.Sent, error) {
	var (
		inv     invoice.Invoice
		company merchant.Company
	)
	err := a.InEmails(ctx, in.CompanyID, func(tx EmailTx) (err error) {
		if company, err = tx.Company(ctx); err != nil {
			return err
		}
		inv, err = tx.Invoice(ctx, in.InvoiceID)
		return err
	})
	if err != nil || !inv.EmailIsQueued(in.EmailID) {
		return activities.Sent{Needless: true}, err
	}
	if !inv.Status.Payable() {
		return activities.Sent{Failed: fmt.Sprintf("The invoice is %s: the mail was not needed any more.", inv.Status), Needless: true}, nil
	}
	written, err := letter.Invoice(inv, company, a.PublicURL)
	if err != nil {
		return activities.Sent{}, err
	}
	return a.sendAbout(ctx, in.InvoiceRef, company, written)
}

// sendAbout sends a letter about an invoice, with the PDF if the company wants that. That the mail server refuses it for good is a
// result; one that is down is an error, to be tried again.
func (a *Activities) sendAbout(ctx context.Context, in activities.InvoiceRef, company merchant.Company, written letter.Letter) (activities.Sent, error) {
	if company.AttachPDF {
		name, pdf, err := a.Paper(ctx, in.CompanyID, in.InvoiceID)
		if err != nil {
			return activities.Sent{}, err
		}
		written.Attachments = []letter.Attachment{{Name: name, ContentType: "application/pdf", Content: pdf}}
	}
	return a.Send.Post(ctx, written)
}

// EndedEmail is a mail with what became of it.
type EndedEmail struct {
	EmailRef
	activities.Sent
}

// emailAdvice says what a company can do about a mail that failed.
const emailAdvice = "The mail with the link of invoice %s could not be delivered: %s Correct the customer's address and send it again by " +
	"POST /v1/invoices/%s/send with the right email, or give the customer the link in another way."

// RecordEmail records what became of a mail. One that failed is an event and an exception for the company, which clears up when a
// later mail is delivered. A mail that is dealt with, or whose place another one took, changes nothing.
func (a *Activities) RecordEmail(ctx context.Context, in EndedEmail) error {
	return a.InEmails(ctx, in.CompanyID, func(tx EmailTx) error {
		inv, err := tx.LockInvoice(ctx, in.InvoiceID)
		if err != nil || !inv.EndEmail(in.EmailID, in.Failed, a.Now()) {
			return err
		}
		if err := tx.SaveInvoice(ctx, inv); err != nil || in.Needless {
			return err
		}
		if in.Failed == "" {
			return escalation.ClearUp(ctx, tx, exception.EmailFailed, inv.ID, "A later mail was delivered.", a.Now())
		}
		return undelivered(ctx, tx, inv, in.Failed, a.Now())
	})
}

// undelivered tells the company that a mail about the invoice failed, and why: an event and an exception.
func undelivered(ctx context.Context, tx escalation.RaiseTx, inv invoice.Invoice, reason string, at time.Time) error {
	if err := tx.AppendEvent(ctx, event.New(event.InvoiceEmailFailed, inv.CompanyID, inv.ID, at, inv.Facts())); err != nil {
		return err
	}
	_, err := escalation.RaiseIn(ctx, tx, escalation.Raise{
		CompanyID: inv.CompanyID, Kind: exception.EmailFailed, Subject: inv.ID, Choices: []exception.Choice{exception.Acknowledge},
		Detail: fmt.Sprintf(emailAdvice, inv.Number, reason, inv.ID),
	}, at)
	return err
}
