package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

const (
	// inquireLag is how long Saferpay's data may lag behind (Saferpay JSON API 1.53, Transaction/Inquire: some minutes).
	inquireLag = 10 * time.Minute
	// refundRetry is how long a refund that Saferpay surely did not do rests before it is asked for again: a quarter of an
	// hour, then twice as long each time. After refundTries a person is told.
	refundRetry = 15 * time.Minute
	refundTries = 4
	// refundPending is how long a provider may take to decide on a refund before it is asked about.
	refundPending = 24 * time.Hour
)

// Returned is how a refund ended.
type Returned struct {
	State refund.State `json:"state"`
}

// refunding gives money of one payment back.
type refunding struct {
	matter
	in    RequestRefund
	clock clock
	desk  desk
	terms activities.RefundTerms
	state refund.State

	recorded  bool   // the request stands in the books
	refusal   error  // why it was not allowed
	tries     int    // how often Saferpay did not take it
	waited    bool   // the provider had its time to decide
	hint      string // what an operator should know of a wait
	attention bool   // what the search attribute NeedsAttention says
}

// Refund gives money of a captured payment back, whole or in part. It never asks Saferpay twice for the same refund: after a
// lost answer it looks for the refund by its order id, and asks a person when it finds nothing. It takes UpdateRefund,
// UpdateRecorded, UpdateResolve and SignalTryAgain; Temporal's own cancellation request changes nothing.
func (w Workflows) Refund(ctx workflow.Context, in RequestRefund) (Returned, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	r := &refunding{in: in, clock: w.clock(ctx), state: refund.Requested, matter: matter{subject: in.RefundID}}
	r.desk = newDesk(in.CompanyID, r.clock, r.report)
	if err := r.listen(ctx); err != nil {
		return Returned{}, err
	}
	return r.run(ctx)
}

func (r *refunding) run(ctx workflow.Context) (Returned, error) {
	// 1. Record the request. A refusal is the answer of whoever asked, and the end.
	if err := r.record(ctx); err != nil {
		return Returned{}, err
	}

	// 2. Wait until Saferpay takes it: payments by some methods rest first.
	if r.recorded && r.state == refund.Requested && r.terms.Rest > 0 {
		r.sleepUntil(ctx, r.terms.CapturedAt.Add(r.clock.shorten(r.terms.Rest)), fmt.Sprintf("Saferpay takes this refund only %s after the capture", r.terms.Rest))
	}

	// 3. Ask for it, once, and clear up what came of it.
	for r.recorded && !r.state.Final() {
		switch r.state {
		case refund.Requested:
			r.send(ctx)
		case refund.Unknown:
			r.find(ctx)
		case refund.Pending:
			r.awaitProvider(ctx)
		case refund.Authorized:
			r.capture(ctx)
		}
	}

	// 4. Answer whoever still waits for one, and end.
	r.desk.close(ctx, &r.matter, "The refund is at an end.")
	r.report(ctx)
	err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	return Returned{State: r.state}, err
}

// record records the request, or takes up a refund whose workflow was ended from outside: whether that one was asked for is
// not known, unless the record says so.
func (r *refunding) record(ctx workflow.Context) error {
	err := inBooks(ctx, "Record the refund", "RecordRefundRequest", activities.RequestRefund{
		RefundRef: r.ref(), PaymentID: r.in.PaymentID, OrderID: r.in.OrderID, Amount: r.in.Amount, Reason: r.in.Reason,
	}, &r.terms)
	if r.refusal = refusal(err); r.refusal == nil && err != nil {
		return err
	}
	r.recorded, r.desk.ready = r.refusal == nil, true
	if r.recorded && r.in.TakeUp {
		r.state, r.Raised, r.Kind = r.terms.State, r.terms.Awaited.ExceptionID, r.terms.Awaited.Kind
		r.desk.takeOver(&r.matter)
		if r.state == refund.Requested {
			r.doubt(ctx)
		}
	}
	return nil
}

// send asks Saferpay for the refund. When the attempt itself broke off, nobody knows whether it was made.
func (r *refunding) send(ctx workflow.Context) {
	r.report(ctx)
	r.again = false
	var out activities.RefundOutcome
	err := workflow.ExecuteActivity(with(ctx, once, "Ask Saferpay for the refund"), saferpayStep.SendRefund, r.ref()).Get(ctx, &out)
	switch {
	case err != nil:
		r.doubt(ctx)
	case out.ByHand:
		r.conclude(ctx, r.ask(ctx, refundByHand, out.Why))
	case out.State == refund.Requested:
		r.notTaken(ctx, out.Why)
	default:
		r.desk.close(ctx, &r.matter, "Saferpay took the refund in the end.")
		r.learn(ctx, out)
	}
}

