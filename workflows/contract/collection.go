package contract

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/text"
)

// Issue opens a draft invoice and returns when it is open. EmailID names the mail with the link to the customer; it is empty when
// none is to be sent.
func (c Commands) Issue(ctx context.Context, inv invoice.Invoice, emailID string) error {
	return c.collect(ctx, inv, invoice.Open, IssueInvoice{CompanyID: inv.CompanyID, InvoiceID: inv.ID, EmailID: emailID})
}

// TakeUp starts the workflow of an issued invoice again when it was ended from outside, such as in Temporal Web. It goes on
// where the record says, and asks Saferpay about every payment that was in flight. One that still runs is left alone.
func (c Commands) TakeUp(ctx context.Context, inv invoice.Invoice) error {
	return c.collect(ctx, inv, inv.Status, TakenUp(inv.CompanyID, inv.ID))
}

// TakenUp is the input of a workflow that goes on where the record says, because the one before it was ended from outside.
func TakenUp(companyID, invoiceID string) IssueInvoice {
	return IssueInvoice{CompanyID: companyID, InvoiceID: invoiceID, TakeUp: true}
}

func (c Commands) collect(ctx context.Context, inv invoice.Invoice, status invoice.Status, in IssueInvoice) error {
	return c.updateWithStart(ctx, begun{c.collectionOptions(inv, status), InvoicePaymentType, in}, client.UpdateWorkflowOptions{UpdateName: UpdateIssue}, &Issued{})
}

func (c Commands) collectionOptions(inv invoice.Invoice, status invoice.Status) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       InvoicePaymentID(inv.ID),
		TaskQueue:                PaymentsQueue,
		Priority:                 PriorityOf(inv.CompanyID, ForPayers),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("Invoice %s · %s", text.Literal(inv.Number), inv.Amount),
		StaticDetails: c.details(inv.ID, "Collects invoice **%s** of company `%s`: %s, due %s. Ends when the invoice is paid or cancelled.",
			text.Literal(inv.Number), inv.CompanyID, inv.Amount, inv.DueDate.Format("2006-01-02")),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			CompanyID.ValueSet(inv.CompanyID), InvoiceNumber.ValueSet(inv.Number), Currency.ValueSet(string(inv.Amount.Currency())),
			PaymentState.ValueSet(string(status)), NeedsAttention.ValueSet(false)),
	}
}

// PayNow returns a payment page for the invoice: a new one, or the one that is already waiting for the same method.
func (c Commands) PayNow(ctx context.Context, invoiceID string, in PayNow) (Checkout, error) {
	var out Checkout
	err := c.update(ctx, client.UpdateWorkflowOptions{
		WorkflowID: InvoicePaymentID(invoiceID), UpdateID: in.PaymentID, UpdateName: UpdatePayNow, Args: []any{in},
	}, &out)
	return out, err
}

// Cancel cancels an open invoice, unless money is being captured or has been.
func (c Commands) Cancel(ctx context.Context, invoiceID string) error {
	return c.update(ctx, client.UpdateWorkflowOptions{
		WorkflowID: InvoicePaymentID(invoiceID), UpdateName: UpdateCancel, Args: []any{CancelInvoice{}},
	}, &Acknowledged{})
}

// Send has the link of an open invoice mailed to the customer, and returns when the mail is recorded as queued.
func (c Commands) Send(ctx context.Context, inv invoice.Invoice, in SendInvoice) error {
	return c.takingUp(ctx, inv, client.UpdateWorkflowOptions{UpdateName: UpdateSend, Args: []any{in}})
}

// takingUp gives an update to the invoice's workflow, or to a new one that goes on where the record says, when there is none.
func (c Commands) takingUp(ctx context.Context, inv invoice.Invoice, update client.UpdateWorkflowOptions) error {
	return c.updateWithStart(ctx, begun{c.collectionOptions(inv, inv.Status), InvoicePaymentType, TakenUp(inv.CompanyID, inv.ID)}, update, &Acknowledged{})
}

