package collection

import (
	"context"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
)

// Opening is a draft to be issued. EmailID names the mail with the link that goes to the customer; it is empty when none does.
type Opening struct {
	activities.InvoiceRef
	EmailID string `json:"email_id,omitempty"`
}

// OpenInvoice turns a draft into an open invoice that can be paid, and queues the mail if there is to be one; an open invoice stays
// as it is. Problems: invoice-not-draft, payment-service-not-active, currency-not-active, validation-failed without an address for
// the mail.
func (a *Activities) OpenInvoice(ctx context.Context, in Opening) (activities.Standing, error) {
	var standing activities.Standing
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		inv, err := tx.LockInvoice(ctx, in.InvoiceID)
		standing = activities.Standing{InvoiceStatus: invoice.Open, Due: inv.AmountDue()}
		if err != nil || inv.Status == invoice.Open {
			return err
		}
		if err := inv.Become(invoice.Open); err != nil {
			return err
		}
		if err := merchant.Collectable(ctx, inv, tx.PaymentService); err != nil {
			return err
		}
		inv.IssuedAt = a.Now().UTC()
		if in.EmailID != "" {
			if err := inv.QueueEmail(in.EmailID, a.Now()); err != nil {
				return err
			}
		}
		if err := tx.SaveInvoice(ctx, inv); err != nil {
			return err
		}
		return tx.AppendEvent(ctx, event.New(event.InvoiceOpened, inv.CompanyID, inv.ID, a.Now(), inv.Facts()))
	})
	return standing, err
}

// CancelInvoice withdraws an open invoice; a cancelled one stays as it is. Problem: invoice-paid.
func (a *Activities) CancelInvoice(ctx context.Context, ref activities.InvoiceRef) error {
	return a.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		inv, err := tx.LockInvoice(ctx, ref.InvoiceID)
		if err != nil || inv.Status == invoice.Cancelled {
			return err
		}
		if err := inv.Become(invoice.Cancelled); err != nil {
			return err
		}
		if err := tx.SaveInvoice(ctx, inv); err != nil {
			return err
		}
		return tx.AppendEvent(ctx, event.New(event.InvoiceCancelled, inv.CompanyID, inv.ID, a.Now(), inv.Facts()))
	})
}
