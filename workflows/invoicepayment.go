package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	collectionacts "github.com/quittance/quittance/activities/collection"
	deliveryacts "github.com/quittance/quittance/activities/delivery"
	escalationacts "github.com/quittance/quittance/activities/escalation"
	onboardingacts "github.com/quittance/quittance/activities/onboarding"
	reconciliationacts "github.com/quittance/quittance/activities/reconciliation"
	refundingacts "github.com/quittance/quittance/activities/refunding"
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
	Checkouts []*checkout    `json:"checkouts"`
	Attention bool           `json:"attention"` // what the search attribute NeedsAttention says
	Shown     invoice.Status `json:"shown"`     // what the search attribute PaymentState says
}

// invoicePayment collects one invoice. Update and signal handlers only change its state (see messages.go); what follows
// from a change stands here and in checkout.go.
type invoicePayment struct {
	collection
	in    IssueInvoice
	clock clock
	desk  desk

	refusal   error          // why the draft could not be issued
	opening   workflow.Mutex // one payment page is opened at a time
	changing  workflow.Mutex // one change of what is due at a time: a capture, a receipt, a cancellation
	capturing *checkout      // whose money is being taken
	mailing   string         // what an operator should know of the mail to the customer
	posting   bool           // the mail is under way

	strange  bool            // there was a hint about a payment that this workflow doesn't know
	reopened bool            // or that it knows to have ended
	lookedUp map[string]bool // payments that were strange once: another hint about one says nothing new
}

var (
	collectionStep     *collectionacts.Activities
	refundingStep      *refundingacts.Activities
	onboardingStep     *onboardingacts.Activities
	schedulesStep      *onboardingacts.Schedules
	reconciliationStep *reconciliationacts.Activities
	deliveryStep       *deliveryacts.Activities
	escalationStep     *escalationacts.Activities
)

// InvoicePayment collects an invoice from being issued until it is settled: paid or cancelled, and no payment page left
// on which a payer could still pay. It takes UpdateIssue, UpdatePayNow, UpdateCancel, UpdateReceipt, UpdateResolve and the
// signals of a payment.
//
// Temporal's own cancellation request changes nothing: it would leave a payer's money hanging. UpdateCancel is the way.
func (w Workflows) InvoicePayment(ctx workflow.Context, in IssueInvoice) (Collected, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	p := &invoicePayment{
		in: in, clock: w.clock(ctx), collection: collection{Standing: activities.Standing{InvoiceStatus: invoice.Draft}, Shown: invoice.Open},
		opening: workflow.NewMutex(ctx), changing: workflow.NewMutex(ctx), lookedUp: map[string]bool{},
	}
	p.desk = newDesk(in.CompanyID, p.clock, p.report)
	if in.Resume != nil {
		p.collection, p.desk.ready = *in.Resume, true
	}
	for _, c := range p.Checkouts {
		p.desk.takeOver(&c.matter)
	}
	if err := p.listen(ctx); err != nil {
		return Collected{}, err
	}
	return p.run(ctx)
}

