// Package onboarding brings a payment service from its credentials through the acquirer's verification to active, asks for further
// currencies, and looks after it from then on.
package onboarding

import (
	"fmt"
	"time"

	steps "github.com/quittance/quittance/activities/onboarding"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// How long the acquirer's verification takes, in business days of the company's canton.
const (
	verificationEarliest = 3
	verificationDue      = 15
)

var (
	do        *steps.Activities
	schedules *steps.Schedules
)

// withoutCredentials says what happens while the company has not entered credentials, after so many business days.
var withoutCredentials = []struct {
	after int
	what  string
	step  any
}{
	{2, "Remind the company of the credentials", do.RemindOfCredentials},
	{7, "Remind the company of the credentials again", do.RemindOfCredentials},
	{60, "Give up waiting for credentials", do.Abandon},
}

// Workflow is the room's processes with their one setting. TimeScale is how many seconds of a long wait pass in one second: 1
// except in a local stack.
type Workflow struct{ TimeScale int64 }

// onboarding brings one payment service to life. Update handlers only change its state (see onboarding_messages.go); what
// follows from a change stands here, and the mails in letters.go.
type onboarding struct {
	steps.Verification
	in       contract.ConnectPaymentService
	clock    flow.Clock
	calendar calendar.Calendar

	recorded   bool
	refusal    error
	planned    bool                    // it is looked after every day
	changing   workflow.Mutex          // one change of the payment service at a time
	changes    workflow.ReceiveChannel // what happened to it elsewhere
	catchingUp bool
	resuming   bool // payments and refunds in flight are told that the credentials work again
	outbox     outbox
	blind      string // why the last look at the terminal found nothing out
	attention  bool   // what the search attribute NeedsAttention says
}

// Onboarding brings a payment service from its credentials through the acquirer's verification to active or rejected. It
// is started again, for as long as the change takes, when something is to change later. It takes UpdateConnect,
// UpdateCredentials, UpdateDecide, UpdateDocument, UpdateDisconnect and SignalServiceChanged. As in InvoicePayment, Temporal's
// own cancellation request changes nothing.
func (w Workflow) Onboarding(ctx workflow.Context, in contract.ConnectPaymentService) (contract.ServiceState, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	o := &onboarding{in: in, clock: flow.NewClock(ctx, w.TimeScale), changing: workflow.NewMutex(ctx), changes: workflow.GetSignalChannel(ctx, contract.SignalServiceChanged)}
	if err := o.listen(ctx); err != nil {
		return contract.ServiceState{}, err
	}
	workflow.Go(ctx, o.catchUp)
	workflow.Go(ctx, o.resume)
	workflow.Go(ctx, o.post)
	return o.run(ctx)
}

func (o *onboarding) run(ctx workflow.Context) (contract.ServiceState, error) {
	// 1. Record the payment service. A refusal is the answer of whoever asked, and the end.
	if err := o.record(ctx); err != nil {
		return contract.ServiceState{}, err
	}
	for o.unsettled() || o.busy(ctx) {
		o.report(ctx)
		var err error
		switch {
		case o.Status == merchant.AwaitingCredentials:
			// 2. Wait for credentials that work.
			err = o.awaitCredentials(ctx)
		case o.Status == merchant.InVerification:
			// 3. Wait for the acquirer's verification.
			err = o.awaitVerification(ctx)
		case o.Status == merchant.Active && !o.planned:
			// 4. Have an active payment service looked after from now on.
			err = o.plan(ctx)
		case o.Status == merchant.Disconnected && o.Connected:
			// 5. Let what is in flight come to its end, and forget the credentials.
			err = o.windUp(ctx)
		default:
			// 6. Answer whoever waits for an answer, see the last mails off, and end.
			err = workflow.Await(ctx, func() bool { return o.unsettled() || !o.busy(ctx) })
		}
		if err != nil {
			return contract.ServiceState{}, err
		}
	}
	o.report(ctx)
	return contract.ServiceState{Status: o.Status}, nil
}

// unsettled tells whether there is more to do for the payment service than to answer and to write.
func (o *onboarding) unsettled() bool {
	switch o.Status {
	case merchant.AwaitingCredentials, merchant.InVerification:
		return true
	case merchant.Active:
		return !o.planned
	case merchant.Disconnected:
		return o.Connected
	default:
		return false
	}
}

// busy tells whether somebody waits for an answer, a message for being read, or a mail for the mail server.
func (o *onboarding) busy(ctx workflow.Context) bool {
	return !workflow.AllHandlersFinished(ctx) || o.changes.Len() > 0 || o.catchingUp || o.resuming || !o.outbox.empty()
}

func (o *onboarding) record(ctx workflow.Context) error {
	err := o.step(flow.WithOptions(ctx, flow.Books, "Record the payment service"), do.RecordPaymentService,
		o.in)
	if o.refusal = flow.Refusal(err); o.refusal == nil && err != nil {
		return err
	}
	if o.recorded = o.refusal == nil; o.recorded {
		o.calendar, err = calendar.ForCanton(o.Canton)
		return err
	}
	return nil
}

// awaitCredentials reminds the company until it has entered credentials that work, and in the end gives it up.
func (o *onboarding) awaitCredentials(ctx workflow.Context) error {
	since := o.clock.Now(ctx)
	for _, next := range withoutCredentials {
		day := o.calendar.AddBusinessDays(since, next.after)
		entered, err := o.awaitWhile(ctx, merchant.AwaitingCredentials, day, next.what+": "+day.Format(time.DateOnly))
		if err != nil || entered {
			return err
		}
		if err := o.alone(ctx, merchant.AwaitingCredentials, func() error {
			return o.step(flow.WithOptions(ctx, flow.Books, next.what), next.step, steps.Remind{PaymentServiceRef: o.ref(), After: next.after})
		}); err != nil {
			return err
		}
	}
	return nil
}

// awaitVerification looks at the terminal once a business day, from the third on, until the acquirer is done or a person has
// decided. When it takes too long, the company and the operators are told.
func (o *onboarding) awaitVerification(ctx workflow.Context) error {
	next := o.EarliestAt
	for {
		for !next.After(o.clock.Now(ctx)) {
			next = o.calendar.NextBusinessDay(next) // looks that were missed are not made up for
		}
		decided, err := o.awaitWhile(ctx, merchant.InVerification, next, "Look at the terminal: "+next.Format(time.DateOnly))
		if err != nil || decided {
			return err
		}
		if err := o.alone(ctx, merchant.InVerification, func() error { return o.look(ctx) }); err != nil {
			return err
		}
		o.report(ctx)
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() && o.Status == merchant.InVerification && !o.busy(ctx) {
			return workflow.NewContinueAsNewError(ctx, contract.OnboardingType, o.in) // all that counts stands in the record
		}
	}
}

// look is one look at the terminal. When it fails, the next business day brings the next one.
func (o *onboarding) look(ctx workflow.Context) error {
	look := steps.LookAtTerminal{PaymentServiceRef: o.ref(), At: o.clock.Now(ctx)}
	o.blind = ""
	err := o.step(flow.WithOptions(ctx, flow.Saferpay, "Look at the terminal"), do.CheckVerification, look)
	if err == nil {
		return nil
	}
	o.blind = fmt.Sprintf("\n\n**The terminal could not be looked at:** %s.", flow.Cause(err))
	return o.step(flow.WithOptions(ctx, flow.Books, "Note that nothing could be seen"), do.NoteBlindLook, look)
}

// windUp erases the credentials of a disconnected payment service a day later, or as soon after that as nothing is in flight.
func (o *onboarding) windUp(ctx workflow.Context) error {
	for o.Connected {
		nextDay := workflow.TimerOptions{Summary: "Payments and refunds that are under way still need the credentials"}
		if err := workflow.NewTimerWithOptions(ctx, o.clock.Shorten(24*time.Hour), nextDay).Get(ctx, nil); err != nil {
			return err
		}
		var left steps.Left
		err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Erase the credentials, unless something is under way"), do.EraseCredentials, o.ref()).Get(ctx, &left)
		if err != nil {
			return err
		}
		o.Connected = left.InFlight
	}
	return o.endPlan(ctx)
}

// catchUp takes in what happened to the payment service elsewhere.
func (o *onboarding) catchUp(ctx workflow.Context) {
	for ctx.Err() == nil {
		var in contract.ServiceChanged
		o.changes.Receive(ctx, &in)
		o.catchingUp = true
		_, err := o.change(ctx, func() error {
			return o.step(flow.WithOptions(ctx, flow.Books, "See what happened to the payment service"), do.CatchUp,
				steps.ServiceNews{PaymentServiceRef: o.ref(), RefusedPassword: in.RefusedPassword})
		})
		if err != nil {
			workflow.GetLogger(ctx).Error("What happened to the payment service could not be taken in.", "error", err)
		}
		o.catchingUp = false
	}
}

// resume lets payments and refunds that failed for want of good credentials go on at once, and not only when they try again by
// themselves.
func (o *onboarding) resume(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return o.resuming }); err != nil {
			return
		}
		for next := (steps.Resume{PaymentServiceRef: o.ref()}); o.resuming; {
			var resumed steps.Resumed
			err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Let payments and refunds under way go on"), do.ResumePayments, next).Get(ctx, &resumed)
			if err != nil {
				workflow.GetLogger(ctx).Error("payments in flight not told of new credentials", "error", err)
			}
			next.After = resumed.Next
			o.resuming = next.After != ""
		}
	}
}

