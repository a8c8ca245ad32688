package workflows

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// checkout is one payment page of an invoice, and what came of it.
type checkout struct {
	PaymentID   string         `json:"payment_id"`
	Method      payment.Method `json:"method"`
	Amount      money.Amount   `json:"amount"`
	RedirectURL string         `json:"redirect_url"`
	State       payment.State  `json:"state"`
	OpenedAt    time.Time      `json:"opened_at"`
	ExpiresAt   time.Time      `json:"expires_at"` // when the page dies
	Turns       int            `json:"turns"`      // how often Saferpay was asked about it
	LastLook    bool           `json:"last_look"`  // the one Assert that nothing prompted has been made
	Hints       int            `json:"hints"`      // reasons to ask that have not been followed yet

	parked   bool   // its money was taken although less was due
	followed bool   // a coroutine looks after it
	waiting  bool   // and does nothing but wait
	again    bool   // a person asked to try again
	trouble  string // what a person has to look at
}

// usable tells whether a payer can be sent to the page (again).
func (c *checkout) usable(ctx workflow.Context, m payment.Method) bool {
	return c.Method == m && c.State == payment.Redirected && c.trouble == "" && !c.LastLook && workflow.Now(ctx).Before(c.lastLookAt())
}

// lastLookAt is shortly before the page dies: a tenth of its life, at most five minutes.
func (c *checkout) lastLookAt() time.Time {
	return c.ExpiresAt.Add(-min(c.ExpiresAt.Sub(c.OpenedAt)/10, 5*time.Minute))
}

func (c *checkout) describe() string {
	line := fmt.Sprintf("%s by %s: **%s**", c.PaymentID, c.Method, c.State)
	switch {
	case c.trouble != "":
		return line + ". " + c.trouble
	case c.State == payment.Redirected:
		return line + ", the page is open until " + c.ExpiresAt.UTC().Format("2006-01-02 15:04:05") + " UTC; waiting for the payer's return or Saferpay's notification"
	case c.State == payment.Pending:
		return line + ", the provider decides later; waiting for Saferpay's notification"
	default:
		return line
	}
}

// follow looks after one payment until it has ended.
func (p *invoicePayment) follow(ctx workflow.Context, c *checkout) {
	for !c.State.Final() {
		var outcome activities.Outcome
		switch p.awaitReason(ctx, c) {
		case askNow:
			outcome = p.ask(ctx, c)
		case pageDead:
			outcome = p.lookBack(ctx, c)
		case givenUp:
			outcome = p.giveUp(ctx, c)
		}
		if outcome.State == payment.Pending && c.State != payment.Pending {
			c.LastLook = false // a pending payment has a later last moment
		}
		c.State = outcome.State
		if c.State == payment.Authorized || c.State == payment.Captured {
			c.State = payment.Authorized // captured is what is booked
			p.decide(ctx, c, outcome)
		}
		if c.parked {
			if p.awaitDecision(ctx, c, doublePayment, "The money is parked on account 2030, prepayments received.") == exception.GiveBack {
				p.refund(ctx, c)
			}
			c.State = payment.Captured
		}
		p.report(ctx)
	}
}

// reason is why a payment that was waiting goes on.
type reason int

const (
	askNow   reason = iota // Saferpay is to be asked
	pageDead               // nobody can pay on the page any more
	givenUp                // a person made sure that no money moves
)

// awaitReason waits until there is a reason to ask Saferpay: the payer returned, a notification came, or, once, the page
// is about to die and nobody has told us anything.
func (p *invoicePayment) awaitReason(ctx workflow.Context, c *checkout) reason {
	until, summary := c.lastLookAt(), "One look at Saferpay shortly before the payment page dies"
	if c.LastLook {
		until, summary = c.ExpiresAt.Add(p.clock.shorten(inquireLag)), "The payment page dies"
	}
	if c.State == payment.Pending {
		until = c.OpenedAt.Add(p.clock.shorten(pendingFor - time.Minute))
		summary = "The provider's last moment to decide"
	}
	c.waiting = true
	defer func() { c.waiting = false }()
	if calm := min(p.clock.shorten(calmFor), until.Sub(workflow.Now(ctx))); c.Turns >= maxTurns && calm > 0 {
		p.sleep(ctx, calm, "Many hints came: a pause before Saferpay is asked again")
	}
	prompted, err := workflow.AwaitWithOptions(ctx, nap(until.Sub(workflow.Now(ctx)), summary), func() bool { return c.Hints > 0 })
	c.Hints = 0
	switch {
	case prompted || err != nil:
		return askNow
	case !c.LastLook:
		c.LastLook = true
		return askNow
	case c.State != payment.Pending:
		return pageDead
	}
	c.waiting = false
	if p.awaitDecision(ctx, c, pendingOverdue, "The provider has not decided in its time.") == exception.DidNotHappen {
		return givenUp
	}
	return askNow
}

func (p *invoicePayment) sleep(ctx workflow.Context, d time.Duration, why string) {
	if err := workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: why}).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Error("A wait was broken off.", "error", err)
	}
}

// ask asserts the payment once.
func (p *invoicePayment) ask(ctx workflow.Context, c *checkout) activities.Outcome {
	var outcome activities.Outcome
	c.Turns++
	given := p.insist(ctx, c, outcomeTrouble, func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Ask Saferpay what became of it"), saferpayStep.AssertPayment,
			activities.AskOutcome{PaymentRef: p.paymentRef(c), Turn: c.Turns}).Get(ctx, &outcome)
	})
	if given == exception.DidNotHappen {
		return p.giveUp(ctx, c)
	}
	return outcome
}

