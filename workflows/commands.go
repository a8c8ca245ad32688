package workflows

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

// Commands sends what users and Saferpay want to the workflows. Every method returns a *problem.Error where the caller
// can do something about it: the refusals of the workflows, problem.NotFound when there is no such workflow, and
// problem.Unavailable when Temporal or a worker did not answer in time (the command may still take effect).
type Commands struct{ Temporal client.Client }

// Issue opens a draft invoice and returns when it is open.
func (c Commands) Issue(ctx context.Context, inv invoice.Invoice, sendEmail bool) error {
	return c.collect(ctx, inv, invoice.Open, IssueInvoice{CompanyID: inv.CompanyID, InvoiceID: inv.ID, SendEmail: sendEmail, AskInside: true})
}

// TakeUp starts the workflow of an issued invoice anew when it was ended from outside, such as in Temporal Web. It goes on
// where the record says, and asks Saferpay about every payment that was under way. One that still runs is left alone.
func (c Commands) TakeUp(ctx context.Context, inv invoice.Invoice) error {
	return c.collect(ctx, inv, inv.Status, takeUp(inv.CompanyID, inv.ID))
}

func takeUp(companyID, invoiceID string) IssueInvoice {
	return IssueInvoice{CompanyID: companyID, InvoiceID: invoiceID, TakeUp: true, AskInside: true}
}

func (c Commands) collect(ctx context.Context, inv invoice.Invoice, status invoice.Status, in IssueInvoice) error {
	start := c.Temporal.NewWithStartWorkflowOperation(collectionOptions(inv, status), InvoicePaymentType, in)
	return c.updateWithStart(ctx, start, client.UpdateWorkflowOptions{UpdateName: UpdateIssue}, &Issued{})
}

func collectionOptions(inv invoice.Invoice, status invoice.Status) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       InvoicePaymentID(inv.ID),
		TaskQueue:                PaymentsQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("Invoice %s · %s", inv.Number, inv.Amount),
		StaticDetails: fmt.Sprintf("Collects invoice **%s** of company `%s`: %s, due %s. Ends when the invoice is paid or cancelled.",
			inv.Number, inv.CompanyID, inv.Amount, inv.DueDate.Format("2006-01-02")),
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

// RecordReceipt books money that came by other means, and returns when the invoice says so. Of an authorization that comes
// later, nothing is taken any more.
func (c Commands) RecordReceipt(ctx context.Context, invoiceID string, in RecordReceipt) error {
	return c.update(ctx, client.UpdateWorkflowOptions{
		WorkflowID: InvoicePaymentID(invoiceID), UpdateID: in.ReceiptID, UpdateName: UpdateReceipt, Args: []any{in},
	}, &Acknowledged{})
}

// RequestRefund starts a refund and returns when it is recorded. invoiceNumber is only for operators to read.
func (c Commands) RequestRefund(ctx context.Context, in RequestRefund, invoiceNumber string) error {
	start := c.Temporal.NewWithStartWorkflowOperation(refundOptions(in, invoiceNumber), RefundType, in)
	return c.updateWithStart(ctx, start, client.UpdateWorkflowOptions{UpdateName: UpdateRefund}, &Acknowledged{})
}

func refundOptions(in RequestRefund, invoiceNumber string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       RefundID(in.RefundID),
		TaskQueue:                PaymentsQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("Refund for invoice %s", invoiceNumber),
		StaticDetails:            fmt.Sprintf("Gives money of payment `%s` back to its payer.", in.PaymentID),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			CompanyID.ValueSet(in.CompanyID), InvoiceNumber.ValueSet(invoiceNumber), NeedsAttention.ValueSet(false)),
	}
}

// TakeUpRefund starts the workflow of a refund anew when it was ended from outside. It first looks whether Saferpay has the
// refund. One that still runs is left alone.
func (c Commands) TakeUpRefund(ctx context.Context, r refund.Refund, invoiceNumber string) error {
	return c.RequestRefund(ctx, takeUpRefund(r), invoiceNumber)
}

// RecordRefund records that the merchant gave the money back in the Saferpay Backoffice, and returns when it is booked.
func (c Commands) RecordRefund(ctx context.Context, refundID string, in RefundRecorded) error {
	return c.update(ctx, client.UpdateWorkflowOptions{
		WorkflowID: RefundID(refundID), UpdateName: UpdateRecorded, Args: []any{in},
	}, &Acknowledged{})
}