// awaitWhile waits until t, a time of the process, or until the status is another, and tells whether it is.
func (o *onboarding) awaitWhile(ctx workflow.Context, status merchant.ServiceStatus, t time.Time, why string) (changed bool, err error) {
	return workflow.AwaitWithOptions(ctx, flow.AwaitAtMost(o.clock.Until(ctx, t), why), func() bool { return o.Status != status })
}

// alone runs a step while nothing else may change the payment service, unless its status has become another.
func (o *onboarding) alone(ctx workflow.Context, status merchant.ServiceStatus, step func() error) error {
	if err := o.changing.Lock(ctx); err != nil {
		return err
	}
	defer o.changing.Unlock()
	if o.Status != status {
		return nil
	}
	return step()
}

// step runs an activity that tells where the payment service stands after it. Only one runs at a time, so that what is known
// here is never older than the record: under changing, but for the first.
func (o *onboarding) step(ctx workflow.Context, activity, in any) error {
	var v steps.Verification
	if err := workflow.ExecuteActivity(ctx, activity, in).Get(ctx, &v); err != nil {
		return err
	}
	o.Verification = v
	o.outbox.take(v.PendingMails)
	return nil
}

func (o *onboarding) ref() activities.PaymentServiceRef {
	return activities.PaymentServiceRef{CompanyID: o.in.CompanyID, PaymentServiceID: o.in.PaymentServiceID}
}

