package collection

import (
	"slices"

	"github.com/quittance/quittance/activities"
	steps "github.com/quittance/quittance/activities/collection"
	payermailsteps "github.com/quittance/quittance/activities/payermail"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
	"github.com/quittance/quittance/workflows/payermail"
)

// send queues a mail with the link, and answers once that is recorded.
func (p *invoicePayment) send(ctx workflow.Context, in contract.SendInvoice) (contract.Acknowledged, error) {
	if err := p.awaitBegun(ctx); err != nil {
		return contract.Acknowledged{}, err
	}
	if err := p.mustBePayable(); err != nil {
		return contract.Acknowledged{}, err
	}
	var email steps.EmailStanding
	err := flow.LocalThenActivity(ctx, flow.Books, "Queue a mail to the customer", do.QueueEmail, steps.QueuedEmail{InvoiceRef: p.ref(), SendInvoice: in}, &email)
	if refused := flow.Refusal(err); refused != nil {
		return contract.Acknowledged{}, refused
	}
	if email.Queued {
		p.post(ctx, in.EmailID)
	}
	return contract.Acknowledged{}, err
}

// post sends a mail while the rest goes on, and records what became of it. One that is on its way already is left alone, and so is
// none.
func (p *invoicePayment) post(ctx workflow.Context, emailID string) {
	if emailID == "" || slices.Contains(p.posting, emailID) {
		return
	}
	p.posting = append(p.posting, emailID)
	p.mailing = "The mail to the customer is on its way."
	email := steps.EmailRef{InvoiceRef: p.ref(), EmailID: emailID}
	workflow.Go(ctx, func(ctx workflow.Context) {
		var sent activities.Sent
		err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Mail, "Mail the link to the customer"), do.SendInvoice, email).Get(ctx, &sent)
		if err != nil {
			workflow.GetLogger(ctx).Warn("mail given up", "email", emailID, "error", err)
			sent.Failed = flow.LateMail
		}
		ended := steps.EndedEmail{EmailRef: email, Sent: sent}
		if err := flow.LocalThenActivity(ctx, flow.Books, "Record what became of the mail", do.RecordEmail, ended, nil); err != nil {
			workflow.GetLogger(ctx).Error("outcome of a mail not recorded", "email", emailID, "error", err)
		}
		p.posting = slices.DeleteFunc(p.posting, func(id string) bool { return id == emailID })
		p.mailing = "The customer got a mail with the link."
		if sent.Failed != "" {
			p.mailing = "**The mail to the customer was not sent**; the invoice says why."
		}
		p.report(ctx)
	})
}

// mailReceipt mails the receipt of a payment while the rest goes on. One that is on its way already is left alone.
func (p *invoicePayment) mailReceipt(ctx workflow.Context, paymentID string) {
	if slices.Contains(p.posting, paymentID) {
		return
	}
	p.posting = append(p.posting, paymentID)
	workflow.Go(ctx, func(ctx workflow.Context) {
		payermail.Send(ctx, payermailsteps.Ref{CompanyID: p.in.CompanyID, PaymentID: paymentID})
		p.posting = slices.DeleteFunc(p.posting, func(id string) bool { return id == paymentID })
	})
}
