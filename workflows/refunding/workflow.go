// Package refunding gives money of a captured payment back.
package refunding

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	payermailsteps "github.com/quittance/quittance/activities/payermail"
	steps "github.com/quittance/quittance/activities/refunding"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/escalation"
	"github.com/quittance/quittance/workflows/internal/flow"
	"github.com/quittance/quittance/workflows/payermail"
)

const (
	// refundRetry is how long a refund that Saferpay surely did not do rests before it is asked for again: a quarter of an
	// hour, then twice as long each time. After refundTries a person is told.
	refundRetry = 15 * time.Minute
	refundTries = 4
	// refundPending is how long a provider may take to decide on a refund before it is asked about.
	refundPending = 24 * time.Hour
)

// Workflow is the room's process with its one setting. TimeScale is how many seconds of a long wait pass in one second: 1
// except in a local stack.
type Workflow struct{ TimeScale int64 }

var do *steps.Activities

// Returned is how a refund ended.
type Returned struct {
	State refund.State `json:"state"`
}

// refunding gives money of one payment back.
type refunding struct {
	escalation.Escalation
	in          contract.RequestRefund
	clock       flow.Clock
	escalations escalation.Escalations
	terms       steps.RefundTerms
	state       refund.State

	recorded  bool   // the request stands in the books
	refusal   error  // why it was not allowed
	tries     int    // how often Saferpay did not take it
	waited    bool   // the provider had its time to decide
	hint      string // what an operator should know of a wait
	attention bool   // what the search attribute NeedsAttention says
	mail      bool   // the payer is still to be told by mail
}

// Refund gives money of a captured payment back, whole or in part. It never asks Saferpay twice for the same refund: after a
// lost answer it looks for the refund by its order id, and asks a person when it finds nothing. It takes UpdateRefund,
// UpdateApprove, UpdateRecorded, UpdateResolve and SignalTryAgain; Temporal's own cancellation request changes nothing.
func (w Workflow) Refund(ctx workflow.Context, in contract.RequestRefund) (Returned, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	r := &refunding{in: in, clock: flow.NewClock(ctx, w.TimeScale), state: refund.Requested, Escalation: escalation.Escalation{Subject: in.RefundID}}
	r.escalations = escalation.New(in.CompanyID, r.clock, r.report)
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

	// 2. Wait until a second person releases it, if it is above the company's limit, and until Saferpay takes it: some payments rest first.
	if r.state == refund.AwaitingApproval {
		if err := r.awaitApproval(ctx); err != nil {
			return Returned{}, err
		}
	}
	if r.recorded && r.state == refund.Requested && r.terms.Rest > 0 {
		r.sleepUntil(ctx, r.terms.CapturedAt.Add(r.clock.Shorten(r.terms.Rest)), fmt.Sprintf("Saferpay refunds %s payments only after %s", r.terms.Method, r.terms.Rest))
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

	// 4. Tell the payer by mail if the company wants it, answer whoever still waits for an answer, and end.
	r.escalations.Close(ctx, &r.Escalation, "The refund is at an end.")
	r.report(ctx)
	if r.mail {
		payermail.Send(ctx, payermailsteps.Ref{CompanyID: r.in.CompanyID, RefundID: r.in.RefundID})
	}
	err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	return Returned{State: r.state}, err
}

// record records the request, or takes up a refund whose workflow was ended from outside: whether that one was asked for is
// not known, unless the record says so.
func (r *refunding) record(ctx workflow.Context) error {
	err := flow.LocalThenActivity(ctx, flow.Books, "Record the refund", do.RecordRefundRequest, r.in, &r.terms)
	if r.refusal = flow.Refusal(err); r.refusal == nil && err != nil {
		return err
	}
	r.recorded = r.refusal == nil
	if r.terms.State == refund.AwaitingApproval {
		r.state = r.terms.State
	}
	r.escalations.Ready()
	if r.recorded && r.in.TakeUp {
		r.state, r.Raised, r.Kind = r.terms.State, r.terms.Awaited.ExceptionID, r.terms.Awaited.Kind
		r.escalations.TakeOver(&r.Escalation)
		if r.state == refund.Requested {
			r.doubt(ctx)
		}
	}
	return nil
}

// send asks Saferpay for the refund. When the attempt itself broke off, nobody knows whether it was made.
func (r *refunding) send(ctx workflow.Context) {
	r.report(ctx)
	r.Again = false
	var out steps.RefundOutcome
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Once, "Ask Saferpay for the refund"), do.SendRefund, r.ref()).Get(ctx, &out)
	switch {
	case err != nil:
		r.doubt(ctx)
	case out.ByHand:
		r.conclude(ctx, r.ask(ctx, refundByHand, out.Why))
	case out.State == refund.Requested:
		r.notTaken(ctx, out.Why)
	default:
		r.escalations.Close(ctx, &r.Escalation, "Saferpay took the refund in the end.")
		r.learn(ctx, out)
	}
}

