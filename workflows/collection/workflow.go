// Package collection collects one invoice: from being issued until it is paid or cancelled.
//
// Read workflow.go for the invoice, attempt.go for one payment of it, and handlers.go for the messages. What can go wrong stands
// in exceptions.go, what operators read in report.go.
package collection

import (
	"slices"

	steps "github.com/quittance/quittance/activities/collection"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/escalation"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// Workflow is the room's process with its one setting. TimeScale is how many seconds of a long wait pass in one second: 1
// except in a local stack.
type Workflow struct{ TimeScale int64 }

// Start is the input of an InvoicePayment. Resume is set only when a long history continues as a new one.
type Start struct {
	contract.IssueInvoice
	Resume *Progress `json:"resume,omitempty"`
}

// Collected is how the collection of an invoice ended: paid or cancelled; or draft, when issuing was refused.
type Collected struct {
	Status invoice.Status `json:"status"`
}

// Progress is what the workflow knows of its invoice. A continued run takes it over.
type Progress struct {
	activities.Standing
	Attempts  []*attempt     `json:"attempts"`
	Attention bool           `json:"attention"` // what the search attribute NeedsAttention says
	Shown     invoice.Status `json:"shown"`     // what the search attribute PaymentState says
}

// invoicePayment collects one invoice. Message handlers only change its state (see handlers.go). What follows from a change
// stands here and in attempt.go.
type invoicePayment struct {
	Progress
	in          contract.IssueInvoice
	clock       flow.Clock
	escalations escalation.Escalations

	refusal   error          // why the draft could not be issued
	opening   workflow.Mutex // one payment page is opened at a time
	changing  workflow.Mutex // one change of what is due at a time: a capture, a receipt, a cancellation
	capturing *attempt       // whose money is being taken
	mailing   string         // what an operator should know of the mail to the customer
	posting   []string       // the mails that are on their way

	unknownPaymentHinted bool            // there was a hint about a payment that this workflow doesn't know
	endedPaymentHinted   bool            // or that it knows to have ended
	checkedUnknown       map[string]bool // payments that were unknown once: another hint about one says nothing new
}

var do *steps.Activities

// InvoicePayment collects an invoice from being issued until it is settled: paid or cancelled, and no payment page left on which
// a payer could still pay. It takes UpdateIssue, UpdatePayNow, UpdateCancel, UpdateSend, UpdateReceipt, UpdateBankReceipt,
// UpdateVoidReceipt, UpdateLoseDispute, UpdateResolve, SignalRemind and the signals of a payment.
//
// Temporal's own cancellation request changes nothing: it would leave a payer's money hanging. UpdateCancel is the way.
func (w Workflow) InvoicePayment(ctx workflow.Context, in Start) (Collected, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	p := &invoicePayment{
		in: in.IssueInvoice, clock: flow.NewClock(ctx, w.TimeScale),
		Progress: Progress{Standing: activities.Standing{InvoiceStatus: invoice.Draft}, Shown: invoice.Open},
		opening:  workflow.NewMutex(ctx), changing: workflow.NewMutex(ctx), checkedUnknown: map[string]bool{},
	}
	p.escalations = escalation.New(in.CompanyID, p.clock, p.report)
	if in.Resume != nil {
		p.Progress = *in.Resume
		p.escalations.Ready()
	}
	for _, a := range p.Attempts {
		p.escalations.TakeOver(&a.Escalation)
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

	// 2. Follow every payment until the invoice is settled.
	for !p.settled(ctx) {
		p.report(ctx)
		if err := workflow.Await(ctx, func() bool {
			return p.settled(ctx) || p.unknownPaymentHinted || p.unfollowed() != nil || p.mayContinueAsNew(ctx)
		}); err != nil {
			return Collected{}, err
		}
		if p.unknownPaymentHinted {
			if err := p.adopt(ctx); err != nil {
				return Collected{}, err
			}
			continue
		}
		if a := p.unfollowed(); a != nil {
			a.followed = true
			workflow.Go(ctx, func(ctx workflow.Context) { p.follow(ctx, a) })
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
	p.escalations.Ready()
	if p.refusal = flow.Refusal(err); p.refusal == nil && err != nil {
		return err
	}
	return nil
}

// open issues the draft. If wished, it mails the link to the customer while the rest goes on.
func (p *invoicePayment) open(ctx workflow.Context) error {
	in := steps.Opening{InvoiceRef: p.ref(), EmailID: p.in.EmailID}
	err := flow.LocalThenActivity(ctx, flow.Books, "Open the invoice", do.OpenInvoice, in, &p.Standing)
	if err == nil {
		p.post(ctx, p.in.EmailID)
	}
	return err
}

// takeUp goes on where a workflow was that was ended from outside. It asks Saferpay about every payment that had not ended.
func (p *invoicePayment) takeUp(ctx workflow.Context) error {
	var left steps.LeftBehind
	if err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Take up what was left behind"), do.TakeUpInvoice, p.ref()).Get(ctx, &left); err != nil {
		return err
	}
	p.Standing, p.Shown = left.Standing, left.InvoiceStatus
	p.takeOver(left.Payments)
	p.post(ctx, left.EmailID)
	for _, paymentID := range left.Receipts {
		p.mailReceipt(ctx, paymentID)
	}
	if left.Reminder > 0 {
		p.whileReminding(ctx, left.Reminder, func(ctx workflow.Context) { p.postReminder(ctx, left.Reminder) })
	}
	return nil
}

// adopt follows payments that stand in the record and that this workflow doesn't know: a page was opened, and before that was
// noted here, Temporal or the worker died, or Temporal's database was restored from an earlier moment. No page is opened while
// it looks, or that page would be taken for one of them.
func (p *invoicePayment) adopt(ctx workflow.Context) error {
	p.unknownPaymentHinted = false
	if p.refusal != nil {
		return nil
	}
	if err := p.opening.Lock(ctx); err != nil {
		return err
	}
	defer p.opening.Unlock()
	var left steps.LeftBehind
	if err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Look up a payment that is not known here"), do.TakeUpInvoice, p.ref()).Get(ctx, &left); err != nil {
		return err
	}
	if ended(left.InvoiceStatus) && !ended(p.InvoiceStatus) { // the workflow was reset to before that
		p.Standing = left.Standing
	}
	p.takeOver(left.Payments)
	p.endedPaymentHinted = false
	return nil
}

// takeOver has payments followed that stand in the record as not ended, unless they are followed already.
func (p *invoicePayment) takeOver(left []steps.Unfinished) {
	for _, u := range left {
		known := p.attempt(u.PaymentID)
		if known != nil && (!p.endedPaymentHinted || !known.State.Final() || known.followed) {
			continue
		}
		p.Attempts = slices.DeleteFunc(p.Attempts, func(ended *attempt) bool { return ended == known })
		taken := resumedAttempt(u)
		p.escalations.TakeOver(&taken.Escalation)
		p.Attempts = append(p.Attempts, taken)
	}
}

// attempt returns the payment, or nil when it is not known here.
func (p *invoicePayment) attempt(paymentID string) *attempt {
	return p.first(func(a *attempt) bool { return a.PaymentID == paymentID })
}

// inFlight returns a payment that has not ended, or whose exception is still to be closed, or nil.
func (p *invoicePayment) inFlight() *attempt {
	return p.first(func(a *attempt) bool { return !a.State.Final() || a.followed })
}

// unfollowed returns a payment that nobody follows yet, or nil.
func (p *invoicePayment) unfollowed() *attempt {
	return p.first(func(a *attempt) bool { return !a.State.Final() && !a.followed })
}

func (p *invoicePayment) first(is func(*attempt) bool) *attempt {
	if i := slices.IndexFunc(p.Attempts, is); i >= 0 {
		return p.Attempts[i]
	}
	return nil
}

// settled reports whether nothing more can happen to the invoice, and nobody waits for an answer: a payment page that is just
// being opened must still be followed, and what becomes of a mail recorded.
func (p *invoicePayment) settled(ctx workflow.Context) bool {
	if !workflow.AllHandlersFinished(ctx) || p.unknownPaymentHinted || len(p.posting) > 0 {
		return false
	}
	return p.refusal != nil || ended(p.InvoiceStatus) && p.inFlight() == nil
}

// ended reports whether nothing is owed any more.
func ended(s invoice.Status) bool { return s == invoice.Paid || s == invoice.Cancelled }

// mayContinueAsNew reports whether the history is long and nothing but waiting goes on.
func (p *invoicePayment) mayContinueAsNew(ctx workflow.Context) bool {
	if !workflow.GetInfo(ctx).GetContinueAsNewSuggested() || !workflow.AllHandlersFinished(ctx) || len(p.posting) > 0 || p.unknownPaymentHinted {
		return false
	}
	return p.first(func(a *attempt) bool { return (!a.State.Final() || a.followed) && !a.Waiting }) == nil
}

// quiet lets every other coroutine run, so that a signal of this very workflow task is taken and not left behind. It reports
// whether there is still nothing but waiting.
func (p *invoicePayment) quiet(ctx workflow.Context) bool {
	ran := false
	workflow.Go(ctx, func(workflow.Context) { ran = true })
	err := workflow.Await(ctx, func() bool { return ran })
	return err == nil && p.unfollowed() == nil && p.mayContinueAsNew(ctx)
}

func (p *invoicePayment) continueAsNew(ctx workflow.Context) (Collected, error) {
	in := Start{IssueInvoice: p.in, Resume: &p.Progress}
	in.EmailID, in.TakeUp = "", false
	in.Resume.Attempts = slices.DeleteFunc(p.Attempts, func(a *attempt) bool { return a.State.Final() })
	slices.SortStableFunc(in.Resume.Attempts, func(a, b *attempt) int { // whose money is being taken goes on before the others
		switch p.capturing {
		case a:
			return -1
		case b:
			return 1
		default:
			return 0
		}
	})
	return Collected{}, workflow.NewContinueAsNewError(ctx, contract.InvoicePaymentType, in)
}

func (p *invoicePayment) ref() activities.InvoiceRef {
	return activities.InvoiceRef{CompanyID: p.in.CompanyID, InvoiceID: p.in.InvoiceID}
}
