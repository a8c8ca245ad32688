package api

import (
	"context"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// TakeUpTx is what taking up the workflow of an invoice needs of a transaction.
type TakeUpTx interface {
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
}

// A workflow that has work to do can only be missing when it was ended from outside, such as in Temporal Web, or when Temporal
// lost its data. The record says where it was, so it is started again and goes on from there.

// onInvoice gives a command to the invoice's workflow. When there is none, either the invoice was settled between our look and
// the command, which refusal then explains, or the workflow is taken up again.
func (s *server) onInvoice(ctx context.Context, companyID, invoiceID string, refusal func(invoice.Invoice) error, command func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	err := command(ctx)
	if problem.CodeOf(err) != problem.NotFound {
		return err
	}
	var inv invoice.Invoice
	if err := inCompany(ctx, s.Store, companyID, func(tx TakeUpTx) (err error) {
		if inv, err = tx.Invoice(ctx, invoiceID); err != nil {
			return err
		}
		return refusal(inv)
	}); err != nil {
		return err
	}
	if err := s.Collection.TakeUp(origin.With(ctx, origin.Quittance), inv); err != nil {
		return err
	}
	return command(ctx)
}

// hint tells the invoice's workflow that something may have happened to the payment, unless that is known already or being
// decided on: then a hint says nothing new. A workflow that is taken up again asks by itself.
func (s *server) hint(ctx context.Context, p payment.Payment, send func(ctx context.Context, invoiceID, paymentID string) error) error {
	if p.State.Final() || p.State == payment.Authorized || p.State == payment.Unknown {
		return nil
	}
	err := send(ctx, p.InvoiceID, p.ID)
	if problem.CodeOf(err) != problem.NotFound {
		return err
	}
	var inv invoice.Invoice
	if err := inCompany(ctx, s.Store, p.CompanyID, func(tx TakeUpTx) (err error) {
		inv, err = tx.Invoice(ctx, p.InvoiceID)
		return err
	}); err != nil {
		return err
	}
	return s.Collection.TakeUp(origin.With(ctx, origin.Quittance), inv)
}
