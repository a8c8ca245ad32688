package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// step is what is to be done about a payment next. It outlives a long history, which continues as a new one.
type step string

const (
	toWait     step = ""          // for a reason to ask
	toAsk      step = "ask"       // Saferpay, what became of it
	toLookBack step = "look_back" // once more, now that the page is dead
	toDecide   step = "decide"    // whether its money is taken or given back
	toSettle   step = "settle"    // what becomes of money that was taken although less was due
	toGiveUp   step = "give_up"   // a person made sure that no money moves
	toNotice   step = "notice"    // it is at its end, and somebody must still see something about it
)

// notice is what somebody must see before a payment ends, and how it ends.
type notice struct {
	Kind exception.Kind `json:"kind"`
	What string         `json:"what"`
	End  payment.State  `json:"end"`
}

// checkout is one payment page of an invoice, and what came of it.
type checkout struct {
	PaymentID    string             `json:"payment_id"`
	Method       payment.Method     `json:"method"`
	Language     string             `json:"language,omitempty"` // of the page; empty when it was opened before that was noted
	Amount       money.Amount       `json:"amount"`
	RedirectURL  string             `json:"redirect_url"`
	State        payment.State      `json:"state"`
	OpenedAt     time.Time          `json:"opened_at"`
	ExpiresAt    time.Time          `json:"expires_at"`             // when the page dies
	PendingSince time.Time          `json:"pending_since,omitzero"` // when Saferpay said that the provider decides later
	Turns        int                `json:"turns"`                  // how often Saferpay was asked about it
	Looks        int                `json:"looks"`                  // how often it was without a hint, since it was opened or became pending
	Hints        int                `json:"hints"`                  // reasons to ask that have not been followed yet
	Next         step               `json:"next,omitempty"`
	Outcome      activities.Outcome `json:"outcome"` // what Saferpay said of its money, which is to be decided on
	Notice       notice             `json:"notice,omitzero"`
	Returned     bool               `json:"returned,omitempty"` // all of its money, which had come twice, has gone back
	matter

	followed bool // a coroutine looks after it
}

// usable tells whether a payer can be sent to the page (again).
func (c *checkout) usable(ctx workflow.Context, m payment.Method) bool {
	return c.Method == m && c.State == payment.Redirected && c.Next == toWait && c.Looks == 0 && workflow.Now(ctx).Before(c.lastLookAt())
}

// speaks reports whether the page is in that language: Saferpay's page can't be switched to another one.
func (c *checkout) speaks(ctx workflow.Context, language string) bool {
	return c.Language == language || c.Language == "" || !patched(ctx, languageOfPage)
}

// lastLookAt is shortly before the page dies: a fifth of its life, at most five minutes.
func (c *checkout) lastLookAt() time.Time {
	return c.ExpiresAt.Add(-min(c.ExpiresAt.Sub(c.OpenedAt)/5, 5*time.Minute))
}

func (c *checkout) describe() string {
	line := fmt.Sprintf("%s by %s: **%s**", c.PaymentID, c.Method, cmp.Or(c.Notice.End, c.State))
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
	c.subject = c.PaymentID
	for !c.State.Final() {
		switch c.Next {
		case toWait:
			p.awaitReason(ctx, c)
		case toAsk:
			p.ask(ctx, c)
		case toLookBack:
			p.lookBack(ctx, c)
		case toDecide:
			p.decide(ctx, c)
		case toSettle:
			p.settle(ctx, c)
		case toGiveUp:
			p.giveUp(ctx, c)
		case toNotice:
			p.awaitSeen(ctx, c)
		}
		p.report(ctx)
	}
	p.desk.close(ctx, &c.matter, "The payment is at an end.")
	if p.Attention && patched(ctx, calmWhenClosed) {
		p.report(ctx)
	}
	c.followed = false // only now: the end of the workflow would drop what closes the exception
}

const (
	// pendingFor is how long Assert answers for a payment that the provider decides later (Saferpay JSON API 1.53,
	// PaymentPage/Assert: 120 h).
	pendingFor = 120 * time.Hour
	// pendingLook is when Saferpay is asked about such a payment although no notification came. Providers that decide later
	// at all take ten minutes at most in Saferpay's test environment.
	pendingLook = 15 * time.Minute
	// pageGrace is how long after the death of a page its payment is looked back at: longer than Saferpay's data lag behind,
	// and longer than our clock can be ahead of Saferpay's.
	pageGrace = time.Hour
	// maxTurns bounds what strangers can make us ask: hints come from URLs that anybody can call again. After so many
	// answers there is a pause of calmFor between two.
	maxTurns = 10
	calmFor  = 15 * time.Minute
)

// awaitReason waits until there is something to be done: the payer returned or a notification came, or nobody told us
// anything and it is time for a look of our own.
func (p *invoicePayment) awaitReason(ctx workflow.Context, c *checkout) {
	at, what, next := p.nextLook(c)
	if next == toWait {
		p.awaitProvider(ctx, c)
		return
	}
	c.waiting = true
	defer func() { c.waiting = false }()
	if calm := min(p.clock.shorten(calmFor), at.Sub(workflow.Now(ctx))); c.Turns >= maxTurns && calm > 0 {
		p.sleep(ctx, calm, "Many hints came: a pause before Saferpay is asked again")
	}
	prompted, err := workflow.AwaitWithOptions(ctx, nap(at.Sub(workflow.Now(ctx)), what), func() bool { return c.Hints > 0 })
	c.Hints = 0
	if prompted || err != nil {
		c.Next = toAsk
		return
	}
	c.Next = next
	c.Looks++
}

