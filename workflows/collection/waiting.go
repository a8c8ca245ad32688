package collection

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// When Saferpay is asked about a payment: on a hint, and a bounded number of times without one, since Saferpay is never polled.
const (
	// pendingFor is how long Assert answers for a payment that the provider decides later (Saferpay JSON API 1.53,
	// PaymentPage/Assert: 120 h).
	pendingFor = 120 * time.Hour
	// pendingCheck is when Saferpay is asked about such a payment although no notification came. Providers that decide later
	// at all take ten minutes at most in Saferpay's test environment.
	pendingCheck = 15 * time.Minute
	// pageGrace is how long after the death of a page its payment is looked back at. A dead page can't be opened, but whoever
	// opened it at the last minute may still be paying. The grace is longer than that, than Saferpay's data lag behind, and than our
	// clock can be ahead of Saferpay's. It ends while Assert still answers: a page dies an hour after Initialize, its token after 24.
	pageGrace = time.Hour
	// maxAsserts bounds what strangers can make us ask: hints come from URLs that anybody can call again. After so many
	// answers there is a pause of hintPause between two.
	maxAsserts = 10
	hintPause  = 15 * time.Minute
	// maxNotifications is how many of Saferpay's own notifications of a payment end a wait. They carry a secret, and Saferpay sends
	// three at most.
	maxNotifications = 10
	// freshFor is how long an open page is surely still payable after it was opened or asked about: no payer is faster.
	freshFor = 10 * time.Second
	// askPatience is how long a payer who presses Pay now waits for Saferpay's answer about a page that is open.
	askPatience = 5 * time.Second
)

// awaitReason waits until there is something to be done: the payer returned or a notification came, or nobody told us anything
// and it is time to look by ourselves.
func (p *invoicePayment) awaitReason(ctx workflow.Context, a *attempt) {
	at, what, next := p.nextCheck(a)
	if next == toWait {
		p.awaitProvider(ctx, a)
		return
	}
	a.Waiting = true
	defer func() { a.Waiting = false }()
	if pause := min(p.clock.Shorten(hintPause), at.Sub(workflow.Now(ctx))); a.Asserts >= maxAsserts && pause > 0 {
		if _, err := workflow.AwaitWithOptions(ctx, flow.AwaitAtMost(pause, "Many hints came: a pause before Saferpay is asked again"), func() bool { return a.Notified }); err != nil {
			return
		}
	}
	a.setTimer(ctx, at, what)
	if err := workflow.Await(ctx, func() bool { return a.PendingHints > 0 || a.timer.IsReady() }); err != nil {
		return
	}
	if a.PendingHints > 0 {
		a.PendingHints, a.Notified, a.HintedAt, a.Next = 0, false, workflow.Now(ctx), toAsk
		return
	}
	a.HintedAt, a.Next = time.Time{}, next
	a.Unprompted++
}

// setTimer has the timer of the payment ring at that time. One that is set for it already goes on: a hint does not cancel it, which
// would be one more event for every payment.
func (a *attempt) setTimer(ctx workflow.Context, at time.Time, what string) {
	if a.timer != nil && a.ringsAt.Equal(at) {
		return
	}
	a.stopTimer()
	ctx, a.cancelTimer = workflow.WithCancel(ctx)
	a.timer = workflow.NewTimerWithOptions(ctx, max(at.Sub(workflow.Now(ctx)), time.Millisecond), workflow.TimerOptions{Summary: what})
	a.ringsAt = at
}

func (a *attempt) stopTimer() {
	if a.timer != nil && !a.timer.IsReady() {
		a.cancelTimer()
	}
	a.timer = nil
}

// nextCheck returns when we look at the payment if nothing prompts us before, what an operator reads until then, and how we look.
// A page gets two checks, one before it dies and one when nobody can be on it any more; a pending payment gets two. Then a person has to look.
func (p *invoicePayment) nextCheck(a *attempt) (at time.Time, what string, next step) {
	pending := a.State == payment.Pending
	switch {
	case pending && a.Unprompted == 0:
		return a.PendingSince.Add(p.clock.Shorten(pendingCheck)), "One look at Saferpay, in case its notification was lost", toAsk
	case pending && a.Unprompted == 1:
		return a.OpenedAt.Add(p.clock.Shorten(pendingFor - time.Minute)), "The provider's last moment to decide", toAsk
	case pending:
		return time.Time{}, "", toWait
	case a.Unprompted == 0:
		return a.lastCheckAt(), "One look at Saferpay shortly before the payment page dies", toAsk
	default:
		return a.ExpiresAt.Add(p.clock.Shorten(pageGrace)), "One look back, after whoever opened the page last had time to pay", toLookBack
	}
}

// awaitProvider puts a payment on which the provider has not decided in its time before a person. A hint is as good as TryAgain.
func (p *invoicePayment) awaitProvider(ctx workflow.Context, a *attempt) {
	choice := p.escalations.Decide(ctx, &a.Escalation, pendingOverdue, "It had 120 hours.", func() bool { return a.PendingHints > 0 })
	if choice == "" && a.Asserts >= maxAsserts {
		choice = p.escalations.Await(ctx, &a.Escalation, pendingOverdue, p.clock.Shorten(hintPause), func() bool { return a.Notified })
	}
	a.PendingHints, a.Notified, a.Next = 0, false, toAsk
	if choice == exception.DidNotHappen {
		a.Next = toGiveUp
	}
}