// lookBack ends a payment whose page is dead, unless it finds that the payer paid at the last moment.
func (p *invoicePayment) lookBack(ctx workflow.Context, c *checkout) activities.Outcome {
	var outcome activities.Outcome
	given := p.insist(ctx, c, outcomeTrouble, func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Look back, now that the page is dead"), saferpayStep.CloseExpired, p.paymentRef(c)).Get(ctx, &outcome)
	})
	if given == exception.DidNotHappen {
		return p.giveUp(ctx, c)
	}
	return outcome
}

// decide takes the authorized money, or gives it back. Of two authorizations at once, one waits for what the other becomes.
// Money that the provider took by itself can't be given back and is booked.
func (p *invoicePayment) decide(ctx workflow.Context, c *checkout, outcome activities.Outcome) {
	if err := p.changing.Lock(ctx); err != nil {
		return
	}
	objection := p.objection(c, outcome.Objection)
	if outcome.State == payment.Captured {
		objection = payment.NoObjection
	}
	if objection == payment.NoObjection {
		p.take(ctx, c, outcome)
	}
	p.changing.Unlock()
	if objection != payment.NoObjection {
		p.release(ctx, c, objection)
	}
}

// take captures the money, unless the provider has, and books it, while nothing else may change what is due.
func (p *invoicePayment) take(ctx workflow.Context, c *checkout, outcome activities.Outcome) {
	p.capturing = c
	defer func() { p.capturing = nil }()
	p.report(ctx)
	captured := activities.Captured{CaptureID: outcome.CaptureID}
	if outcome.State == payment.Authorized {
		given := p.insist(ctx, c, p.captureTrouble(ctx, c), func() error {
			return workflow.ExecuteActivity(with(ctx, saferpay, "Capture the money"), saferpayStep.CapturePayment, p.paymentRef(c)).Get(ctx, &captured)
		})
		if given == exception.DidNotHappen {
			c.State = p.giveUp(ctx, c).State
			return
		}
	}
	if captured.Gone {
		c.State = payment.Cancelled
		return
	}
	p.book(ctx, c, captured.CaptureID)
}

func (p *invoicePayment) release(ctx workflow.Context, c *checkout, objection payment.Objection) {
	var released activities.Released
	given := p.insist(ctx, c, releaseTrouble, func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Give the money back: "+string(objection)), saferpayStep.ReleasePayment,
			activities.Release{PaymentRef: p.paymentRef(c), Objection: objection}).Get(ctx, &released)
	})
	switch {
	case given == exception.DidNotHappen:
		c.State = p.giveUp(ctx, c).State
	case released.CaptureID != "":
		p.book(ctx, c, released.CaptureID)
	default:
		c.State = payment.Cancelled
	}
	if objection == payment.AmountMismatch {
		p.raise(ctx, c, mismatch, objection.Note(), "")
	}
}

// book records the receipt. When less was due than came, the money is parked and a person must decide.
func (p *invoicePayment) book(ctx workflow.Context, c *checkout, captureID string) {
	var booked activities.Booked
	p.insist(ctx, c, bookingTrouble, func() error {
		return inBooks(ctx, "Book the receipt", "BookReceipt", activities.Receipt{PaymentRef: p.paymentRef(c), CaptureID: captureID}, &booked)
	})
	p.Standing = booked.Standing
	if c.parked = booked.Parked; c.parked {
		return
	}
	c.State = payment.Captured
	if p.InvoiceStatus == invoice.Paid {
		p.upsert(ctx, PaymentState.ValueSet(string(invoice.Paid)))
	}
}

// refund starts a refund of the whole payment, which goes on by itself.
func (p *invoicePayment) refund(ctx workflow.Context, c *checkout) {
	var made RequestRefund
	err := workflow.SideEffect(ctx, func(workflow.Context) any {
		return RequestRefund{
			CompanyID: p.in.CompanyID, RefundID: id.New(id.Refund), OrderID: id.NewOrder(), PaymentID: c.PaymentID, Reason: "Paid twice",
		}
	}).Get(&made)
	if err == nil {
		err = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: RefundID(made.RefundID), ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
			StaticSummary:         "Refund of a payment that came twice",
			TypedSearchAttributes: temporal.NewSearchAttributes(CompanyID.ValueSet(p.in.CompanyID), NeedsAttention.ValueSet(false)),
		}), RefundType, made).GetChildWorkflowExecution().Get(ctx, nil)
	}
	if err != nil {
		p.raise(ctx, c, bookingTrouble, "The refund could not be started; ask for it by POST /v1/payments/"+c.PaymentID+"/refunds.", "")
	}
}

// giveUp ends a payment because a person made sure at Saferpay that no money moves.
func (p *invoicePayment) giveUp(ctx workflow.Context, c *checkout) activities.Outcome {
	var outcome activities.Outcome
	p.insist(ctx, c, bookingTrouble, func() error {
		return workflow.ExecuteActivity(with(ctx, books, "Record that no money moves"), booksStep.GiveUpPayment, p.paymentRef(c)).Get(ctx, &outcome)
	})
	return outcome
}

func (p *invoicePayment) paymentRef(c *checkout) activities.PaymentRef {
	return activities.PaymentRef{CompanyID: p.in.CompanyID, PaymentID: c.PaymentID}
}