// Resolve hands a decision to the workflow that waits for it, and returns when it is recorded.
func (c Commands) Resolve(ctx context.Context, workflowID string, in ResolveException) error {
	return c.update(ctx, client.UpdateWorkflowOptions{WorkflowID: workflowID, UpdateName: UpdateResolve, Args: []any{in}}, &Acknowledged{})
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

// Connect adds a payment service to a company and returns when it is recorded.
func (c Commands) Connect(ctx context.Context, in ConnectPaymentService) error {
	return c.updateWithStart(ctx, c.onboarding(in), client.UpdateWorkflowOptions{UpdateName: UpdateConnect}, &Acknowledged{})
}

// SubmitCredentials checks the credentials against Saferpay and saves them when they work.
func (c Commands) SubmitCredentials(ctx context.Context, s merchant.PaymentService, credentials merchant.Credentials) (ServiceState, error) {
	var out ServiceState
	err := c.updateWithStart(ctx, c.onboarding(connected(s)),
		client.UpdateWorkflowOptions{UpdateName: UpdateCredentials, Args: []any{credentials}}, &out)
	return out, err
}

// Decide ends the verification of a payment service by a person's decision.
func (c Commands) Decide(ctx context.Context, s merchant.PaymentService, d Decision) (ServiceState, error) {
	var out ServiceState
	err := c.updateWithStart(ctx, c.onboarding(connected(s)),
		client.UpdateWorkflowOptions{UpdateName: UpdateDecide, Args: []any{d}}, &out)
	return out, err
}

// MailDocument mails a document that is in the record to the acquirer, and returns when that is sure to happen.
func (c Commands) MailDocument(ctx context.Context, s merchant.PaymentService, documentID string) error {
	return c.updateWithStart(ctx, c.onboarding(connected(s)),
		client.UpdateWorkflowOptions{UpdateName: UpdateDocument, Args: []any{MailDocument{DocumentID: documentID}}}, &Acknowledged{})
}

// RequestCurrency asks the acquirer for contracts in a currency, unless somebody has or there are, and returns where it stands.
func (c Commands) RequestCurrency(ctx context.Context, s merchant.PaymentService, currency money.Currency) (CurrencyState, error) {
	options, in := activationOf(s, currency)
	start := c.Temporal.NewWithStartWorkflowOperation(options, CurrencyActivationType, in)
	var out CurrencyState
	err := c.updateWithStart(ctx, start, client.UpdateWorkflowOptions{UpdateName: UpdateCurrency}, &out)
	return out, err
}

func activationOf(s merchant.PaymentService, currency money.Currency) (client.StartWorkflowOptions, RequestCurrency) {
	return client.StartWorkflowOptions{
		ID:                       CurrencyID(s.ID, currency),
		TaskQueue:                OnboardingQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("%s for company %s", currency, s.CompanyID),
		StaticDetails:            fmt.Sprintf("Asks the acquirer for contracts in **%s** for payment service `%s`, and looks once a business day whether there are some.", currency, s.ID),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			CompanyID.ValueSet(s.CompanyID), PaymentServiceID.ValueSet(s.ID), Currency.ValueSet(string(currency)), NeedsAttention.ValueSet(false)),
	}, RequestCurrency{CompanyID: s.CompanyID, PaymentServiceID: s.ID, Currency: currency}
}

// DecideCurrency ends the wait for a requested currency by what a person learnt from the acquirer.
func (c Commands) DecideCurrency(ctx context.Context, s merchant.PaymentService, currency money.Currency, d Decision) (CurrencyState, error) {
	var out CurrencyState
	err := c.update(ctx, client.UpdateWorkflowOptions{WorkflowID: CurrencyID(s.ID, currency), UpdateName: UpdateDecide, Args: []any{d}}, &out)
	return out, err
}

// Disconnect ends a payment service: no new payment begins, and what is under way comes to its end.
func (c Commands) Disconnect(ctx context.Context, s merchant.PaymentService) (ServiceState, error) {
	var out ServiceState
	err := c.updateWithStart(ctx, c.onboarding(connected(s)), client.UpdateWorkflowOptions{UpdateName: UpdateDisconnect}, &out)
	return out, err
}

// ServiceChanged has the onboarding of the payment service see to something that happened elsewhere, see
// Workflows in activities/onboarding.
func (c Commands) ServiceChanged(ctx context.Context, s merchant.PaymentService, refusedPassword []byte) error {
	in := connected(s)
	options := onboardingOptions(in)
	_, err := c.Temporal.SignalWithStartWorkflow(ctx, options.ID, SignalServiceChanged, ServiceChanged{RefusedPassword: refusedPassword}, options, OnboardingType, in)
	return Problem(err)
}

