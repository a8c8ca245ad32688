// Package escalation is where a workflow puts what a person must decide, and where the decisions come in.
package escalation

import (
	"cmp"
	"fmt"
	"time"

	steps "github.com/quittance/quittance/activities/escalation"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

const (
	// restAtFirst is how long a step that failed for good rests before it runs again by itself. The rest doubles each time.
	restAtFirst = time.Hour
	// RestAtMost bounds every rest before a step runs again.
	RestAtMost = 6 * time.Hour
	// saferpayAttempts is how often Saferpay is asked before a person is told; after the first attempt comes firstPause, and each
	// pause is twice the one before.
	saferpayAttempts = 9
	firstPause       = 2 * time.Second
	// warningTime is how long before money is lost a person is told once more.
	warningTime = 48 * time.Hour
)

// Escalation is one thing that can come to need a person: a payment or a refund.
type Escalation struct {
	Raised string         `json:"raised,omitempty"` // the exception that waits for a decision about it
	Kind   exception.Kind `json:"kind,omitempty"`   // and its kind
	Warned string         `json:"warned,omitempty"` // the exception that warns of a deadline

	Subject      string             `json:"-"` // its id
	OperatorNote string             `json:"-"` // what a person has to look at
	Progress     string             `json:"-"` // how far the step has come that is being tried
	Choices      []exception.Choice `json:"-"` // what the person can decide
	Waiting      bool               `json:"-"` // nothing but waiting goes on
	Again        bool               `json:"-"` // a person asked to try again
}

// Escalations are those of one workflow.
type Escalations struct {
	companyID string
	clock     flow.Clock
	report    func(workflow.Context) // tells operators where the workflow stands

	decisions map[string]exception.Choice // what persons decided, by exception
	deciding  map[string]int              // how many decisions are being recorded, by exception
	awaiting  map[string]bool             // the exceptions it raised, and whether a decision on one is awaited at this moment
	ready     bool                        // its exceptions are known
}

var do *steps.Activities

// New returns the escalations of a workflow of that company. They call report when an operator has something new to read.
func New(companyID string, clock flow.Clock, report func(workflow.Context)) Escalations {
	return Escalations{
		companyID: companyID, clock: clock, report: report,
		decisions: map[string]exception.Choice{}, deciding: map[string]int{}, awaiting: map[string]bool{},
	}
}

// Ready says that the exceptions of the workflow are known: from now on it takes decisions.
func (e *Escalations) Ready() { e.ready = true }

// RetryUntilResolved runs a step until it succeeds, or a person decides otherwise. A step that has used up its attempts is put
// before a person. It runs again after a rest, on SignalTryAgain, or when the person says so; not on hints, which strangers can
// send; Saferpay's own notification, which carries a secret, counts as TryAgain. Giving up by itself is not an option: there is money in it. It returns what the person decided other than TryAgain, and
// nothing when the step succeeded.
func (e *Escalations) RetryUntilResolved(ctx workflow.Context, about *Escalation, spec ExceptionSpec, step func() error) exception.Choice {
	warned := spec.LostAt.IsZero() || about.Warned != ""
	for rest := restAtFirst; ; rest = min(2*rest, RestAtMost) {
		about.Again = false
		err := step()
		if err == nil {
			if spec.covers(about.Kind) {
				e.Close(ctx, about, "The step worked in the end.")
			}
			e.endWarning(ctx, about, "The step worked in time.")
			return ""
		}
		spec := spec.about(err)
		e.PutBeforePerson(ctx, about, spec, flow.Cause(err))
		about.OperatorNote = fmt.Sprintf("%s It is tried again every few hours, and at once on the signal `%s` or the decision `%s` on exception %s.",
			spec.Explain(flow.Cause(err)), contract.SignalTryAgain, exception.TryAgain, about.Raised)
		if !warned && !workflow.Now(ctx).Before(e.WarnAt(spec.LostAt)) {
			e.Warn(ctx, about, CaptureDeadline, spec.LostAt, "")
			warned = true
		}
		choice := e.Await(ctx, about, spec, e.clock.Shorten(rest), func() bool { return about.Again })
		if choice != "" && choice != exception.TryAgain {
			e.endWarning(ctx, about, "It was decided: "+string(choice)+".")
			return choice
		}
	}
}

// CallSaferpay runs a step that asks Saferpay, and runs it again when it fails, so that an operator reads each attempt: nine in
// about nine minutes. A definite answer of Saferpay ends that at once. Retries is how many attempts came before.
func (e *Escalations) CallSaferpay(ctx workflow.Context, about *Escalation, summary string, step func(ctx workflow.Context, retries int) error) error {
	defer func() { about.Progress = "" }()
	for attempt, pause := 1, firstPause; ; attempt, pause = attempt+1, 2*pause {
		err := step(flow.WithOptions(ctx, flow.Once, summary), attempt-1)
		if err == nil || flow.Refusal(err) != nil || attempt == saferpayAttempts {
			return err
		}
		rest := max(pause, flow.RetryDelay(err))
		about.Progress = fmt.Sprintf("asking Saferpay: attempt %d of %d failed, the next one is at %s. Last answer: %s",
			attempt, saferpayAttempts, workflow.Now(ctx).Add(rest).UTC().Format("15:04:05 UTC"), flow.Cause(err))
		e.report(ctx)
		about.Waiting, about.Again = true, false
		_, err = workflow.AwaitWithOptions(ctx, flow.AwaitAtMost(rest, fmt.Sprintf("Attempt %d of %d at Saferpay failed", attempt, saferpayAttempts)),
			func() bool { return about.Again })
		about.Waiting = false
		if err != nil {
			return err
		}
	}
}

// WarnAt returns when a person is told that money is about to be lost.
func (e *Escalations) WarnAt(lostAt time.Time) time.Time {
	return lostAt.Add(-e.clock.Shorten(warningTime))
}

// Warn tells a person until when money can be captured, and more.
func (e *Escalations) Warn(ctx workflow.Context, about *Escalation, spec ExceptionSpec, lostAt time.Time, more string) {
	about.Warned = e.Raise(ctx, about, spec, "it can be captured until "+flow.Minute(lostAt)+more, false)
}

// endWarning closes the warning of a deadline that is no longer true. One that a person has acknowledged stays as it is.
func (e *Escalations) endWarning(ctx workflow.Context, about *Escalation, note string) {
	if about.Warned == "" {
		return
	}
	e.clear(ctx, about.Warned, note)
	about.Warned = ""
}

// clear records that an exception has cleared up.
func (e *Escalations) clear(ctx workflow.Context, exceptionID, note string) {
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "It has cleared up"), do.ResolveException, steps.Resolve{
		CompanyID:        e.companyID,
		ResolveException: contract.ResolveException{ExceptionID: exceptionID, Choice: exception.ClearedUp, Note: note, By: steps.Quittance},
	}).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("exception not closed", "exception", exceptionID, "error", err)
	}
}