// doubt records that nobody knows whether the refund was made.
func (r *refunding) doubt(ctx workflow.Context) {
	r.escalations.RetryUntilResolved(ctx, &r.Escalation, escalation.BookingFailed, func() error {
		return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Bookings, "Record that nobody knows"), do.DoubtRefund, r.ref()).Get(ctx, nil)
	})
	r.state = refund.Unknown
}

// notTaken rests before a refund that Saferpay surely did not do is asked for again.
func (r *refunding) notTaken(ctx workflow.Context, why string) {
	rest := r.clock.Shorten(min(refundRetry<<r.tries, escalation.RestAtMost))
	r.tries = min(r.tries+1, 10) // a quarter of an hour doubled more often would not fit
	if r.tries < refundTries {
		r.hint = "It is asked for again in a while: " + why
		r.report(ctx)
		_, _ = workflow.AwaitWithOptions(ctx, flow.AwaitAtMost(rest, "Ask for the refund again"), func() bool { return r.Again })
		r.hint = ""
		return
	}
	r.escalations.PutBeforePerson(ctx, &r.Escalation, refundNotTaken, why)
	r.OperatorNote = refundNotTaken.Explain(why) + " Decide on exception " + r.Raised + "."
	r.conclude(ctx, r.escalations.Await(ctx, &r.Escalation, refundNotTaken, rest, func() bool { return r.Again }))
}

// find looks for a refund whose answer was lost, once Saferpay's data have caught up. Not finding it proves nothing.
func (r *refunding) find(ctx workflow.Context) {
	r.sleep(ctx, r.clock.Shorten(flow.InquireLag), "Saferpay's data lag some minutes behind")
	var out steps.RefundOutcome
	if r.retryUntilResolved(ctx, refundNotAsked, func() error {
		return r.call(ctx, "Look for the refund by its order id", do.FindRefund, &out)
	}) {
		return
	}
	if r.learn(ctx, out); r.state != refund.Unknown {
		return
	}
	r.Again = false
	choice := r.escalations.Decide(ctx, &r.Escalation, refundUnclear, "", func() bool { return r.Again })
	if (choice == exception.TryAgain || choice == exception.DidNotHappen) && r.showsUp(ctx) {
		return
	}
	if choice == exception.TryAgain {
		r.reopen(ctx, true)
	} else {
		r.conclude(ctx, choice)
	}
}

// showsUp looks once more for a refund that a person says did not happen, since asking again would give the money back twice. What
// Saferpay shows counts more than what the person saw; when it can't be asked, the person's word counts.
func (r *refunding) showsUp(ctx workflow.Context) bool {
	var out steps.RefundOutcome
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Saferpay, "Look for the refund once more before that"), do.FindRefund, r.ref()).Get(ctx, &out)
	if err != nil || out.State == refund.Unknown {
		return false
	}
	r.learn(ctx, out)
	return true
}

// awaitProvider looks once at a refund that the provider decides later, and then leaves it to a person.
func (r *refunding) awaitProvider(ctx workflow.Context) {
	if !r.waited {
		r.sleep(ctx, r.clock.Shorten(refundPending), "The provider decides later")
		r.waited = true
	}
	var out steps.RefundOutcome
	if r.retryUntilResolved(ctx, refundNotAsked, func() error {
		return r.call(ctx, "Ask what became of the refund", do.AskRefund, &out)
	}) {
		return
	}
	if r.learn(ctx, out); r.state == refund.Pending {
		r.conclude(ctx, r.ask(ctx, refundOverdue, "It had a day."))
	}
}

func (r *refunding) capture(ctx workflow.Context) {
	var out steps.RefundOutcome
	if r.retryUntilResolved(ctx, refundStuck, func() error {
		return r.call(ctx, "Capture the refund", do.CaptureRefund, &out)
	}) {
		return
	}
	r.learn(ctx, out)
}

// learn takes over what Saferpay said of the refund.
func (r *refunding) learn(ctx workflow.Context, out steps.RefundOutcome) {
	if out.State == refund.Captured {
		r.book(ctx, refund.Captured, "Saferpay gave the money back.")
		return
	}
	r.state = out.State
}

// retryUntilResolved runs a step until it succeeds. It reports whether a person decided otherwise, which is then done.
func (r *refunding) retryUntilResolved(ctx workflow.Context, spec escalation.ExceptionSpec, step func() error) bool {
	choice := r.escalations.RetryUntilResolved(ctx, &r.Escalation, spec, step)
	r.conclude(ctx, choice)
	return choice != ""
}

// call runs a step that asks Saferpay, see escalation.Escalations.CallSaferpay.
func (r *refunding) call(ctx workflow.Context, summary string, step any, out *steps.RefundOutcome) error {
	return r.escalations.CallSaferpay(ctx, &r.Escalation, summary, func(ctx workflow.Context, retries int) error {
		ref := r.ref()
		ref.Retries = retries
		return workflow.ExecuteActivity(ctx, step, ref).Get(ctx, out)
	})
}