// doubt records that nobody knows whether the refund was made.
func (r *refunding) doubt(ctx workflow.Context) {
	r.desk.insist(ctx, &r.matter, bookingTrouble, func() error {
		return workflow.ExecuteActivity(with(ctx, bookings, "Record that nobody knows"), saferpayStep.DoubtRefund, r.ref()).Get(ctx, nil)
	})
	r.state = refund.Unknown
}

// notTaken rests before a refund that Saferpay surely did not do is asked for again.
func (r *refunding) notTaken(ctx workflow.Context, why string) {
	rest := r.clock.shorten(min(refundRetry<<r.tries, tryAgainAtMost))
	r.tries = min(r.tries+1, 10) // a quarter of an hour doubled more often would not fit
	if r.tries < refundTries {
		r.hint = "It is asked for again in a while: " + why
		r.report(ctx)
		_, _ = workflow.AwaitWithOptions(ctx, nap(rest, "Ask for the refund again"), func() bool { return r.again })
		r.hint = ""
		return
	}
	r.desk.putBeforePerson(ctx, &r.matter, refundNotTaken, why)
	r.trouble = refundNotTaken.explain(why) + " Decide on exception " + r.Raised + "."
	r.conclude(ctx, r.desk.await(ctx, &r.matter, refundNotTaken, rest, func() bool { return r.again }))
}

// find looks for a refund whose answer was lost, once Saferpay's data have caught up. Not finding it proves nothing.
func (r *refunding) find(ctx workflow.Context) {
	r.sleep(ctx, r.clock.shorten(inquireLag), "Saferpay's data lag some minutes behind")
	var out activities.RefundOutcome
	if r.insist(ctx, refundNotAsked, func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Look for the refund by its order id"), saferpayStep.FindRefund, r.ref()).Get(ctx, &out)
	}) {
		return
	}
	if r.learn(ctx, out); r.state != refund.Unknown {
		return
	}
	looks := patched(ctx, lookBeforeReopening)
	r.again = false
	choice := r.desk.decide(ctx, &r.matter, refundUnclear, "", func() bool { return looks && r.again })
	if looks && (choice == exception.TryAgain || choice == exception.DidNotHappen) && r.showsUp(ctx) {
		return
	}
	if choice == exception.TryAgain {
		r.reopen(ctx, true)
	} else {
		r.conclude(ctx, choice)
	}
}

// lookBeforeReopening is the change of find that histories may be older than.
const lookBeforeReopening = "look-before-reopening"

// showsUp looks once more for a refund that a person says did not happen, since asking again would give the money back twice. What
// Saferpay shows counts more than what the person saw; when it can't be asked, the person's word counts.
func (r *refunding) showsUp(ctx workflow.Context) bool {
	var out activities.RefundOutcome
	err := workflow.ExecuteActivity(with(ctx, saferpay, "Look for the refund once more before that"), saferpayStep.FindRefund, r.ref()).Get(ctx, &out)
	if err != nil || out.State == refund.Unknown {
		return false
	}
	r.learn(ctx, out)
	return true
}

// awaitProvider looks once at a refund that the provider decides later, and then leaves it to a person.
func (r *refunding) awaitProvider(ctx workflow.Context) {
	if !r.waited {
		r.sleep(ctx, r.clock.shorten(refundPending), "The provider decides later")
		r.waited = true
	}
	var out activities.RefundOutcome
	if r.insist(ctx, refundNotAsked, func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Ask what became of the refund"), saferpayStep.AskRefund, r.ref()).Get(ctx, &out)
	}) {
		return
	}
	if r.learn(ctx, out); r.state == refund.Pending {
		r.conclude(ctx, r.ask(ctx, refundOverdue, "It had a day."))
	}
}

func (r *refunding) capture(ctx workflow.Context) {
	var out activities.RefundOutcome
	if r.insist(ctx, refundStuck, func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Capture the refund"), saferpayStep.CaptureRefund, r.ref()).Get(ctx, &out)
	}) {
		return
	}
	r.learn(ctx, out)
}

// learn takes over what Saferpay said of the refund.
func (r *refunding) learn(ctx workflow.Context, out activities.RefundOutcome) {
	if out.State == refund.Captured {
		r.book(ctx, refund.Captured, "Saferpay gave the money back.")
		return
	}
	r.state = out.State
}

// insist runs a step until it succeeds, and tells whether a person decided otherwise, which is then done.
func (r *refunding) insist(ctx workflow.Context, t trouble, step func() error) bool {
	choice := r.desk.insist(ctx, &r.matter, t, step)
	r.conclude(ctx, choice)
	return choice != ""
}

// ask puts the refund before a person and waits for the decision.
func (r *refunding) ask(ctx workflow.Context, t trouble, what string) exception.Choice {
	return r.desk.decide(ctx, &r.matter, t, what, never)
}

// conclude does what a person decided. To try again is up to the state that the refund is in.
func (r *refunding) conclude(ctx workflow.Context, choice exception.Choice) {
	switch choice {
	case exception.Happened:
		r.book(ctx, refund.Recorded, "Done by the merchant in the Saferpay Backoffice.")
	case exception.DidNotHappen:
		r.reopen(ctx, false)
	}
}

