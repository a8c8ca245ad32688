package onboarding

import (
	"context"
	"errors"
	"fmt"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/sealed"
)

// DocumentRef names a document of a payment service.
type DocumentRef struct {
	activities.PaymentServiceRef
	DocumentID string `json:"document_id"`
}

// ReceiveDocument notes once on the timeline that a document came, which mails it to the acquirer.
func (a *Activities) ReceiveDocument(ctx context.Context, in DocumentRef) (Verification, error) {
	return a.saveIn(ctx, in.PaymentServiceRef, func(tx Tx, s *merchant.PaymentService) error {
		d, err := tx.Document(ctx, in.DocumentID)
		if err != nil || s.Noted(merchant.DocumentReceived, d.ID) {
			return err
		}
		s.Note(merchant.ServiceStep{What: merchant.DocumentReceived, About: d.ID, Note: d.Describe() + " was received and will be mailed."}, a.Now())
		return nil
	})
}

// noteDocument notes what became of the mail with a document, and erases its content: the acquirer has it, or never will.
func (a *Activities) noteDocument(ctx context.Context, tx Tx, s *merchant.PaymentService, documentID string, in MailResult) error {
	d, err := tx.Document(ctx, documentID)
	if err != nil {
		return err
	}
	what := merchant.DocumentRefused
	if in.Outcome.Sent {
		what = merchant.DocumentSent
	}
	s.Note(merchant.ServiceStep{What: what, About: d.ID, Note: in.Outcome.Note, Letter: &in.Letter}, a.Now())
	d.Erase(a.Now())
	return tx.EraseDocument(ctx, d)
}

// toAcquirer writes the mail to the acquirer about a step, with the document that the step is about.
func (a *Activities) toAcquirer(ctx context.Context, tx Tx, c merchant.Company, s merchant.PaymentService, at int) (written letter.Letter, note string, err error) {
	step := s.Timeline[at]
	var attachments []letter.Attachment
	address := letter.AcquirerAddress(step.What)
	what := fmt.Sprintf("Mailed to the acquirer (%s)", address)
	write := letter.ToAcquirer
	if s.Environment != merchant.Live && !a.TestToAcquirer {
		what = fmt.Sprintf("Mailed to the company's contact and not to the acquirer (%s), since the payment service is in test", address)
		write = letter.InsteadOfAcquirer
		if c.ContactEmail == "" {
			what = fmt.Sprintf("No mail was sent: of a payment service in test it goes to the company's contact and not to the acquirer (%s), "+
				"and the company has no contact address, see PATCH /v1/settings", address)
		}
	}
	if step.What == merchant.DocumentReceived {
		d, err := tx.Document(ctx, step.About)
		if err != nil {
			return letter.Letter{}, "", err
		}
		content, err := a.Secrets.OpenAt(d.SealedContent, sealed.Document.Of(c.ID, d.ID))
		if err != nil {
			return letter.Letter{}, "", errors.Join(fmt.Errorf("document %s can't be opened", d.ID), err)
		}
		attachments = []letter.Attachment{{Name: d.Name, ContentType: d.ContentType, Content: content}}
		what += "; erased here: " + d.Describe()
	}
	written, err = write(c, s, at, attachments...)
	return written, what + ".", err
}
