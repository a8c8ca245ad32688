package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

const (
	// inquireLag is how long Saferpay's data may lag behind (Saferpay JSON API 1.53, Transaction/Inquire: some minutes).
	inquireLag = 10 * time.Minute
	// refundRetry is how long a refund that Saferpay surely did not do rests before it is asked for again.
	refundRetry = 15 * time.Minute
	// refundPending is how long a provider may take to decide on a refund before a person looks.
	refundPending = 24 * time.Hour
)

// Returned is how a refund ended.
type Returned struct {
	State refund.State `json:"state"`
}

// refunding gives money of one payment back.
type refunding struct {
	in    RequestRefund
	clock clock
	terms activities.RefundTerms
	state refund.State

	recorded  bool                        // the request stands in the books
	refusal   error                       // why it was not allowed
	byHand    bool                        // a person may say that the merchant did it in the Backoffice
	done      bool                        // and has said so
	again     bool                        // somebody asked to run the step that failed once more
	decisions map[string]exception.Choice // what persons decided, by exception
	trouble   string                      // what a person has to look at
	attention bool                        // what the search attribute NeedsAttention says
}

// Refund gives money of a captured payment back, whole or in part. It never asks Saferpay twice for the same refund: after a
// lost answer it looks for the refund by its order id, and asks a person when it finds nothing. It takes UpdateRefund,
// UpdateRecorded, UpdateResolve and SignalTryAgain; Temporal's own cancellation request changes nothing.
func (w Workflows) Refund(ctx workflow.Context, in RequestRefund) (Returned, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	r := &refunding{in: in, clock: w.clock(ctx), state: refund.Requested, decisions: map[string]exception.Choice{}}
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

	if r.recorded && r.in.TakeUp {
		r.takeUp(ctx)
	}

	// 2. Wait until Saferpay takes it: TWINT payments rest first.
	if r.recorded {
		r.report(ctx, "")
		r.sleepUntil(ctx, r.terms.CapturedAt.Add(r.clock.shorten(r.terms.Rest)), "Saferpay refunds TWINT payments only after two hours")
	}

	// 3. Ask for it, once, and clear up what came of it.
	for r.recorded && !r.state.Final() {
		r.report(ctx, "")
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
	r.report(ctx, "")
	err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	return Returned{State: r.state}, err
}

func (r *refunding) record(ctx workflow.Context) error {
	err := workflow.ExecuteActivity(with(ctx, books, "Record the refund"), booksStep.RecordRefundRequest, activities.RequestRefund{
		RefundRef: r.ref(), PaymentID: r.in.PaymentID, OrderID: r.in.OrderID, Amount: r.in.Amount, Reason: r.in.Reason,
	}).Get(ctx, &r.terms)
	if r.refusal = refusal(err); r.refusal == nil && err != nil {
		return err
	}
	r.recorded = r.refusal == nil
	return nil
}

// takeUp goes on with a refund whose process is gone. Nobody knows whether that has asked Saferpay for it.
func (r *refunding) takeUp(ctx workflow.Context) {
	if r.state = r.terms.State; r.state == refund.Requested {
		r.doubt(ctx)
	}
}

// doubt records that nobody knows whether Saferpay was asked, or did it.
func (r *refunding) doubt(ctx workflow.Context) {
	r.persist(ctx, "The doubt could not be recorded", func() error {
		return workflow.ExecuteActivity(with(ctx, books, "Record that nobody knows"), saferpayStep.DoubtRefund, r.ref()).Get(ctx, nil)
	})
	r.state = refund.Unknown
}

// send asks Saferpay for the refund. When the attempt itself broke off, nobody knows whether it was made.
func (r *refunding) send(ctx workflow.Context) {
	var out activities.RefundOutcome
	err := workflow.ExecuteActivity(with(ctx, once, "Ask Saferpay for the refund"), saferpayStep.SendRefund, r.ref()).Get(ctx, &out)
	switch {
	case err != nil:
		r.doubt(ctx)
	case out.ByHand:
		r.decideByHand(ctx)
	case out.State == refund.Requested:
		r.report(ctx, "**Saferpay did not take the refund**; it is asked for again in a while.")
		r.rest(ctx, r.clock.shorten(refundRetry), "Ask for the refund again")
	case out.State == refund.Captured:
		r.book(ctx, refund.Captured, "Saferpay gave the money back.")
	default:
		r.state = out.State
	}
}

// find looks for a refund whose answer was lost, once Saferpay's data have caught up. Not finding it proves nothing.
func (r *refunding) find(ctx workflow.Context) {
	r.sleep(ctx, r.clock.shorten(inquireLag), "Saferpay's data lag some minutes behind")
	var out activities.RefundOutcome
	r.persist(ctx, "Saferpay could not be asked whether the refund happened", func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Look for the refund by its order id"), saferpayStep.FindRefund, r.ref()).Get(ctx, &out)
	})
	switch out.State {
	case refund.Unknown:
		r.decideUnclear(ctx)
	case refund.Captured:
		r.book(ctx, refund.Captured, "Saferpay gave the money back.")
	default:
		r.state = out.State
	}
}