// reopen records that the refund did not happen: it is asked for again, or has failed.
func (r *refunding) reopen(ctx workflow.Context, again bool) {
	r.desk.insist(ctx, &r.matter, bookingTrouble, func() error {
		return workflow.ExecuteActivity(with(ctx, bookings, "Record that it did not happen"), booksStep.ReopenRefund,
			activities.Reopen{RefundRef: r.ref(), Again: again}).Get(ctx, nil)
	})
	r.state = refund.Failed
	if again {
		r.state = refund.Requested
	}
}

func (r *refunding) book(ctx workflow.Context, state refund.State, note string) {
	var back activities.GivenBack
	r.desk.insist(ctx, &r.matter, bookingTrouble, func() error {
		return inside(ctx, booksInside, bookings, "Book the refund", "BookRefund", activities.GiveBack{RefundRef: r.ref(), State: state, Note: note}, &back)
	})
	r.state = state
	tellUnparked(ctx, back)
}

// tellUnparked tells the process of an invoice that money that had come twice has gone back, so that nobody decides about it any
// more. One that has ended needs not know.
func tellUnparked(ctx workflow.Context, back activities.GivenBack) {
	if !back.Unparked {
		return
	}
	err := workflow.SignalExternalWorkflow(ctx, InvoicePaymentID(back.InvoiceID), "", SignalMoneyReturned, PaymentHint{PaymentID: back.PaymentID}).Get(ctx, nil)
	if _, ended := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); err != nil && !ended {
		workflow.GetLogger(ctx).Error("The invoice's process could not be told that the money has gone back.", "invoice", back.InvoiceID, "error", err)
	}
}

func (r *refunding) sleepUntil(ctx workflow.Context, t time.Time, why string) {
	r.sleep(ctx, t.Sub(workflow.Now(ctx)), why)
}

func (r *refunding) sleep(ctx workflow.Context, d time.Duration, why string) {
	r.report(ctx)
	if err := workflow.NewTimerWithOptions(ctx, max(d, time.Millisecond), workflow.TimerOptions{Summary: why}).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Error("A wait was broken off.", "error", err)
	}
}

// listen takes the messages of the company and of operators.
func (r *refunding) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateRefund, r.request, workflow.UpdateHandlerOptions{
		Description: "Answers once the refund is recorded",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateRecorded, r.recordByHand, workflow.UpdateHandlerOptions{
		Description: "The merchant gave the money back in the Saferpay Backoffice",
		Validator:   func(workflow.Context, RefundRecorded) error { return r.mayRecord() },
	}); err != nil {
		return err
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		for ctx.Err() == nil {
			workflow.GetSignalChannel(ctx, SignalTryAgain).Receive(ctx, nil)
			r.again = true
		}
	})
	return r.desk.listen(ctx)
}

func (r *refunding) request(ctx workflow.Context) (Acknowledged, error) {
	if err := workflow.Await(ctx, func() bool { return r.recorded || r.refusal != nil }); err != nil {
		return Acknowledged{}, err
	}
	return Acknowledged{}, r.refusal
}

func (r *refunding) mayRecord() error {
	if !slices.Contains(r.choices, exception.Happened) {
		return refuse(problem.New(problem.RefundNotRecordable, "The refund is %s; only one that waits for a person can be recorded.", r.state))
	}
	return nil
}

// recordByHand decides the exception that waits for it, and answers once the refund is booked.
func (r *refunding) recordByHand(ctx workflow.Context, in RefundRecorded) (Acknowledged, error) {
	if err := workflow.Await(ctx, func() bool { return r.Raised != "" || r.mayRecord() != nil }); err != nil {
		return Acknowledged{}, err
	}
	decision := ResolveException{ExceptionID: r.Raised, Choice: exception.Happened, Note: "The refund was recorded.", By: in.By}
	if err := cmp.Or(r.mayRecord(), r.desk.mayResolve(decision)); err != nil { // it was decided, or tried again, at the same moment
		return Acknowledged{}, err
	}
	done, err := r.desk.resolve(ctx, decision)
	if err != nil {
		return done, err
	}
	return done, workflow.Await(ctx, func() bool { return r.state.Final() })
}

func (r *refunding) ref() activities.RefundRef {
	return activities.RefundRef{CompanyID: r.in.CompanyID, RefundID: r.in.RefundID}
}

// report tells operators where the refund stands.
func (r *refunding) report(ctx workflow.Context) {
	details := fmt.Sprintf("The refund is **%s**. %s", r.state, cmp.Or(r.trouble, r.hint))
	if r.refusal != nil {
		details = "Refused: " + cause(r.refusal)
	}
	workflow.SetCurrentDetails(ctx, details)
	if attention := r.trouble != ""; attention != r.attention {
		r.attention = attention
		upsert(ctx, NeedsAttention.ValueSet(attention))
	}
}