// nextLook returns when the payment is looked at if nothing prompts it before, what an operator reads meanwhile, and how it is
// looked at. There are two looks at a page, before it dies and after, and two at a pending payment; then there is none any
// more, and a person has to.
func (p *invoicePayment) nextLook(c *checkout) (at time.Time, what string, next step) {
	pending := c.State == payment.Pending
	switch {
	case pending && c.Looks == 0:
		return c.PendingSince.Add(p.clock.shorten(pendingLook)), "One look at Saferpay, in case its notification was lost", toAsk
	case pending && c.Looks == 1:
		return c.OpenedAt.Add(p.clock.shorten(pendingFor - time.Minute)), "The provider's last moment to decide", toAsk
	case pending:
		return time.Time{}, "", toWait
	case c.Looks == 0:
		return c.lastLookAt(), "One look at Saferpay shortly before the payment page dies", toAsk
	default:
		return c.ExpiresAt.Add(p.clock.shorten(pageGrace)), "The payment page dies", toLookBack
	}
}

// awaitProvider puts a payment on which the provider has not decided in its time before a person. A hint is as good as
// TryAgain.
func (p *invoicePayment) awaitProvider(ctx workflow.Context, c *checkout) {
	choice := p.desk.decide(ctx, &c.matter, pendingOverdue, "It had 120 hours.", func() bool { return c.Hints > 0 })
	if choice == "" && c.Turns >= maxTurns && patched(ctx, calmOverdue) {
		choice = p.desk.await(ctx, &c.matter, pendingOverdue, p.clock.shorten(calmFor), never)
	}
	c.Hints, c.Next = 0, toAsk
	if choice == exception.DidNotHappen {
		c.Next = toGiveUp
	}
}

func (p *invoicePayment) sleep(ctx workflow.Context, d time.Duration, why string) {
	if err := workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: why}).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Error("A wait was broken off.", "error", err)
	}
}

// ask asserts the payment once.
func (p *invoicePayment) ask(ctx workflow.Context, c *checkout) {
	c.Turns++
	var outcome activities.Outcome
	choice := p.desk.insist(ctx, &c.matter, outcomeTrouble, func() (err error) {
		outcome, err = p.assert(ctx, c)
		return err
	})
	c.learn(ctx, choice, outcome)
}

// assert asks inside the workflow task, like the steps of inside, and as an activity when that did not work. What Saferpay
// said for good is not asked again.
func (p *invoicePayment) assert(ctx workflow.Context, c *checkout) (outcome activities.Outcome, err error) {
	const summary = "Ask Saferpay what became of it"
	in := activities.AskOutcome{PaymentRef: p.paymentRef(c), Turn: c.Turns}
	if p.in.AskInside {
		local := askInside
		local.Summary = summary
		err = workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, local), "AssertPayment", in).Get(ctx, &outcome)
		if app, ok := errors.AsType[*temporal.ApplicationError](err); err == nil || ok && app.NonRetryable() {
			return outcome, err
		}
		in.Asked++
	}
	err = workflow.ExecuteActivity(with(ctx, saferpay, summary), saferpayStep.AssertPayment, in).Get(ctx, &outcome)
	return outcome, err
}

// lookBack ends a payment whose page is dead, unless it finds that the payer paid at the last moment.
func (p *invoicePayment) lookBack(ctx workflow.Context, c *checkout) {
	var outcome activities.Outcome
	choice := p.desk.insist(ctx, &c.matter, outcomeTrouble, func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Look back, now that the page is dead"), saferpayStep.CloseExpired, p.paymentRef(c)).Get(ctx, &outcome)
	})
	c.learn(ctx, choice, outcome)
}

// learn takes over what Saferpay said of the payment, unless a person decided otherwise.
func (c *checkout) learn(ctx workflow.Context, choice exception.Choice, outcome activities.Outcome) {
	if choice == exception.DidNotHappen {
		c.Next = toGiveUp
		return
	}
	if outcome.State == payment.Pending && c.State != payment.Pending {
		c.PendingSince, c.Looks = workflow.Now(ctx), 0
	}
	c.State, c.Next = outcome.State, toWait
	if outcome.State == payment.Authorized || outcome.State == payment.Captured {
		c.State, c.Next, c.Outcome = payment.Authorized, toDecide, outcome // captured is what is booked
	}
}

// giveUp ends a payment because a person made sure at Saferpay that no money moves. When Saferpay says otherwise, it is booked.
func (p *invoicePayment) giveUp(ctx workflow.Context, c *checkout) {
	var outcome activities.Outcome
	if patched(ctx, lookBeforeGivingUp) {
		err := workflow.ExecuteActivity(with(ctx, interactive, "Look once more before that"), saferpayStep.LookOnceMore, p.paymentRef(c)).Get(ctx, &outcome)
		if err == nil && outcome.State == payment.Captured {
			c.learn(ctx, "", outcome)
			return
		}
	}
	p.desk.insist(ctx, &c.matter, bookingTrouble, func() error {
		return workflow.ExecuteActivity(with(ctx, bookings, "Record that no money moves"), booksStep.GiveUpPayment, p.paymentRef(c)).Get(ctx, &outcome)
	})
	c.State = outcome.State
}

func (p *invoicePayment) paymentRef(c *checkout) activities.PaymentRef {
	return activities.PaymentRef{CompanyID: p.in.CompanyID, PaymentID: c.PaymentID}
}
