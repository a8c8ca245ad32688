package collection

import (
	"fmt"
	"time"

	steps "github.com/quittance/quittance/activities/collection"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/escalation"
	"github.com/quittance/quittance/workflows/internal/flow"
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

// attempt is one payment of an invoice: its payment page, and what came of it.
type attempt struct {
	PaymentID     string         `json:"payment_id"`
	OrderID       string         `json:"order_id"` // what an operator looks for in the Saferpay Backoffice
	Method        payment.Method `json:"method"`
	Language      string         `json:"language"`             // of the page, which cannot be switched
	ReturnURL     string         `json:"return_url,omitempty"` // where its payer goes after it
	Amount        money.Amount   `json:"amount"`
	RedirectURL   string         `json:"redirect_url"`
	State         payment.State  `json:"state"`
	OpenedAt      time.Time      `json:"opened_at"`
	ExpiresAt     time.Time      `json:"expires_at"`              // when the page dies: it can no longer be opened
	PendingSince  time.Time      `json:"pending_since,omitzero"`  // when Saferpay said that the provider decides later
	Asserts       int            `json:"asserts"`                 // how often Saferpay was asked about it
	AskedAt       time.Time      `json:"asked_at,omitzero"`       // and when last
	Unprompted    int            `json:"unprompted"`              // how often it was without a hint, since it was opened or became pending
	PendingHints  int            `json:"pending_hints"`           // reasons to ask that have not been followed yet
	Notified      bool           `json:"notified,omitempty"`      // one of them came from Saferpay itself: it is not made to wait
	Notifications int            `json:"notifications,omitempty"` // how many did
	HintedAt      time.Time      `json:"hinted_at,omitzero"`      // when the last wait ended because somebody told us to ask
	Next          step           `json:"next,omitempty"`
	Outcome       steps.Outcome  `json:"outcome"` // what Saferpay said of its money, which is to be decided on
	Notice        notice         `json:"notice,omitzero"`
	Returned      bool           `json:"returned,omitempty"` // all of its money, which had come twice, has gone back
	escalation.Escalation

	followed    bool // a coroutine looks after it
	timer       workflow.Future
	cancelTimer workflow.CancelFunc
	ringsAt     time.Time
}

// resumedAttempt is a payment that stands in the record as not ended.
func resumedAttempt(u steps.Unfinished) *attempt {
	a := &attempt{
		PaymentID: u.PaymentID, OrderID: u.OrderID, Method: u.Method, Amount: u.Amount, RedirectURL: u.RedirectURL, State: u.State, OpenedAt: u.OpenedAt,
		ExpiresAt: u.ExpiresAt, Next: toAsk, Escalation: escalation.Escalation{Raised: u.Awaited.ExceptionID, Kind: u.Awaited.Kind},
	}
	if u.Reopened { // Saferpay knows what became of its order, and its page is dead
		a.Next = toLookBack
	}
	if a.State == payment.Captured { // parked, until a person decides
		a.State, a.Next = payment.Authorized, toSettle
	}
	return a
}

// idle reports whether the payment waits for its payer on an open page.
func (a *attempt) idle() bool { return a.State == payment.Redirected && a.Next == toWait }

// usable reports whether the payer can be sent to the page (again).
func (a *attempt) usable(ctx workflow.Context, in contract.PayNow) bool {
	return a.Method == in.Method && a.Language == in.Language && a.ReturnURL == in.ReturnURL && a.idle() && a.Unprompted == 0 && workflow.Now(ctx).Before(a.lastCheckAt())
}

// lastCheckAt is shortly before the page dies: a fifth of its life, at most five minutes.
func (a *attempt) lastCheckAt() time.Time {
	return a.ExpiresAt.Add(-min(a.ExpiresAt.Sub(a.OpenedAt)/5, 5*time.Minute))
}

// follow looks after one payment until it has ended.
func (p *invoicePayment) follow(ctx workflow.Context, a *attempt) {
	a.Subject = a.PaymentID
	for !a.State.Final() {
		switch a.Next {
		case toWait:
			p.awaitReason(ctx, a)
		case toAsk:
			p.ask(ctx, a)
		case toLookBack:
			p.lookBack(ctx, a)
		case toDecide:
			p.decide(ctx, a)
		case toSettle:
			p.settle(ctx, a)
		case toGiveUp:
			p.giveUp(ctx, a)
		case toNotice:
			p.awaitSeen(ctx, a)
		}
		p.report(ctx)
	}
	p.escalations.Close(ctx, &a.Escalation, "The payment is at an end.")
	if p.Attention {
		p.report(ctx)
	}
	if p.InvoiceStatus.Payable() { // else the workflow ends, and its timers with it
		a.stopTimer()
	}
	a.followed = false // only now: the end of the workflow would drop what closes the exception
}

// ask asserts the payment once.
func (p *invoicePayment) ask(ctx workflow.Context, a *attempt) {
	a.Asserts++
	var outcome steps.Outcome
	choice := p.escalations.RetryUntilResolved(ctx, &a.Escalation, outcomeUnclear, func() error {
		return p.escalations.CallSaferpay(ctx, &a.Escalation, "Ask Saferpay what became of it", func(ctx workflow.Context, retries int) error {
			in := steps.AskOutcome{PaymentRef: p.paymentRef(a, retries), Turn: a.Asserts}
			return workflow.ExecuteActivity(ctx, do.AssertPayment, in).Get(ctx, &outcome)
		})
	})
	a.AskedAt = workflow.Now(ctx)
	a.learn(ctx, choice, outcome)
}

// lookBack ends a payment whose page is dead, unless it finds that the payer paid at the last moment.
func (p *invoicePayment) lookBack(ctx workflow.Context, a *attempt) {
	var outcome steps.Outcome
	choice := p.escalations.RetryUntilResolved(ctx, &a.Escalation, outcomeUnclear, func() error {
		return p.escalations.CallSaferpay(ctx, &a.Escalation, "Look back, now that the page is dead", func(ctx workflow.Context, retries int) error {
			return workflow.ExecuteActivity(ctx, do.CloseExpired, p.paymentRef(a, retries)).Get(ctx, &outcome)
		})
	})
	a.learn(ctx, choice, outcome)
}

// learn takes over what Saferpay said of the payment, unless a person decided otherwise.
func (a *attempt) learn(ctx workflow.Context, choice exception.Choice, outcome steps.Outcome) {
	if choice == exception.DidNotHappen {
		a.Next = toGiveUp
		return
	}
	if outcome.State == payment.Pending && a.State != payment.Pending {
		a.PendingSince, a.Unprompted = workflow.Now(ctx), 0
	}
	a.State, a.Next = outcome.State, toWait
	if outcome.State == payment.Authorized || outcome.State == payment.Captured {
		a.State, a.Next, a.Outcome = payment.Authorized, toDecide, outcome // captured is what is booked
	}
}

// decide takes the authorized money, or gives it back. Of two authorizations at once, one waits for what the other becomes. Money
// that the provider took by itself can't be given back and is booked. What Saferpay's answer itself says against is given back
// at once, although another payment's capture is stuck.
func (p *invoicePayment) decide(ctx workflow.Context, a *attempt) {
	if own := p.objection(a); p.capturing != nil && own != payment.NoObjection && own == a.Outcome.Objection {
		p.release(ctx, a, own)
		return
	}
	if err := p.awaitOther(ctx, a); err != nil {
		return
	}
	objection := p.objection(a)
	if objection == payment.NoObjection {
		p.take(ctx, a)
	}
	p.changing.Unlock()
	if objection != payment.NoObjection {
		p.release(ctx, a, objection)
	}
}

// awaitOther locks what is due. While another payment's capture is stuck, a person is told before the money of this one is lost.
func (p *invoicePayment) awaitOther(ctx workflow.Context, a *attempt) error {
	a.Waiting = true
	defer func() { a.Waiting = false }()
	for a.Outcome.State == payment.Authorized && a.Warned == "" && p.capturing != nil {
		lostAt := p.lostAt(ctx, a)
		wait := p.escalations.WarnAt(lostAt).Sub(workflow.Now(ctx))
		free, err := workflow.AwaitWithOptions(ctx, flow.AwaitAtMost(wait, "Another payment of the invoice is being taken"), func() bool { return !p.changing.IsLocked() })
		if err != nil {
			return err
		}
		if other := p.capturing; !free && other != nil {
			p.escalations.Warn(ctx, &a.Escalation, waitingDeadline, lostAt, ", and waits for "+other.PaymentID)
			break
		}
	}
	return p.changing.Lock(ctx)
}

// objection returns why an authorization must not be taken: what Saferpay's answer says against it, or the invoice.
func (p *invoicePayment) objection(a *attempt) payment.Objection {
	switch {
	case a.Outcome.State == payment.Captured:
		return payment.NoObjection
	case a.Outcome.Objection != payment.NoObjection:
		return a.Outcome.Objection
	case p.InvoiceStatus == invoice.Paid:
		return payment.InvoiceSettled
	case p.InvoiceStatus == invoice.Cancelled:
		return payment.InvoiceWithdrawn
	case a.Amount.Cmp(p.Due) > 0:
		return payment.LessIsDue
	default:
		return payment.NoObjection
	}
}

// take captures the money, unless the provider has, and books it, while nothing else may change what is due.
func (p *invoicePayment) take(ctx workflow.Context, a *attempt) {
	p.capturing = a
	defer func() { p.capturing = nil }()
	p.report(ctx)
	if a.Outcome.State == payment.Authorized {
		var captured steps.Captured
		choice := p.escalations.RetryUntilResolved(ctx, &a.Escalation, p.captureUnclear(ctx, a), func() (err error) {
			captured, err = p.capture(ctx, a)
			return err
		})
		switch {
		case choice == exception.DidNotHappen:
			a.Next = toGiveUp
			return
		case captured.Gone:
			a.State = payment.Cancelled
			return
		}
		a.Outcome.State, a.Outcome.CaptureID = payment.Captured, captured.CaptureID
	}
	p.book(ctx, a)
}

// capture asks for the money once, and once more when the acquirer leaves the answer open.
func (p *invoicePayment) capture(ctx workflow.Context, a *attempt) (captured steps.Captured, err error) {
	captured, err = p.askForCapture(ctx, a, "Capture the money")
	if err != nil || !captured.Pending {
		return captured, err
	}
	flow.Sleep(ctx, p.clock.Shorten(pendingCheck), "The acquirer has not answered the capture yet")
	later, err := p.askForCapture(ctx, a, "Ask what became of the capture")
	if err == nil && later.Pending {
		err = fmt.Errorf("the acquirer has not answered the capture %s yet", later.CaptureID)
	}
	return later, err
}

func (p *invoicePayment) askForCapture(ctx workflow.Context, a *attempt, summary string) (captured steps.Captured, err error) {
	err = p.escalations.CallSaferpay(ctx, &a.Escalation, summary, func(ctx workflow.Context, retries int) error {
		captured = steps.Captured{}
		return workflow.ExecuteActivity(ctx, do.CapturePayment, p.paymentRef(a, retries)).Get(ctx, &captured)
	})
	return captured, err
}

// book records the receipt. When less was due than came, the money is parked and a person must decide.
func (p *invoicePayment) book(ctx workflow.Context, a *attempt) {
	var booked steps.Booked
	p.escalations.RetryUntilResolved(ctx, &a.Escalation, escalation.BookingFailed, func() error {
		in := steps.Receipt{PaymentRef: p.paymentRef(a, 0), CaptureID: a.Outcome.CaptureID}
		return flow.LocalThenActivity(ctx, flow.Bookings, "Book the receipt", do.BookReceipt, in, &booked)
	})
	p.Standing = booked.Standing
	if booked.MailQueued {
		p.mailReceipt(ctx, a.PaymentID)
	}
	if booked.Parked {
		a.Next = toSettle
		return
	}
	a.State = payment.Captured
	a.timed(ctx)
}

// timed measures how long it took from the notification, or the return of the payer, until the money was booked. A provider that decides later is not measured.
func (a *attempt) timed(ctx workflow.Context) {
	if !a.HintedAt.IsZero() && a.PendingSince.IsZero() {
		workflow.GetMetricsHandler(ctx).Timer("quittance_hint_to_paid").Record(workflow.Now(ctx).Sub(a.HintedAt))
	}
}

// release gives the authorized money back to the payer.
func (p *invoicePayment) release(ctx workflow.Context, a *attempt, objection payment.Objection) {
	var released steps.Released
	choice := p.escalations.RetryUntilResolved(ctx, &a.Escalation, releaseUnclear, func() error {
		return p.escalations.CallSaferpay(ctx, &a.Escalation, "Give the money back: "+string(objection), func(ctx workflow.Context, retries int) error {
			return workflow.ExecuteActivity(ctx, do.ReleasePayment, steps.Release{PaymentRef: p.paymentRef(a, retries), Objection: objection}).Get(ctx, &released)
		})
	})
	switch {
	case choice == exception.DidNotHappen:
		a.Next = toGiveUp
	case released.Taken: // too late: it is booked next
		a.Outcome.State, a.Outcome.CaptureID = payment.Captured, released.CaptureID
	default:
		a.State = payment.Cancelled
	}
	if objection == payment.AmountMismatch || objection == payment.OrderMismatch {
		p.notice(ctx, a, authorizedOther, objection.Note())
	}
}

// settle lets a person say what becomes of money that was taken although less was due.
func (p *invoicePayment) settle(ctx workflow.Context, a *attempt) {
	choice := p.escalations.Decide(ctx, &a.Escalation, doublePayment, "The money is parked on account 2030, prepayments received.", func() bool { return a.Returned })
	if choice == "" {
		p.escalations.Close(ctx, &a.Escalation, "The money has gone back.")
	}
	a.State = payment.Captured
	if choice == exception.GiveBack {
		p.refund(ctx, a)
	}
}

// giveUp ends a payment because a person made sure at Saferpay that no money moves. When Saferpay says otherwise, money that was
// captured is booked, and money that is authorized is given back.
func (p *invoicePayment) giveUp(ctx workflow.Context, a *attempt) {
	var outcome steps.Outcome
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Interactive, "Look once more before that"), do.LookOnceMore, p.paymentRef(a, 0)).Get(ctx, &outcome)
	if err == nil && outcome.State == payment.Captured {
		a.learn(ctx, "", outcome)
		return
	}
	if err == nil && outcome.State == payment.Authorized {
		a.Outcome = outcome
		p.release(ctx, a, payment.PersonSaidNo)
		if a.Outcome.State == payment.Captured { // it was captured in the meantime
			a.Next = toDecide
		}
		return
	}
	p.escalations.RetryUntilResolved(ctx, &a.Escalation, escalation.BookingFailed, func() error {
		return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Bookings, "Record that no money moves"), do.GiveUpPayment, p.paymentRef(a, 0)).Get(ctx, &outcome)
	})
	a.State = outcome.State
}

func (p *invoicePayment) paymentRef(a *attempt, retries int) activities.PaymentRef {
	return activities.PaymentRef{CompanyID: p.in.CompanyID, PaymentID: a.PaymentID, Retries: retries}
}