// awaitProvider looks once at a refund that the provider decides later, and then leaves it to a person.
func (r *refunding) awaitProvider(ctx workflow.Context) {
	r.sleep(ctx, r.clock.shorten(refundPending), "The provider decides later")
	var out activities.RefundOutcome
	r.persist(ctx, "Saferpay could not be asked about the refund", func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Ask what became of the refund"), saferpayStep.AskRefund, r.ref()).Get(ctx, &out)
	})
	switch out.State {
	case refund.Captured:
		r.book(ctx, refund.Captured, "The provider gave the money back.")
	case refund.Failed:
		r.state = refund.Failed
	default:
		r.decideUnclear(ctx)
	}
}

func (r *refunding) capture(ctx workflow.Context) {
	r.persist(ctx, "The refund is authorized but could not be captured", func() error {
		return workflow.ExecuteActivity(with(ctx, saferpay, "Capture the refund"), saferpayStep.CaptureRefund, r.ref()).Get(ctx, nil)
	})
	r.book(ctx, refund.Captured, "Saferpay gave the money back.")
}

func (r *refunding) book(ctx workflow.Context, state refund.State, note string) {
	r.persist(ctx, "The refund happened but could not be booked", func() error {
		return workflow.ExecuteActivity(with(ctx, books, "Book the refund"), booksStep.BookRefund,
			activities.GiveBack{RefundRef: r.ref(), State: state, Note: note}).Get(ctx, nil)
	})
	r.state = state
}

// decideUnclear asks a person whether the refund happened.
func (r *refunding) decideUnclear(ctx workflow.Context) {
	r.decide(ctx, exception.RefundUnclear,
		"Nobody knows whether the refund happened. Look for it in the Saferpay Backoffice before you decide: asking again could give the money back twice.",
		exception.Happened, exception.DidNotHappen, exception.TryAgain)
}

// decideByHand asks the merchant to refund in the Backoffice.
func (r *refunding) decideByHand(ctx workflow.Context) {
	r.decide(ctx, exception.RefundByHand,
		"Saferpay takes no refunds from here: the license has none, or the payment service is disconnected. Refund the payment in the Saferpay Backoffice, then record it here.",
		exception.Happened, exception.DidNotHappen)
}

// decide puts the refund before a person, waits for the decision, and does what it says.
func (r *refunding) decide(ctx workflow.Context, kind exception.Kind, detail string, choices ...exception.Choice) {
	r.byHand, r.done = true, false // from now on, since the exception is seen before the step that raises it returns
	var raised activities.Raised
	r.persist(ctx, "The exception could not be recorded", func() error {
		return workflow.ExecuteActivity(with(ctx, books, "Put it before a person: "+string(kind)), booksStep.RaiseException, activities.Raise{
			CompanyID: r.in.CompanyID, Kind: kind, Subject: r.in.RefundID, WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID,
			Detail: detail, Choices: choices,
		}).Get(ctx, &raised)
	})
	r.report(ctx, fmt.Sprintf("%s Decide on exception %s.", detail, raised.ExceptionID))
	if err := workflow.Await(ctx, func() bool { return r.done || r.decisions[raised.ExceptionID] != "" }); err != nil {
		return
	}
	choice := r.decisions[raised.ExceptionID]
	if choice == "" {
		choice = exception.Happened
		r.persist(ctx, "The decision could not be recorded", func() error {
			return workflow.ExecuteActivity(with(ctx, books, "The merchant recorded the refund"), booksStep.ResolveException, activities.Resolve{
				CompanyID: r.in.CompanyID, ExceptionID: raised.ExceptionID, Choice: exception.Happened, Note: "The refund was recorded.", By: "quittance",
			}).Get(ctx, nil)
		})
	}
	r.trouble = ""
	if choice == exception.Happened {
		r.book(ctx, refund.Recorded, "Done by the merchant in the Saferpay Backoffice.")
		return
	}
	again := choice == exception.TryAgain
	r.persist(ctx, "The decision could not be recorded", func() error {
		return workflow.ExecuteActivity(with(ctx, books, "Record that it did not happen"), booksStep.ReopenRefund,
			activities.Reopen{RefundRef: r.ref(), Again: again}).Get(ctx, nil)
	})
	r.byHand = false
	r.state = refund.Failed
	if again {
		r.state = refund.Requested
	}
}

