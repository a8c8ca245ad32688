package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// Collected is how the collection of an invoice ended: paid or cancelled; or draft, when issuing was refused.
type Collected struct {
	Status invoice.Status `json:"status"`
}

// collection is what the workflow knows of its invoice; a continued run takes it over.
type collection struct {
	activities.Standing
	Checkouts []*checkout `json:"checkouts"`
	Attention bool        `json:"attention"` // what the search attribute NeedsAttention says
}

// invoicePayment collects one invoice. Update and signal handlers only change its state (see messages.go); what follows
// from a change stands here and in checkout.go.
type invoicePayment struct {
	collection
	in    IssueInvoice
	clock clock

	refusal   error                       // why the draft could not be issued
	opening   workflow.Mutex              // one payment page is opened at a time
	changing  workflow.Mutex              // one change of what is due at a time: a capture, a receipt, a cancellation
	capturing *checkout                   // whose money is being taken
	decisions map[string]exception.Choice // what persons decided, by exception
	mailing   string                      // what an operator should know of the mail to the customer
	posting   bool                        // the mail is under way
}

var (
	booksStep    *activities.Books
	saferpayStep *activities.Saferpay
	mailStep     *activities.Mail
)

// InvoicePayment collects an invoice from being issued until it is settled: paid or cancelled, and no payment page left
// on which a payer could still pay. It takes UpdateIssue, UpdatePayNow, UpdateCancel and the signals of a payment.
//
// Temporal's own cancellation request changes nothing: it would leave a payer's money hanging. UpdateCancel is the way.
func (w Workflows) InvoicePayment(ctx workflow.Context, in IssueInvoice) (Collected, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	p := &invoicePayment{
		in: in, clock: w.clock(ctx), collection: collection{Standing: activities.Standing{InvoiceStatus: invoice.Draft}},
		opening: workflow.NewMutex(ctx), changing: workflow.NewMutex(ctx), decisions: map[string]exception.Choice{},
	}
	if in.Resume != nil {
		p.collection = *in.Resume
	}
	if err := p.listen(ctx); err != nil {
		return Collected{}, err
	}
	return p.run(ctx)
}

func (p *invoicePayment) run(ctx workflow.Context) (Collected, error) {
	// 1. Issue the draft, or take up what was left behind. A refusal is the answer of UpdateIssue and the end of this workflow.
	if p.InvoiceStatus == invoice.Draft {
		begin := p.open
		if p.in.TakeUp {
			begin = p.takeUp
		}
		if err := begin(ctx); err != nil {
			return Collected{}, err
		}
	}

	// 2. Follow every payment page until the invoice is settled.
	for !p.settled(ctx) {
		p.report(ctx)
		if err := workflow.Await(ctx, func() bool { return p.settled(ctx) || p.unfollowed() != nil || p.mayContinueAsNew(ctx) }); err != nil {
			return Collected{}, err
		}
		if c := p.unfollowed(); c != nil {
			c.followed = true
			workflow.Go(ctx, func(ctx workflow.Context) { p.follow(ctx, c) })
			continue
		}
		if !p.settled(ctx) && p.quiet(ctx) {
			return p.continueAsNew(ctx)
		}
	}
	p.report(ctx)
	return Collected{Status: p.InvoiceStatus}, nil
}

// open issues the draft and, if wished, mails the link to the customer meanwhile.
func (p *invoicePayment) open(ctx workflow.Context) error {
	err := inBooks(ctx, "Open the invoice", "OpenInvoice", p.ref(), &p.Standing)
	if p.refusal = refusal(err); p.refusal == nil && err != nil {
		return err
	}
	if p.refusal == nil && p.in.SendEmail {
		workflow.Go(ctx, p.mail)
	}
	return nil
}

// takeUp goes on where a workflow was that is gone: it asks Saferpay about every payment that was under way.
func (p *invoicePayment) takeUp(ctx workflow.Context) error {
	var left activities.LeftBehind
	err := workflow.ExecuteActivity(with(ctx, books, "Take up what was left behind"), booksStep.TakeUpInvoice, p.ref()).Get(ctx, &left)
	if p.refusal = refusal(err); err != nil && p.refusal == nil {
		return err
	}
	p.Standing = left.Standing
	for _, u := range left.Payments {
		p.Checkouts = append(p.Checkouts, &checkout{
			PaymentID: u.PaymentID, Method: u.Method, Amount: u.Amount, RedirectURL: u.RedirectURL, State: u.State,
			OpenedAt: u.OpenedAt, ExpiresAt: u.ExpiresAt, Hints: 1,
		})
	}
	return nil
}

func (p *invoicePayment) mail(ctx workflow.Context) {
	p.mailing, p.posting = "The mail to the customer is on its way.", true
	err := workflow.ExecuteActivity(with(ctx, mail, "Mail the link to the customer"), mailStep.SendInvoice, p.ref()).Get(ctx, nil)
	p.mailing, p.posting = "The customer got a mail with the link.", false
	if err != nil {
		p.mailing = "**The mail to the customer could not be delivered**; send the link in another way."
	}
	p.report(ctx)
}

