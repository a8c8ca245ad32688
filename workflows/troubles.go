package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/payment"
)

// trouble is what can go wrong so that a person must look: what it is called, and what the person can choose.
type trouble struct {
	kind    exception.Kind
	title   string
	advice  string
	choices []exception.Choice
	lostAt  time.Time // when it is too late; zero when it never is
}

var (
	either = []exception.Choice{exception.TryAgain, exception.DidNotHappen}

	outcomeTrouble = trouble{
		kind: exception.OutcomeUnclear, choices: either,
		title:  "Saferpay could not be asked what became of the payment",
		advice: "Look for the order in the Saferpay Backoffice.",
	}
	releaseTrouble = trouble{
		kind: exception.ReleaseUnclear, choices: either,
		title:  "The money is authorized and could not be given back",
		advice: "Cancel the transaction in the Saferpay Backoffice, then choose it_did_not.",
	}
	bookingTrouble = trouble{
		kind: exception.BookingFailed, choices: []exception.Choice{exception.TryAgain},
		title:  "What happened could not be recorded",
		advice: "Look at the worker's log; nothing is lost, it is tried again.",
	}
	pendingOverdue = trouble{
		kind: exception.PendingOverdue, choices: either,
		title:  "The provider has not decided in its time",
		advice: "Look at the transaction in the Saferpay Backoffice.",
	}
	doublePayment = trouble{
		kind: exception.DoublePayment, choices: []exception.Choice{exception.GiveBack, exception.Keep},
		title:  "A payment came for an invoice of which less was due",
		advice: "Refund it, or keep it as a prepayment.",
	}
	mismatch = trouble{
		kind: exception.AnswerMismatch, choices: []exception.Choice{exception.Acknowledge},
		title:  "Saferpay authorized something else than was asked for",
		advice: "The money was given back. Find out why before it happens again.",
	}
	captureDeadline = trouble{
		kind: exception.CaptureDeadline, choices: []exception.Choice{exception.Acknowledge},
		title:  "Authorized money is about to be lost",
		advice: "Capture it in the Saferpay Backoffice today.",
	}
)

// captureWithin is how long an authorization lasts: TWINT 7 days, cards about 10 (Saferpay integration guide, capture).
var captureWithin = map[payment.Method]time.Duration{payment.TWINT: 7 * 24 * time.Hour, payment.Card: 10 * 24 * time.Hour}

// deadlineWarning is how long before the money is lost a person is told once more.
const deadlineWarning = 48 * time.Hour

// captureTrouble says until when the money that was authorized just now can be taken.
func (p *invoicePayment) captureTrouble(ctx workflow.Context, c *checkout) trouble {
	lostAt := workflow.Now(ctx).Add(p.clock.shorten(captureWithin[c.Method]))
	return trouble{
		kind: exception.CaptureUnclear, choices: either, lostAt: lostAt,
		title: "The money is authorized but could not be captured",
		advice: fmt.Sprintf("It is lost on %s. Capture it in the Saferpay Backoffice and choose try_again; if it can't be captured, choose it_did_not.",
			lostAt.UTC().Format("2006-01-02 15:04 UTC")),
	}
}

