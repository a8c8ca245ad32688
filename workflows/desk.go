package workflows

import (
	"cmp"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	escalationacts "github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
)

// A step that failed for good rests this long before it is run again by itself: an hour at first, then twice as long each
// time, up to six.
const (
	tryAgainAfter  = time.Hour
	tryAgainAtMost = 6 * time.Hour
)

// matter is one thing that can come to need a person: a payment or a refund.
type matter struct {
	Raised string         `json:"raised,omitempty"` // the exception that waits for a decision about it
	Kind   exception.Kind `json:"kind,omitempty"`   // and its kind
	Warned string         `json:"warned,omitempty"` // the exception that warns of a deadline

	subject string             // its id
	trouble string             // what a person has to look at
	choices []exception.Choice // what the person can decide
	waiting bool               // nothing but waiting goes on
	again   bool               // a person asked to try again
}

// desk is where a process puts what a person must decide, and where the decisions come in.
type desk struct {
	companyID string
	clock     clock
	report    func(workflow.Context) // tells operators where the process stands

	decisions map[string]exception.Choice // what persons decided, by exception
	deciding  map[string]int              // how many decisions are being recorded, by exception
	awaiting  map[string]bool             // the exceptions of its matters, and whether a decision on one is awaited at this moment
	ready     bool                        // its matters are known
}

func newDesk(companyID string, clock clock, report func(workflow.Context)) desk {
	return desk{
		companyID: companyID, clock: clock, report: report,
		decisions: map[string]exception.Choice{}, deciding: map[string]int{}, awaiting: map[string]bool{},
	}
}

// insist runs a step until it succeeds, or a person decides otherwise. One that has used up its attempts is put before a
// person, and is run again after a rest, on SignalTryAgain, or when the person says so; not on hints, which strangers can
// send. It returns what the person decided other than TryAgain; nothing when the step succeeded. Giving up by itself is not
// an option: there is money in it.
func (d *desk) insist(ctx workflow.Context, m *matter, t trouble, step func() error) exception.Choice {
	warned := t.lostAt.IsZero() || m.Warned != ""
	for rest := tryAgainAfter; ; rest = min(2*rest, tryAgainAtMost) {
		m.again = false
		err := step()
		if err == nil {
			if t.is(m.Kind) {
				d.close(ctx, m, "The step worked in the end.")
			}
			d.endWarning(ctx, m, "The step worked in time.")
			return ""
		}
		t := t.about(ctx, err)
		d.putBeforePerson(ctx, m, t, cause(err))
		m.trouble = fmt.Sprintf("%s It is tried again every few hours, and at once on the signal `%s` or the decision `%s` on exception %s.",
			t.explain(cause(err)), SignalTryAgain, exception.TryAgain, m.Raised)
		if !warned && !workflow.Now(ctx).Before(d.warnAt(t.lostAt)) {
			d.warn(ctx, m, captureDeadline, t.lostAt, "")
			warned = true
		}
		choice := d.await(ctx, m, t, d.clock.shorten(rest), func() bool { return m.again })
		if choice != "" && choice != exception.TryAgain {
			d.endWarning(ctx, m, "It was decided: "+string(choice)+".")
			return choice
		}
	}
}

// warnAt is when a person is told that money is about to be lost.
func (d *desk) warnAt(lostAt time.Time) time.Time {
	return lostAt.Add(-d.clock.shorten(deadlineWarning))
}

// warn tells a person until when money can be captured, and more.
func (d *desk) warn(ctx workflow.Context, m *matter, t trouble, lostAt time.Time, more string) {
	m.Warned = d.raise(ctx, m, t, "it can be captured until "+minute(lostAt)+more, false)
}

// endWarning closes the warning of a deadline that has lost its sense; one that a person has acknowledged stays as it is.
func (d *desk) endWarning(ctx workflow.Context, m *matter, note string) {
	if m.Warned == "" || !patched(ctx, closeWarnings) {
		return
	}
	d.clear(ctx, m.Warned, note)
	m.Warned = ""
}

// clear records that an exception has cleared up.
func (d *desk) clear(ctx workflow.Context, exceptionID, note string) {
	err := workflow.ExecuteActivity(with(ctx, books, "It has cleared up"), escalationStep.ResolveException, escalationacts.Resolve{
		CompanyID: d.companyID, ExceptionID: exceptionID, Choice: exception.ClearedUp, Note: note, By: escalationacts.Quittance,
	}).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("The exception could not be closed.", "exception", exceptionID, "error", err)
	}
}

// decide puts something before a person and waits for the decision, or for other, after which it returns nothing.
func (d *desk) decide(ctx workflow.Context, m *matter, t trouble, what string, other func() bool) exception.Choice {
	d.putBeforePerson(ctx, m, t, what)
	m.trouble = t.explain(what) + " Decide on exception " + m.Raised + "."
	return d.await(ctx, m, t, 0, other)
}

// never is for waits that only a person's decision ends.
func never() bool { return false }