// report tells operators where the payment service stands, and what a person has to look at.
func (o *onboarding) report(ctx workflow.Context) {
	details := fmt.Sprintf("The payment service is **%s**. ", o.Status)
	note := o.outbox.operatorNote
	switch {
	case o.refusal != nil:
		details = "Refused: " + flow.Cause(o.refusal)
	case o.Status == merchant.AwaitingCredentials:
		details += "Waiting for the company to enter Customer ID, Terminal ID and its JSON API user."
	case o.Status == merchant.Disconnected && o.Connected:
		details += "Its credentials are erased as soon as no payment or refund is under way."
	case o.Status == merchant.InVerification:
		details += fmt.Sprintf("The acquirer verifies the company: at the earliest %s, due %s. Looking at the terminal once a business day.",
			o.EarliestAt.Format(time.DateOnly), o.DueAt.Format(time.DateOnly))
		note += o.blind
		if o.Unmanaged {
			note += "\n\n**The Saferpay license lacks the Management API:** nobody but a person can see that the acquirer is done. Ask, then approve or reject it."
		}
		if o.Overdue {
			note += fmt.Sprintf("\n\n**The verification is overdue since %s.** Ask the acquirer, then approve or reject it.", o.DueAt.Format(time.DateOnly))
		}
	}
	workflow.SetCurrentDetails(ctx, details+"\n\n"+note)
	if attention := note != ""; attention != o.attention {
		o.attention = attention
		flow.Upsert(ctx, contract.NeedsAttention.ValueSet(attention))
	}
}