// ask puts the refund before a person and waits for the decision.
func (r *refunding) ask(ctx workflow.Context, spec escalation.ExceptionSpec, what string) exception.Choice {
	return r.escalations.Decide(ctx, &r.Escalation, spec, what, escalation.Never)
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
	r.escalations.RetryUntilResolved(ctx, &r.Escalation, escalation.BookingFailed, func() error {
		return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Bookings, "Record that it did not happen"), do.ReopenRefund,
			steps.Reopen{RefundRef: r.ref(), Again: again}).Get(ctx, nil)
	})
	r.state = refund.Failed
	if again {
		r.state = refund.Requested
	}
}

func (r *refunding) book(ctx workflow.Context, state refund.State, note string) {
	var back activities.GivenBack
	r.escalations.RetryUntilResolved(ctx, &r.Escalation, escalation.BookingFailed, func() error {
		return flow.LocalThenActivity(ctx, flow.Bookings, "Book the refund", do.BookRefund, steps.GiveBack{RefundRef: r.ref(), State: state, Note: note}, &back)
	})
	r.state, r.mail = state, back.MailQueued
	TellUnparked(ctx, back)
}

// TellUnparked tells the workflow of an invoice that money that had come twice has gone back, so that nobody decides about it any
// more. Ignore workflows that have finished.
func TellUnparked(ctx workflow.Context, back activities.GivenBack) {
	if !back.Unparked {
		return
	}
	err := workflow.SignalExternalWorkflow(ctx, contract.InvoicePaymentID(back.InvoiceID), "", contract.SignalMoneyReturned, contract.PaymentHint{PaymentID: back.PaymentID}).Get(ctx, nil)
	if _, ended := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); err != nil && !ended {
		workflow.GetLogger(ctx).Error("The invoice's process could not be told that the money has gone back.", "invoice", back.InvoiceID, "error", err)
	}
}

func (r *refunding) sleepUntil(ctx workflow.Context, t time.Time, why string) {
	r.sleep(ctx, t.Sub(workflow.Now(ctx)), why)
}

func (r *refunding) sleep(ctx workflow.Context, d time.Duration, why string) {
	r.report(ctx)
	flow.Sleep(ctx, d, why)
}

// listen takes the messages of the company and of operators.
func (r *refunding) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateRefund, r.request, workflow.UpdateHandlerOptions{
		Description: "Answers once the refund is recorded",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateRecorded, r.recordByHand, workflow.UpdateHandlerOptions{
		Description: "The merchant gave the money back in the Saferpay Backoffice",
		Validator:   func(workflow.Context, contract.RefundRecorded) error { return r.mayRecord() },
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateApprove, r.approve, workflow.UpdateHandlerOptions{
		Description: "A second person releases or refuses the refund",
	}); err != nil {
		return err
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		for ctx.Err() == nil {
			workflow.GetSignalChannel(ctx, contract.SignalTryAgain).Receive(ctx, nil)
			r.Again = true
		}
	})
	return r.escalations.Listen(ctx)
}

func (r *refunding) request(ctx workflow.Context) (contract.Acknowledged, error) {
	if err := workflow.Await(ctx, func() bool { return r.recorded || r.refusal != nil }); err != nil {
		return contract.Acknowledged{}, err
	}
	return contract.Acknowledged{}, r.refusal
}

func (r *refunding) mayRecord() error {
	if !slices.Contains(r.Choices, exception.Happened) {
		return contract.Refuse(problem.New(problem.RefundNotRecordable, "The refund is %s; only one that waits for a person can be recorded.", r.state))
	}
	return nil
}

// recordByHand decides the exception that waits for it, and answers once the refund is booked.
func (r *refunding) recordByHand(ctx workflow.Context, in contract.RefundRecorded) (contract.Acknowledged, error) {
	if err := workflow.Await(ctx, func() bool { return r.Raised != "" || r.mayRecord() != nil }); err != nil {
		return contract.Acknowledged{}, err
	}
	decision := contract.ResolveException{ExceptionID: r.Raised, Choice: exception.Happened, Note: "The refund was recorded.", By: in.By}
	if err := cmp.Or(r.mayRecord(), r.escalations.MayResolve(decision)); err != nil { // it was decided, or tried again, at the same moment
		return contract.Acknowledged{}, err
	}
	done, err := r.escalations.Resolve(ctx, decision)
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
	details := fmt.Sprintf("The refund is **%s**. %s", r.state, cmp.Or(r.OperatorNote, r.Progress, r.hint))
	if r.refusal != nil {
		details = "Refused: " + flow.Cause(r.refusal)
	}
	workflow.SetCurrentDetails(ctx, details)
	if attention := r.OperatorNote != ""; attention != r.attention {
		r.attention = attention
		flow.Upsert(ctx, contract.NeedsAttention.ValueSet(attention))
	}
}