func (p *invoicePayment) run(ctx workflow.Context) (Collected, error) {
	// 1. Issue the draft, or take up what was left behind. A refusal is the answer of UpdateIssue and the end of this workflow.
	if p.InvoiceStatus == invoice.Draft {
		if err := p.begin(ctx); err != nil {
			return Collected{}, err
		}
	}

	// 2. Follow every payment page until the invoice is settled.
	for !p.settled(ctx) {
		p.report(ctx)
		if err := workflow.Await(ctx, func() bool {
			return p.settled(ctx) || p.strange || p.unfollowed() != nil || p.mayContinueAsNew(ctx)
		}); err != nil {
			return Collected{}, err
		}
		if p.strange {
			if err := p.adopt(ctx); err != nil {
				return Collected{}, err
			}
			continue
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

func (p *invoicePayment) begin(ctx workflow.Context) error {
	step := p.open
	if p.in.TakeUp {
		step = p.takeUp
	}
	err := step(ctx)
	p.desk.ready = true
	if p.refusal = refusal(err); p.refusal == nil && err != nil {
		return err
	}
	return nil
}

// open issues the draft and, if wished, mails the link to the customer meanwhile.
func (p *invoicePayment) open(ctx workflow.Context) error {
	err := inBooks(ctx, "Open the invoice", "OpenInvoice", p.ref(), &p.Standing)
	if err == nil && p.in.SendEmail {
		workflow.Go(ctx, p.mail)
	}
	return err
}

// takeUp goes on where a workflow was that was ended from outside: it asks Saferpay about every payment that was under way.
func (p *invoicePayment) takeUp(ctx workflow.Context) error {
	var left collectionacts.LeftBehind
	if err := workflow.ExecuteActivity(with(ctx, books, "Take up what was left behind"), collectionStep.TakeUpInvoice, p.ref()).Get(ctx, &left); err != nil {
		return err
	}
	p.Standing, p.Shown = left.Standing, left.InvoiceStatus
	p.follows(left.Payments)
	return nil
}

// follows has payments followed that stand in the record as not ended, unless they are already.
func (p *invoicePayment) follows(left []collectionacts.Unfinished) {
	for _, c := range left {
		known := p.checkout(c.PaymentID)
		if known != nil && (!p.reopened || !known.State.Final() || known.followed) {
			continue
		}
		p.Checkouts = slices.DeleteFunc(p.Checkouts, func(ended *checkout) bool { return ended == known })
		taken := &checkout{
			PaymentID: c.PaymentID, Method: c.Method, Amount: c.Amount, RedirectURL: c.RedirectURL, State: c.State,
			OpenedAt: c.OpenedAt, ExpiresAt: c.ExpiresAt, Next: toAsk, matter: matter{Raised: c.Awaited.ExceptionID, Kind: c.Awaited.Kind},
		}
		if c.Reopened { // Saferpay knows what became of its order, and its page is dead
			taken.Next = toLookBack
		}
		if taken.State == payment.Captured { // parked, until a person decides
			taken.State, taken.Next = payment.Authorized, toSettle
		}
		p.desk.takeOver(&taken.matter)
		p.Checkouts = append(p.Checkouts, taken)
	}
}

// adopt follows payments that stand in the record and that this workflow doesn't know: a page was opened, and before that
// was noted here, Temporal or the worker died, or Temporal's database was restored from an earlier moment. No page is opened
// meanwhile, or it would be taken for one of them.
func (p *invoicePayment) adopt(ctx workflow.Context) error {
	p.strange = false
	if p.refusal != nil || !patched(ctx, adoptPayments) {
		return nil
	}
	if err := p.opening.Lock(ctx); err != nil {
		return err
	}
	defer p.opening.Unlock()
	var left collectionacts.LeftBehind
	if err := workflow.ExecuteActivity(with(ctx, books, "Look up a payment that is not known here"), collectionStep.TakeUpInvoice, p.ref()).Get(ctx, &left); err != nil {
		return err
	}
	p.follows(left.Payments)
	p.reopened = false
	return nil
}

// checkout returns the payment, or nil when it is not known here.
func (p *invoicePayment) checkout(paymentID string) *checkout {
	for _, c := range p.Checkouts {
		if c.PaymentID == paymentID {
			return c
		}
	}
	return nil
}

func (p *invoicePayment) mail(ctx workflow.Context) {
	p.mailing, p.posting = "The mail to the customer is on its way.", true
	err := workflow.ExecuteActivity(with(ctx, mail, "Mail the link to the customer"), collectionStep.SendInvoice, p.ref()).Get(ctx, nil)
	p.mailing, p.posting = "The customer got a mail with the link.", false
	if err != nil {
		p.mailing = "**The mail to the customer could not be delivered**; send the link in another way."
	}
	p.report(ctx)
}

// settled tells whether nothing more can happen to the invoice, and nobody waits for an answer: a payment page that is just
// being opened must still be followed.
func (p *invoicePayment) settled(ctx workflow.Context) bool {
	return workflow.AllHandlersFinished(ctx) && !p.strange && (p.refusal != nil || ((p.InvoiceStatus == invoice.Paid || p.InvoiceStatus == invoice.Cancelled) && p.underWay() == nil))
}

// underWay returns a payment that has not ended, or whose exception is still to be closed, or nil.
func (p *invoicePayment) underWay() *checkout {
	for _, c := range p.Checkouts {
		if !c.State.Final() || c.followed {
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
	if !workflow.GetInfo(ctx).GetContinueAsNewSuggested() || !workflow.AllHandlersFinished(ctx) || p.posting || p.strange {
		return false
	}
	for _, c := range p.Checkouts {
		if (!c.State.Final() || c.followed) && !c.waiting {
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
	in.Resume = &p.collection
	in.Resume.Checkouts = slices.DeleteFunc(p.Checkouts, func(c *checkout) bool { return c.State.Final() })
	slices.SortStableFunc(in.Resume.Checkouts, func(a, b *checkout) int { // whose money is being taken goes on before the others
		switch p.capturing {
		case a:
			return -1
		case b:
			return 1
		default:
			return 0
		}
	})
	return Collected{}, workflow.NewContinueAsNewError(ctx, InvoicePaymentType, in)
}

func (p *invoicePayment) ref() activities.InvoiceRef {
	return activities.InvoiceRef{CompanyID: p.in.CompanyID, InvoiceID: p.in.InvoiceID}
}

// report tells operators where the invoice stands: current details, and the search attributes when they changed.
func (p *invoicePayment) report(ctx workflow.Context) {
	number, _ := workflow.GetTypedSearchAttributes(ctx).GetKeyword(InvoiceNumber) // the static summary is lost when a workflow continues as new
	details := fmt.Sprintf("Invoice %s is **%s**, %s is due. %s", number, p.InvoiceStatus, p.Due, p.mailing)
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
	var changed []temporal.SearchAttributeUpdate
	if attention != p.Attention {
		p.Attention = attention
		changed = append(changed, NeedsAttention.ValueSet(attention))
	}
	if p.InvoiceStatus != p.Shown && p.refusal == nil {
		p.Shown = p.InvoiceStatus
		changed = append(changed, PaymentState.ValueSet(string(p.Shown)))
	}
	upsert(ctx, changed...)
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