// settled tells whether nothing more can happen to the invoice, and nobody waits for an answer: a payment page that is just
// being opened must still be followed.
func (p *invoicePayment) settled(ctx workflow.Context) bool {
	return workflow.AllHandlersFinished(ctx) && (p.refusal != nil || ((p.InvoiceStatus == invoice.Paid || p.InvoiceStatus == invoice.Cancelled) && p.underWay() == nil))
}

// underWay returns a payment that has not ended, or nil.
func (p *invoicePayment) underWay() *checkout {
	for _, c := range p.Checkouts {
		if !c.State.Final() {
			return c
		}
	}
	return nil
}

// unfollowed returns a payment that nobody follows yet, or nil.
func (p *invoicePayment) unfollowed() *checkout {
	for _, c := range p.Checkouts {
		if !c.State.Final() && !c.followed {
			return c
		}
	}
	return nil
}

// mayContinueAsNew tells whether the history is long and nothing but waiting goes on.
func (p *invoicePayment) mayContinueAsNew(ctx workflow.Context) bool {
	if !workflow.GetInfo(ctx).GetContinueAsNewSuggested() || !workflow.AllHandlersFinished(ctx) || p.posting {
		return false
	}
	for _, c := range p.Checkouts {
		if !c.State.Final() && !c.waiting {
			return false
		}
	}
	return true
}

// quiet lets every other coroutine run, so that a signal of this very workflow task is taken and not left behind, and tells
// whether there is still nothing but waiting.
func (p *invoicePayment) quiet(ctx workflow.Context) bool {
	ran := false
	workflow.Go(ctx, func(workflow.Context) { ran = true })
	err := workflow.Await(ctx, func() bool { return ran })
	return err == nil && p.unfollowed() == nil && p.mayContinueAsNew(ctx)
}

func (p *invoicePayment) continueAsNew(ctx workflow.Context) (Collected, error) {
	in := p.in
	in.SendEmail, in.TakeUp = false, false
	in.Resume = &collection{Standing: p.Standing, Attention: p.Attention}
	for _, c := range p.Checkouts {
		if !c.State.Final() {
			in.Resume.Checkouts = append(in.Resume.Checkouts, c)
		}
	}
	return Collected{}, workflow.NewContinueAsNewError(ctx, InvoicePaymentType, in)
}

func (p *invoicePayment) ref() activities.InvoiceRef {
	return activities.InvoiceRef{CompanyID: p.in.CompanyID, InvoiceID: p.in.InvoiceID}
}

// report tells operators where the invoice stands: current details, and the search attributes when they changed.
func (p *invoicePayment) report(ctx workflow.Context) {
	details := fmt.Sprintf("The invoice is **%s**, %s is due. %s", p.InvoiceStatus, p.Due, p.mailing)
	attention := false
	for _, c := range p.Checkouts {
		details += "\n- " + c.describe()
		attention = attention || c.trouble != ""
	}
	switch {
	case p.refusal != nil:
		details = "Issuing was refused: " + cause(p.refusal)
	case p.underWay() == nil && p.InvoiceStatus.Payable():
		details += "\n\nWaiting for somebody to press *Pay now* on the online document, or for the invoice to be cancelled."
	}
	workflow.SetCurrentDetails(ctx, details)
	if attention != p.Attention {
		p.Attention = attention
		p.upsert(ctx, NeedsAttention.ValueSet(attention))
	}
}

func (p *invoicePayment) upsert(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("The search attributes could not be set.", "error", err)
	}
}

// mustBePayable returns the problem that keeps a payer from paying now.
func (p *invoicePayment) mustBePayable() error {
	switch {
	case p.InvoiceStatus == invoice.Paid:
		return refuse(problem.New(problem.InvoicePaid, "The invoice is paid."))
	case p.InvoiceStatus == invoice.Cancelled:
		return refuse(problem.New(problem.InvoiceCancelled, "The invoice is cancelled."))
	case !p.InvoiceStatus.Payable():
		return refuse(problem.New(problem.InvoiceNotOpen, "The invoice is not open yet."))
	case p.capturing != nil:
		return refuse(problem.New(problem.PaymentInProgress, "A payment of the invoice is being booked."))
	default:
		return nil
	}
}

// objection is why an authorization must not be taken: what Saferpay's answer says against it, or the invoice.
func (p *invoicePayment) objection(c *checkout, found payment.Objection) payment.Objection {
	switch {
	case found != payment.NoObjection:
		return found
	case p.InvoiceStatus == invoice.Paid:
		return payment.InvoiceSettled
	case p.InvoiceStatus == invoice.Cancelled:
		return payment.InvoiceWithdrawn
	case c.Amount.Cmp(p.Due) > 0:
		return payment.LessIsDue
	default:
		return payment.NoObjection
	}
}

const (
	// pendingFor is how long Assert answers for a payment that the provider decides later (Saferpay JSON API 1.53,
	// PaymentPage/Assert: 120 h).
	pendingFor = 120 * time.Hour
	// maxTurns bounds what strangers can make us ask: hints come from URLs that anybody can call again. After so many
	// answers there is a pause of calmFor between two.
	maxTurns = 10
	calmFor  = 15 * time.Minute
	// tryAgainAfter is how long a step that failed for good rests before it is tried once more.
	tryAgainAfter = time.Hour
)