// TryAgain has the process of a payment or refund run the step that failed once more, if one has. A process that has ended in
// the meantime is fine.
func (c Commands) TryAgain(ctx context.Context, u merchant.InFlight) error {
	workflowID := InvoicePaymentID(u.InvoiceID)
	if u.RefundID != "" {
		workflowID = RefundID(u.RefundID)
	}
	err := Problem(c.Temporal.SignalWorkflow(ctx, workflowID, "", SignalTryAgain, PaymentHint{PaymentID: u.PaymentID, OnlyFailed: true}))
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}

func connected(s merchant.PaymentService) ConnectPaymentService {
	return ConnectPaymentService{CompanyID: s.CompanyID, PaymentServiceID: s.ID, Environment: s.Environment, Name: s.Name}
}

func (c Commands) onboarding(in ConnectPaymentService) client.WithStartWorkflowOperation {
	return c.Temporal.NewWithStartWorkflowOperation(onboardingOptions(in), OnboardingType, in)
}

func onboardingOptions(in ConnectPaymentService) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       OnboardingID(in.PaymentServiceID),
		TaskQueue:                OnboardingQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("Worldline/SIX (%s) for company %s", in.Environment, in.CompanyID),
		StaticDetails: fmt.Sprintf("Brings payment service `%s` from its credentials through the acquirer's verification (3 to 15 business days) to *active*.",
			in.PaymentServiceID),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			CompanyID.ValueSet(in.CompanyID), PaymentServiceID.ValueSet(in.PaymentServiceID), NeedsAttention.ValueSet(false)),
	}
}

// Deliver starts bringing an event to a webhook endpoint, unless that is under way. One that the company asked for once more,
// and that waits for its next attempt, has it at once.
//
// A workflow that has ended is no obstacle, since a company may ask again: what has been delivered already is known to the
// record, and not sent again.
func (c Commands) Deliver(ctx context.Context, d delivery.Due) error {
	options := client.StartWorkflowOptions{
		ID:                       EventDeliveryID(d.EventID, d.EndpointID),
		TaskQueue:                WebhooksQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            fmt.Sprintf("%s → %s", d.Type, d.EndpointID),
		StaticDetails: fmt.Sprintf("Tells webhook endpoint `%s` of `%s` about `%s`. Tried for three days, then parked.",
			d.EndpointID, d.Type, d.Thread),
		TypedSearchAttributes: temporal.NewSearchAttributes(CompanyID.ValueSet(d.CompanyID)),
	}
	in := DeliverEvent{CompanyID: d.CompanyID, EventID: d.EventID, EndpointID: d.EndpointID}
	var err error
	if d.Again {
		_, err = c.Temporal.SignalWithStartWorkflow(ctx, options.ID, SignalTryAgain, TryNow{}, options, EventDeliveryType, in)
	} else {
		_, err = c.Temporal.ExecuteWorkflow(ctx, options, EventDeliveryType, in)
	}
	return Problem(err)
}

// updateWithStart starts the workflow unless it runs, and sends it the update. The update has no id of its own: with one,
// Temporal would answer with the outcome of an earlier run for as long as it remembers that.
func (c Commands) updateWithStart(ctx context.Context, start client.WithStartWorkflowOperation, update client.UpdateWorkflowOptions, out any) error {
	update.WaitForStage = client.WorkflowUpdateStageCompleted
	handle, err := c.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{StartWorkflowOperation: start, UpdateOptions: update})
	if err != nil {
		return Problem(err)
	}
	return Problem(handle.Get(ctx, out))
}

func (c Commands) update(ctx context.Context, options client.UpdateWorkflowOptions, out any) error {
	options.WaitForStage = client.WorkflowUpdateStageCompleted
	handle, err := c.Temporal.UpdateWorkflow(ctx, options)
	if err != nil {
		return Problem(err)
	}
	return Problem(handle.Get(ctx, out))
}

// Problem turns an error that came through Temporal back into the problem that caused it.
func Problem(err error) error {
	if err == nil {
		return nil
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && app.Type() != "" {
		p := &problem.Error{Code: problem.Code(app.Type()), Detail: app.Message()}
		if app.HasDetails() {
			if err := app.Details(&p.Fields); err != nil {
				return fmt.Errorf("the fields of problem %s can't be read: %w", app.Type(), err)
			}
		}
		return p
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return problem.New(problem.NotFound, "Nothing is under way for it any more.")
	}
	if notAnswered(err) {
		return fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "It was not answered in time and may still be done; look again in a moment."), err)
	}
	return err
}

func notAnswered(err error) bool {
	_, update := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err)
	_, unavailable := errors.AsType[*serviceerror.Unavailable](err)
	_, deadline := errors.AsType[*serviceerror.DeadlineExceeded](err)
	return update || unavailable || deadline || errors.Is(err, context.DeadlineExceeded)
}