// RecordReceipt books money that came by other means, and returns when the invoice says so. Of an authorization that comes
// later, nothing is taken any more.
func (c Commands) RecordReceipt(ctx context.Context, invoiceID string, in RecordReceipt) error {
	return c.update(ctx, client.UpdateWorkflowOptions{
		WorkflowID: InvoicePaymentID(invoiceID), UpdateID: in.ReceiptID, UpdateName: UpdateReceipt, Args: []any{in},
	}, &Acknowledged{})
}

// LoseDispute books a lost dispute that the invoice is owed again for, and returns when the invoice says so. It can be paid again then.
func (c Commands) LoseDispute(ctx context.Context, inv invoice.Invoice, in LoseDispute) error {
	return c.takingUp(ctx, inv, client.UpdateWorkflowOptions{UpdateName: UpdateLoseDispute, Args: []any{in}})
}

// VoidReceipt takes back a receipt of the invoice, and returns when the invoice says what its other receipts do. It can be paid
// online again, or cancelled.
func (c Commands) VoidReceipt(ctx context.Context, inv invoice.Invoice, in VoidReceipt) error {
	return c.takingUp(ctx, inv, client.UpdateWorkflowOptions{UpdateName: UpdateVoidReceipt, Args: []any{in}})
}

// BookBankReceipt books a receipt that a bank's file tells, and returns when the record says what became of it. Of an authorization
// that comes later, nothing is taken any more.
func (c Commands) BookBankReceipt(ctx context.Context, inv invoice.Invoice, in BookBankReceipt) error {
	return c.takingUp(ctx, inv, client.UpdateWorkflowOptions{UpdateName: UpdateBankReceipt, Args: []any{in}})
}

// BookBankReceipts has every bank receipt of the company booked that waits, and returns at once. Cause is the id of what made them
// wait. It may be asked for again: what is booked stays as it is.
func (c Commands) BookBankReceipts(ctx context.Context, companyID, cause string) error {
	_, err := c.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: BankReceiptsID(cause), TaskQueue: PaymentsQueue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		Priority:              PriorityOf(companyID, ForImports),
		StaticSummary:         "Bank receipts of " + cause,
		StaticDetails:         c.details(cause, "Books what banks told of money for invoices of company `%s`, each through the process of its invoice.", companyID),
		TypedSearchAttributes: temporal.NewSearchAttributes(CompanyID.ValueSet(companyID), NeedsAttention.ValueSet(false)),
	}, BankReceiptsType, BookBankReceipts{CompanyID: companyID})
	return Problem(err)
}

// PayerReturned tells the invoice's workflow that the payer came back from the payment page.
func (c Commands) PayerReturned(ctx context.Context, invoiceID, paymentID string) error {
	return c.signal(ctx, invoiceID, SignalPayerReturned, paymentID)
}

// SaferpayNotified tells the invoice's workflow that a notification came for the payment.
func (c Commands) SaferpayNotified(ctx context.Context, invoiceID, paymentID string) error {
	return c.signal(ctx, invoiceID, SignalSaferpayNotified, paymentID)
}

func (c Commands) signal(ctx context.Context, invoiceID, name, paymentID string) error {
	return Problem(c.Temporal.SignalWorkflow(ctx, InvoicePaymentID(invoiceID), "", name, PaymentHint{PaymentID: paymentID}))
}

// Remind tells the invoice's workflow that the time of a reminder has come, or a new one, when there is none.
func (c Commands) Remind(ctx context.Context, inv invoice.Invoice, in Remind) error {
	_, err := c.Temporal.SignalWithStartWorkflow(ctx, InvoicePaymentID(inv.ID), SignalRemind, in,
		c.collectionOptions(inv, inv.Status), InvoicePaymentType, TakenUp(inv.CompanyID, inv.ID))
	return Problem(err)
}

// Restored sees to it that a payment that has not ended is looked after: by the invoice's workflow, which looks it up if it doesn't
// know it, or by a new one, when there is none.
func (c Commands) Restored(ctx context.Context, inv invoice.Invoice, paymentID string) error {
	_, err := c.Temporal.SignalWithStartWorkflow(ctx, InvoicePaymentID(inv.ID), SignalTryAgain, PaymentHint{PaymentID: paymentID},
		c.collectionOptions(inv, inv.Status), InvoicePaymentType, TakenUp(inv.CompanyID, inv.ID))
	return Problem(err)
}