// Decide puts something before a person and waits for the decision, or for other, after which it returns nothing.
func (e *Escalations) Decide(ctx workflow.Context, about *Escalation, spec ExceptionSpec, what string, other func() bool) exception.Choice {
	e.PutBeforePerson(ctx, about, spec, what)
	about.OperatorNote = spec.Explain(what) + " Decide on exception " + about.Raised + "."
	return e.Await(ctx, about, spec, 0, other)
}

// Never is for waits that only a person's decision ends.
func Never() bool { return false }

// Await waits until a person has decided, or until there is another reason to go on: the time is over (0: never), or other is
// true. A decision that is being recorded at that moment counts. What was decided on is settled here afterwards.
func (e *Escalations) Await(ctx workflow.Context, about *Escalation, spec ExceptionSpec, timeout time.Duration, other func() bool) (choice exception.Choice) {
	e.report(ctx)
	about.Waiting, e.awaiting[about.Raised] = true, true
	goOn := func() bool { return e.decisions[about.Raised] != "" || other() }
	if timeout > 0 {
		_, _ = workflow.AwaitWithOptions(ctx, flow.AwaitAtMost(timeout, spec.Title), goOn) // it fails only when ctx is cancelled, which it never is
	} else {
		_ = workflow.Await(ctx, goOn)
	}
	_ = workflow.Await(ctx, func() bool { return e.deciding[about.Raised] == 0 })
	about.Waiting, e.awaiting[about.Raised] = false, false
	if choice = e.decisions[about.Raised]; choice != "" {
		delete(e.decisions, about.Raised)
		delete(e.awaiting, about.Raised)
		about.Raised, about.Kind, about.OperatorNote, about.Choices = "", "", "", nil
		e.report(ctx)
	}
	return choice
}

