package workflows

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	collectionacts "github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
)

// decide takes the authorized money, or gives it back. Of two authorizations at once, one waits for what the other becomes.
// Money that the provider took by itself can't be given back and is booked.
//
// What Saferpay's answer itself says against is given back although another one's capture is stuck.
func (p *invoicePayment) decide(ctx workflow.Context, c *checkout) {
	if own := p.objection(c); p.capturing != nil && own != payment.NoObjection && own == c.Outcome.Objection &&
		patched(ctx, releaseAtOnce) {
		p.release(ctx, c, own)
		return
	}
	if err := p.awaitOther(ctx, c); err != nil {
		return
	}
	objection := p.objection(c)
	if objection == payment.NoObjection {
		p.take(ctx, c)
	}
	p.changing.Unlock()
	if objection != payment.NoObjection {
		p.release(ctx, c, objection)
	}
}

// awaitOther locks what is due. While another payment's capture is stuck, a person is told before the money of this one is lost.
func (p *invoicePayment) awaitOther(ctx workflow.Context, c *checkout) error {
	c.waiting = true
	defer func() { c.waiting = false }()
	for c.Outcome.State == payment.Authorized && c.Warned == "" && p.capturing != nil && patched(ctx, warnOfWaiting) {
		lostAt := p.lostAt(ctx, c)
		wait := p.desk.warnAt(lostAt).Sub(workflow.Now(ctx))
		free, err := workflow.AwaitWithOptions(ctx, nap(wait, "Another payment of the invoice is being taken"), func() bool { return !p.changing.IsLocked() })
		if err != nil {
			return err
		}
		if other := p.capturing; !free && other != nil {
			p.desk.warn(ctx, &c.matter, waitingDeadline, lostAt, ", and waits for "+other.PaymentID)
			break
		}
	}
	return p.changing.Lock(ctx)
}

// objection is why an authorization must not be taken: what Saferpay's answer says against it, or the invoice.
func (p *invoicePayment) objection(c *checkout) payment.Objection {
	switch {
	case c.Outcome.State == payment.Captured:
		return payment.NoObjection
	case c.Outcome.Objection != payment.NoObjection:
		return c.Outcome.Objection
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

// take captures the money, unless the provider has, and books it, while nothing else may change what is due.
func (p *invoicePayment) take(ctx workflow.Context, c *checkout) {
	p.capturing = c
	defer func() { p.capturing = nil }()
	p.report(ctx)
	if c.Outcome.State == payment.Authorized {
		var captured collectionacts.Captured
		choice := p.desk.insist(ctx, &c.matter, p.captureTrouble(ctx, c), func() (err error) {
			captured, err = p.capture(ctx, c)
			return err
		})
		switch {
		case choice == exception.DidNotHappen:
			c.Next = toGiveUp
			return
		case captured.Gone:
			c.State = payment.Cancelled
			return
		}
		c.Outcome.State, c.Outcome.CaptureID = payment.Captured, captured.CaptureID
	}
	p.book(ctx, c)
}

// capture asks for the money once, and once more when the acquirer leaves the answer open.
func (p *invoicePayment) capture(ctx workflow.Context, c *checkout) (captured collectionacts.Captured, err error) {
	err = workflow.ExecuteActivity(with(ctx, saferpay, "Capture the money"), collectionStep.CapturePayment, p.paymentRef(c)).Get(ctx, &captured)
	if err != nil || !captured.Pending {
		return captured, err
	}
	p.sleep(ctx, p.clock.shorten(pendingLook), "The acquirer has not answered the capture yet")
	var later collectionacts.Captured
	err = workflow.ExecuteActivity(with(ctx, saferpay, "Ask what became of the capture"), collectionStep.CapturePayment, p.paymentRef(c)).Get(ctx, &later)
	if err == nil && later.Pending {
		err = fmt.Errorf("the acquirer has not answered the capture %s yet", later.CaptureID)
	}
	return later, err
}

func (p *invoicePayment) release(ctx workflow.Context, c *checkout, objection payment.Objection) {
	var released collectionacts.Released
	choice := p.desk.insist(ctx, &c.matter, releaseTrouble, func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Give the money back: "+string(objection)), collectionStep.ReleasePayment,
			collectionacts.Release{PaymentRef: p.paymentRef(c), Objection: objection}).Get(ctx, &released)
	})
	switch {
	case choice == exception.DidNotHappen:
		c.Next = toGiveUp
	case released.Taken: // too late: it is booked next
		c.Outcome.State, c.Outcome.CaptureID = payment.Captured, released.CaptureID
	default:
		c.State = payment.Cancelled
	}
	if objection == payment.AmountMismatch || objection == payment.OrderMismatch {
		p.notice(ctx, c, mismatch, objection.Note())
	}
}

// notices are what a person only has to take note of.
var notices = map[exception.Kind]trouble{mismatch.kind: mismatch, refundNotStarted.kind: refundNotStarted}

// notice puts something before a person that nobody can change any more. A payment that is at its end waits until the person has
// seen it, and stands on the operators' list until then.
func (p *invoicePayment) notice(ctx workflow.Context, c *checkout, t trouble, what string) {
	if !c.State.Final() || !patched(ctx, awaitNotice) {
		p.desk.raise(ctx, &c.matter, t, what, false)
		return
	}
	c.Notice, c.State, c.Next = notice{t.kind, what, c.State}, payment.Authorized, toNotice
}

// awaitSeen ends the payment once somebody has seen the notice.
func (p *invoicePayment) awaitSeen(ctx workflow.Context, c *checkout) {
	p.desk.decide(ctx, &c.matter, notices[c.Notice.Kind], c.Notice.What, never)
	c.State = c.Notice.End
}

// book records the receipt. When less was due than came, the money is parked and a person must decide.
func (p *invoicePayment) book(ctx workflow.Context, c *checkout) {
	var booked collectionacts.Booked
	p.desk.insist(ctx, &c.matter, bookingTrouble, func() error {
		return inside(ctx, booksInside, bookings, "Book the receipt", "BookReceipt", collectionacts.Receipt{PaymentRef: p.paymentRef(c), CaptureID: c.Outcome.CaptureID}, &booked)
	})
	p.Standing = booked.Standing
	if booked.Parked {
		c.Next = toSettle
		return
	}
	c.State = payment.Captured
}

// settle lets a person say what becomes of money that was taken although less was due.
func (p *invoicePayment) settle(ctx workflow.Context, c *checkout) {
	choice := p.desk.decide(ctx, &c.matter, doublePayment, "The money is parked on account 2030, prepayments received.", func() bool { return c.Returned })
	if choice == "" {
		p.desk.close(ctx, &c.matter, "The money has gone back.")
	}
	c.State = payment.Captured
	if choice == exception.GiveBack {
		p.refund(ctx, c)
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
		p.notice(ctx, c, refundNotStarted, cause(err)+".")
	}
}