// await waits until a person has decided on the matter, which is then settled here, or until there is another reason to go
// on: the time is over (0: never), or other is true. A decision that is being recorded at that moment counts.
func (d *desk) await(ctx workflow.Context, m *matter, t trouble, timeout time.Duration, other func() bool) (choice exception.Choice) {
	d.report(ctx)
	m.waiting, d.awaiting[m.Raised] = true, true
	goOn := func() bool { return d.decisions[m.Raised] != "" || other() }
	if timeout > 0 {
		_, _ = workflow.AwaitWithOptions(ctx, nap(timeout, t.title), goOn) // it fails only when ctx is cancelled, which it never is
	} else {
		_ = workflow.Await(ctx, goOn)
	}
	_ = workflow.Await(ctx, func() bool { return d.deciding[m.Raised] == 0 })
	m.waiting, d.awaiting[m.Raised] = false, false
	if choice = d.decisions[m.Raised]; choice != "" {
		delete(d.decisions, m.Raised)
		delete(d.awaiting, m.Raised)
		m.Raised, m.Kind, m.trouble, m.choices = "", "", "", nil
		d.report(ctx)
	}
	return choice
}

// putBeforePerson raises the exception on which the process will wait, unless it stands already. What the person can choose
// counts from now on, since the exception is seen before the step that raises it returns.
func (d *desk) putBeforePerson(ctx workflow.Context, m *matter, t trouble, what string) {
	if m.Kind != t.kind {
		d.close(ctx, m, "Something else is to be decided about it now.")
	}
	m.choices = t.choices
	if m.Raised == "" {
		m.Raised, m.Kind = d.raise(ctx, m, t, what, true), t.kind
	}
}

// raise records an exception about the matter and returns its id. It is awaited when the process waits for the decision.
func (d *desk) raise(ctx workflow.Context, m *matter, t trouble, what string, awaited bool) string {
	in := escalationacts.Raise{
		CompanyID: d.companyID, Kind: t.kind, Subject: m.subject, Detail: t.explain(what), Choices: t.choices,
	}
	if awaited {
		in.WorkflowID = workflow.GetInfo(ctx).WorkflowExecution.ID
	}
	var raised escalationacts.Raised
	err := workflow.ExecuteActivity(with(ctx, books, "Put it before a person: "+string(t.kind)), escalationStep.RaiseException, in).Get(ctx, &raised)
	if err != nil {
		workflow.GetLogger(ctx).Error("The exception could not be recorded.", "kind", t.kind, "error", err)
	}
	return raised.ExceptionID
}

// close closes the exception about the matter, if there is one, since it has cleared up by itself.
func (d *desk) close(ctx workflow.Context, m *matter, note string) {
	m.trouble, m.choices = "", nil
	if m.Raised == "" {
		return
	}
	d.awaiting[m.Raised] = false
	d.clear(ctx, m.Raised, note)
	delete(d.awaiting, m.Raised)
	m.Raised, m.Kind = "", ""
}

// takeOver knows of a matter about which an earlier process raised an exception.
func (d *desk) takeOver(m *matter) {
	if m.Raised != "" {
		d.awaiting[m.Raised] = false
	}
}

// mayResolve refuses a decision that nobody awaits at the moment, because a step that may leave nothing to decide is being
// tried again: it would be recorded, and not be carried out.
func (d *desk) mayResolve(in ResolveException) error {
	if awaited, known := d.awaiting[in.ExceptionID]; !d.ready || known && !awaited {
		return refuse(problem.New(problem.PaymentInProgress, "It is being tried again at this moment. Look at the exception again in a minute: it may have cleared up."))
	}
	return nil
}

// resolve takes a person's decision.
func (d *desk) resolve(ctx workflow.Context, in ResolveException) (Acknowledged, error) {
	d.deciding[in.ExceptionID]++
	defer func() { d.deciding[in.ExceptionID]-- }()
	return resolveException(ctx, d.companyID, in, d.decisions)
}

// resolveException records a person's decision, and puts it where the step that waits for it looks. A refusal is the answer.
func resolveException(ctx workflow.Context, companyID string, in ResolveException, decisions map[string]exception.Choice) (Acknowledged, error) {
	err := workflow.ExecuteActivity(with(ctx, books, "Record the decision: "+string(in.Choice)), escalationStep.ResolveException, escalationacts.Resolve{
		CompanyID: companyID, ExceptionID: in.ExceptionID, Choice: in.Choice, Note: in.Note, By: cmp.Or(in.By, "operator"),
	}).Get(ctx, nil)
	if refused := refusal(err); refused != nil {
		return Acknowledged{}, refused
	}
	if err == nil {
		decisions[in.ExceptionID] = in.Choice
	}
	return Acknowledged{}, err
}

// listen takes the decisions of persons.
func (d *desk) listen(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateResolve, d.resolve, workflow.UpdateHandlerOptions{
		Description: "Takes a person's decision on an exception",
		Validator:   func(_ workflow.Context, in ResolveException) error { return d.mayResolve(in) },
	})
}