// insist runs a step until it succeeds. One that has used up its attempts is put before a person, and is run again after an
// hour, on SignalTryAgain, or when the person says so; not on hints, which strangers can send. It returns DidNotHappen when
// the person made sure that there is nothing to be done, else nothing. Giving up by itself is not an option: there is money
// in it.
func (p *invoicePayment) insist(ctx workflow.Context, c *checkout, t trouble, step func() error) exception.Choice {
	var raised string
	warned := t.lostAt.IsZero()
	for {
		err := step()
		if err == nil {
			p.clear(ctx, c, raised)
			return ""
		}
		if raised == "" {
			raised = p.raise(ctx, c, t, cause(err), workflow.GetInfo(ctx).WorkflowExecution.ID)
		}
		c.trouble = fmt.Sprintf("**%s:** %s. %s It is tried again every hour, and at once on the signal `%s` or the decision `%s` on exception %s.",
			t.title, cause(err), t.advice, SignalTryAgain, exception.TryAgain, raised)
		if !warned && !workflow.Now(ctx).Before(t.lostAt.Add(-p.clock.shorten(deadlineWarning))) {
			p.raise(ctx, c, captureDeadline, t.advice, "")
			warned = true
		}
		c.again = false
		p.report(ctx)
		_, err = workflow.AwaitWithOptions(ctx, nap(p.clock.shorten(tryAgainAfter), t.title), func() bool {
			return c.again || p.decisions[raised] != ""
		})
		if err != nil {
			return ""
		}
		if choice := p.decisions[raised]; choice != "" {
			raised, c.trouble = "", ""
			if choice == exception.DidNotHappen {
				return choice
			}
		}
	}
}

// awaitDecision puts something before a person and waits for the decision, or for a hint, which is as good as TryAgain.
func (p *invoicePayment) awaitDecision(ctx workflow.Context, c *checkout, t trouble, what string) exception.Choice {
	raised := p.raise(ctx, c, t, what, workflow.GetInfo(ctx).WorkflowExecution.ID)
	c.trouble = fmt.Sprintf("**%s.** %s %s Decide on exception %s.", t.title, what, t.advice, raised)
	c.Hints = 0
	p.report(ctx)
	hinted := func() bool { return c.Hints > 0 && t.kind == exception.PendingOverdue }
	if err := workflow.Await(ctx, func() bool { return hinted() || p.decisions[raised] != "" }); err != nil {
		return ""
	}
	c.Hints = 0
	choice := p.decisions[raised]
	if choice == "" {
		p.clear(ctx, c, raised)
	}
	c.trouble = ""
	p.report(ctx)
	return choice
}

// raise records an exception about the payment and returns its id. waiting is the workflow that takes the decision; empty
// when nobody waits for it.
func (p *invoicePayment) raise(ctx workflow.Context, c *checkout, t trouble, what, waiting string) string {
	var raised activities.Raised
	err := workflow.ExecuteActivity(with(ctx, books, "Put it before a person: "+string(t.kind)), booksStep.RaiseException, activities.Raise{
		CompanyID: p.in.CompanyID, Kind: t.kind, Subject: c.PaymentID, WorkflowID: waiting,
		Detail: fmt.Sprintf("%s: %s %s", t.title, what, t.advice), Choices: t.choices,
	}).Get(ctx, &raised)
	if err != nil {
		workflow.GetLogger(ctx).Error("The exception could not be recorded.", "kind", t.kind, "error", err)
	}
	return raised.ExceptionID
}

// clear closes an exception that has cleared up by itself.
func (p *invoicePayment) clear(ctx workflow.Context, c *checkout, raised string) {
	c.trouble = ""
	if raised == "" {
		return
	}
	err := workflow.ExecuteActivity(with(ctx, books, "It has cleared up"), booksStep.ResolveException, activities.Resolve{
		CompanyID: p.in.CompanyID, ExceptionID: raised, Choice: exception.ClearedUp, Note: "The step worked in the end.", By: "quittance",
	}).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("The exception could not be closed.", "exception", raised, "error", err)
	}
}

// resolveException records a person's decision, and puts it where the step that waits for it looks. A refusal is the answer.
func resolveException(ctx workflow.Context, companyID string, in ResolveException, decisions map[string]exception.Choice) (Acknowledged, error) {
	err := workflow.ExecuteActivity(with(ctx, books, "Record the decision: "+string(in.Choice)), booksStep.ResolveException, activities.Resolve{
		CompanyID: companyID, ExceptionID: in.ExceptionID, Choice: in.Choice, Note: in.Note, By: in.By,
	}).Get(ctx, nil)
	if refused := refusal(err); refused != nil {
		return Acknowledged{}, refused
	}
	if err == nil {
		decisions[in.ExceptionID] = in.Choice
	}
	return Acknowledged{}, err
}
