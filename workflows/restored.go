package workflows

import (
	"context"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

// What follows is for the hours after a database was restored, when what the record shows to be under way and what workflows
// know of it come from different moments. It starts workflows and waits for none, so that it can be done before a worker runs.

// Restored sees to it that a payment that has not ended is looked after: by the invoice's workflow, which looks it up if it doesn't
// know it, or by a new one, when there is none.
func (c Commands) Restored(ctx context.Context, inv invoice.Invoice, paymentID string) error {
	_, err := c.Temporal.SignalWithStartWorkflow(ctx, InvoicePaymentID(inv.ID), SignalTryAgain, PaymentHint{PaymentID: paymentID},
		collectionOptions(inv, inv.Status), InvoicePaymentType, takeUp(inv.CompanyID, inv.ID))
	return Problem(err)
}

// RestoredRefund sees to it that a refund that has not ended is looked after by a new workflow, which first looks whether
// Saferpay has it. One that was restored from before the refund was asked for would ask for it, and so give the money back a
// second time: it is ended.
func (c Commands) RestoredRefund(ctx context.Context, r refund.Refund, invoiceNumber string) error {
	err := Problem(c.Temporal.TerminateWorkflow(ctx, RefundID(r.ID), "", "A database was restored: the refund is looked for before it is asked for again."))
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return err
	}
	in := takeUpRefund(r)
	_, err = c.Temporal.ExecuteWorkflow(ctx, refundOptions(in, invoiceNumber), RefundType, in)
	return Problem(err)
}

// RestoredCurrency sees to it that a currency that was requested is looked after, by a new workflow when there is none. The acquirer
// was told when it was requested, and is not told again.
func (c Commands) RestoredCurrency(ctx context.Context, s merchant.PaymentService, currency money.Currency) error {
	options, in := activationOf(s, currency)
	_, err := c.Temporal.ExecuteWorkflow(ctx, options, CurrencyActivationType, in)
	return Problem(err)
}

func takeUpRefund(r refund.Refund) RequestRefund {
	return RequestRefund{
		CompanyID: r.CompanyID, RefundID: r.ID, PaymentID: r.PaymentID, OrderID: r.OrderID, Amount: r.Amount, Reason: r.Reason, TakeUp: true,
	}
}
