package collection

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// OpenInvoice turns a draft into an open invoice that can be paid; an open one stays as it is. Problems: invoice-not-draft,
// payment-service-not-active, currency-not-active.
func (a *Activities) OpenInvoice(ctx context.Context, ref activities.InvoiceRef) (activities.Standing, error) {
	var standing activities.Standing
	err := a.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		inv, err := tx.LockInvoice(ctx, ref.InvoiceID)
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

// SendInvoice mails the link of the online document to the customer, in the customer's language, as long as there is
// something to pay. An invoice without an address is the problem validation-failed; an address that the mail server refuses
// is an error of type "mail-undeliverable". Neither is tried again.
func (a *Activities) SendInvoice(ctx context.Context, in activities.InvoiceRef) error {
	var (
		inv     invoice.Invoice
		company merchant.Company
	)
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		if company, err = tx.Company(ctx); err != nil {
			return err
		}
		inv, err = tx.Invoice(ctx, in.InvoiceID)
		return err
	})
	if err != nil {
		return err
	}
	if !inv.Status.Payable() {
		return nil // paid or cancelled while the mail was waiting
	}
	if inv.Customer.Email == "" {
		return problem.InvalidFields(problem.Field{Name: "customer.email", Message: "is needed to mail the invoice"})
	}
	written, err := letter.Invoice(inv, company, a.PublicURL)
	if err != nil {
		return err
	}
	err = a.Send(ctx, written)
	if errors.Is(err, activities.ErrUndeliverable) {
		return temporal.NewNonRetryableApplicationError(err.Error(), "mail-undeliverable", err)
	}
	return err
}