// persist runs a step until it succeeds, with an hour between the rounds, or SignalTryAgain.
func (r *refunding) persist(ctx workflow.Context, complaint string, step func() error) {
	for {
		err := step()
		if err == nil {
			r.trouble = ""
			return
		}
		r.report(ctx, fmt.Sprintf("**%s:** %s. It is tried again every hour, and at once on the signal `%s`.", complaint, cause(err), SignalTryAgain))
		r.rest(ctx, r.clock.shorten(tryAgainAfter), complaint)
	}
}

// rest waits before a step that failed is run again, unless somebody asks for it at once.
func (r *refunding) rest(ctx workflow.Context, d time.Duration, why string) {
	r.again = false
	if _, err := workflow.AwaitWithOptions(ctx, nap(d, why), func() bool { return r.again }); err != nil {
		workflow.GetLogger(ctx).Error("A wait was broken off.", "error", err)
	}
}

func (r *refunding) sleepUntil(ctx workflow.Context, t time.Time, why string) {
	r.sleep(ctx, t.Sub(workflow.Now(ctx)), why)
}

func (r *refunding) sleep(ctx workflow.Context, d time.Duration, why string) {
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
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateResolve, r.resolve, workflow.UpdateHandlerOptions{
		Description: "Takes a person's decision on an exception",
	})
}

func (r *refunding) request(ctx workflow.Context) (Acknowledged, error) {
	if err := workflow.Await(ctx, func() bool { return r.recorded || r.refusal != nil }); err != nil {
		return Acknowledged{}, err
	}
	return Acknowledged{}, r.refusal
}

func (r *refunding) mayRecord() error {
	if !r.byHand || r.state.Final() {
		return refuse(problem.New(problem.RefundNotRecordable, "The refund is %s; only one that waits for a person can be recorded.", r.state))
	}
	return nil
}

func (r *refunding) recordByHand(ctx workflow.Context, _ RefundRecorded) (Acknowledged, error) {
	r.done = true
	if err := workflow.Await(ctx, func() bool { return r.state.Final() || !r.byHand }); err != nil || r.state == refund.Recorded {
		return Acknowledged{}, err
	}
	return Acknowledged{}, r.mayRecord() // it was decided otherwise at the same moment
}

func (r *refunding) resolve(ctx workflow.Context, in ResolveException) (Acknowledged, error) {
	return resolveException(ctx, r.in.CompanyID, in, r.decisions)
}

func (r *refunding) ref() activities.RefundRef {
	return activities.RefundRef{CompanyID: r.in.CompanyID, RefundID: r.in.RefundID}
}

// report tells operators where the refund stands; trouble is what a person has to look at.
func (r *refunding) report(ctx workflow.Context, trouble string) {
	r.trouble = trouble
	details := fmt.Sprintf("The refund is **%s**. %s", r.state, r.trouble)
	if r.refusal != nil {
		details = "Refused: " + cause(r.refusal)
	}
	workflow.SetCurrentDetails(ctx, details)
	if attention := r.trouble != ""; attention != r.attention {
		r.attention = attention
		if err := workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(attention)); err != nil {
			workflow.GetLogger(ctx).Error("The search attributes could not be set.", "error", err)
		}
	}
}
