package api

import (
	"cmp"
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
)

// SendInvoice answers POST /invoices/{invoice_id}/send. The invoice's workflow sends the mail, for as long as the mail server is
// down; what can be refused without it is refused here.
func (s *server) SendInvoice(ctx context.Context, r spec.SendInvoiceRequestObject) (spec.SendInvoiceResponseObject, error) {
	companyID := callerOf(ctx).companyID
	wish := contract.SendInvoice{EmailID: newID(ctx, id.Email)}
	if r.Body != nil {
		wish.To = deref(r.Body.Email)
	}
	if err := problem.InvalidFields(text.Email("email", &wish.To)...); err != nil {
		return nil, err
	}
	var inv invoice.Invoice
	err := inCompany(ctx, s.Store, companyID, func(tx InvoicesTx) (err error) {
		if inv, err = tx.Invoice(ctx, r.InvoiceID); err != nil || inv.Email.ID == wish.EmailID {
			return err
		}
		if err := inv.CanBePaid(); err != nil { // the workflow looks again
			return err
		}
		if cmp.Or(wish.To, inv.Customer.Email) == "" {
			return problem.InvalidFields(problem.Field{Name: "email", Message: "is needed: the customer has no address yet"})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if inv.Email.ID != wish.EmailID { // else an earlier try of the same request did it
		if err := s.mailAsked(ctx); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		if err := s.Collection.Send(ctx, inv, wish); err != nil {
			return nil, err
		}
	}
	answer, err := s.invoice(ctx, companyID, r.InvoiceID)
	return spec.SendInvoice202JSONResponse(answer), err
}

// shownEmail returns the mail as the API shows it; nil when none was ever asked for.
func shownEmail(e invoice.Email) *spec.InvoiceEmail {
	if e.ID == "" {
		return nil
	}
	return &spec.InvoiceEmail{State: spec.InvoiceEmailState(e.State), To: e.To, At: e.At, Reason: optional(e.Reason)}
}