// PutBeforePerson raises the exception on which the workflow will wait, unless it stands already. What the person can choose
// counts from now on, since the exception is seen before the step that raises it returns.
func (e *Escalations) PutBeforePerson(ctx workflow.Context, about *Escalation, spec ExceptionSpec, what string) {
	if about.Kind != spec.Kind {
		e.Close(ctx, about, "Something else is to be decided about it now.")
	}
	about.Choices = spec.Choices
	if about.Raised == "" {
		about.Raised, about.Kind = e.Raise(ctx, about, spec, what, true), spec.Kind
	}
}

// Raise records an exception and returns its id. It is awaited when the workflow waits for the decision.
func (e *Escalations) Raise(ctx workflow.Context, about *Escalation, spec ExceptionSpec, what string, awaited bool) string {
	in := steps.Raise{
		CompanyID: e.companyID, Kind: spec.Kind, Subject: about.Subject, Detail: spec.Explain(what), Choices: spec.Choices,
	}
	if awaited {
		in.WorkflowID = workflow.GetInfo(ctx).WorkflowExecution.ID
	}
	var raised steps.Raised
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Put it before a person: "+string(spec.Kind)), do.RaiseException, in).Get(ctx, &raised)
	if err != nil {
		workflow.GetLogger(ctx).Error("exception not recorded", "kind", spec.Kind, "error", err)
	}
	return raised.ExceptionID
}

// Close closes the exception, if there is one, since it has cleared up by itself.
func (e *Escalations) Close(ctx workflow.Context, about *Escalation, note string) {
	about.OperatorNote, about.Choices = "", nil
	if about.Raised == "" {
		return
	}
	e.awaiting[about.Raised] = false
	e.clear(ctx, about.Raised, note)
	delete(e.awaiting, about.Raised)
	about.Raised, about.Kind = "", ""
}

// TakeOver adds an escalation about which an earlier workflow raised an exception.
func (e *Escalations) TakeOver(about *Escalation) {
	if about.Raised != "" {
		e.awaiting[about.Raised] = false
	}
}

// MayResolve refuses a decision that nobody awaits at the moment, because a step that may leave nothing to decide is being
// tried again: the decision would be recorded, and not be carried out.
func (e *Escalations) MayResolve(in contract.ResolveException) error {
	if awaited, known := e.awaiting[in.ExceptionID]; !e.ready || known && !awaited {
		return contract.Refuse(problem.New(problem.PaymentInProgress, "It is being tried again at this moment. Look at the exception again in a minute: it may have cleared up."))
	}
	return nil
}

// Resolve takes a person's decision.
func (e *Escalations) Resolve(ctx workflow.Context, in contract.ResolveException) (contract.Acknowledged, error) {
	e.deciding[in.ExceptionID]++
	defer func() { e.deciding[in.ExceptionID]-- }()
	return Record(ctx, e.companyID, in, e.decisions)
}

// Record records a person's decision, and puts it into decisions, where the step that waits for it looks. A refusal is the
// answer.
func Record(ctx workflow.Context, companyID string, in contract.ResolveException, decisions map[string]exception.Choice) (contract.Acknowledged, error) {
	in.By = cmp.Or(in.By, "operator")
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Record the decision: "+string(in.Choice)), do.ResolveException, steps.Resolve{CompanyID: companyID, ResolveException: in}).Get(ctx, nil)
	if refused := flow.Refusal(err); refused != nil {
		return contract.Acknowledged{}, refused
	}
	if err == nil {
		decisions[in.ExceptionID] = in.Choice
	}
	return contract.Acknowledged{}, err
}

// Listen takes the decisions of persons.
func (e *Escalations) Listen(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateResolve, e.Resolve, workflow.UpdateHandlerOptions{
		Description: "Takes a person's decision on an exception",
		Validator:   func(_ workflow.Context, in contract.ResolveException) error { return e.MayResolve(in) },
	})
}
