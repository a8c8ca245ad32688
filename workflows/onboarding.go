package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	onboardingacts "github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
)

// How long the acquirer's verification takes, in business days of the company's canton.
const (
	verificationEarliest = 3
	verificationDue      = 15
)

// withoutCredentials says what happens while the company has not entered credentials, after so many business days.
var withoutCredentials = []struct {
	after int
	what  string
	step  any
}{
	{2, "Remind the company of the credentials", onboardingStep.RemindOfCredentials},
	{7, "Remind the company of the credentials again", onboardingStep.RemindOfCredentials},
	{60, "Give up waiting for credentials", onboardingStep.Abandon},
}

// onboarding brings one payment service to life. Update handlers only change its state (see onboarding_messages.go); what
// follows from a change stands here, and the mails in letters.go.
type onboarding struct {
	onboardingacts.Verification
	in       ConnectPaymentService
	clock    clock
	calendar calendar.Calendar

	recorded   bool
	refusal    error
	planned    bool                    // it is looked after every day
	changing   workflow.Mutex          // one change of the payment service at a time
	changes    workflow.ReceiveChannel // what happened to it elsewhere
	catchingUp bool
	resuming   bool // payments and refunds under way are told that the credentials work again
	outbox     outbox
	blind      string // why the last look at the terminal found nothing out
	attention  bool   // what the search attribute NeedsAttention says
}

// Onboarding brings a payment service from its credentials through the acquirer's verification to active or rejected. It
// is started again, for as long as the change takes, when something is to change later. It takes UpdateConnect,
// UpdateCredentials, UpdateDecide, UpdateDocument, UpdateDisconnect and SignalServiceChanged. As in InvoicePayment, Temporal's
// own cancellation request changes nothing.
func (w Workflows) Onboarding(ctx workflow.Context, in ConnectPaymentService) (ServiceState, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	o := &onboarding{in: in, clock: w.clock(ctx), changing: workflow.NewMutex(ctx), changes: workflow.GetSignalChannel(ctx, SignalServiceChanged)}
	if err := o.listen(ctx); err != nil {
		return ServiceState{}, err
	}
	workflow.Go(ctx, o.catchUp)
	workflow.Go(ctx, o.resume)
	workflow.Go(ctx, o.post)
	return o.run(ctx)
}

func (o *onboarding) run(ctx workflow.Context) (ServiceState, error) {
	// 1. Record the payment service. A refusal is the answer of whoever asked, and the end.
	if err := o.record(ctx); err != nil {
		return ServiceState{}, err
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
			// 5. Let what is under way come to its end, and forget the credentials.
			err = o.windUp(ctx)
		default:
			// 6. Answer whoever waits for an answer, see the last mails off, and end.
			err = workflow.Await(ctx, func() bool { return o.unsettled() || !o.busy(ctx) })
		}
		if err != nil {
			return ServiceState{}, err
		}
	}
	o.report(ctx)
	return ServiceState{Status: o.Status}, nil
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
	err := o.step(with(ctx, books, "Record the payment service"), onboardingStep.RecordPaymentService,
		onboardingacts.Connect{PaymentServiceRef: o.ref(), Environment: o.in.Environment, Name: o.in.Name})
	if o.refusal = refusal(err); o.refusal == nil && err != nil {
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
	since := o.clock.now(ctx)
	for _, next := range withoutCredentials {
		day := o.calendar.AddBusinessDays(since, next.after)
		entered, err := o.awaitWhile(ctx, merchant.AwaitingCredentials, day, next.what+": "+day.Format(time.DateOnly))
		if err != nil || entered {
			return err
		}
		if err := o.alone(ctx, merchant.AwaitingCredentials, func() error {
			return o.step(with(ctx, books, next.what), next.step, onboardingacts.Remind{PaymentServiceRef: o.ref(), After: next.after})
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
		for !next.After(o.clock.now(ctx)) {
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
			return workflow.NewContinueAsNewError(ctx, OnboardingType, o.in) // all that counts stands in the record
		}
	}
}

// look is one look at the terminal. When it fails, the next business day brings the next one.
func (o *onboarding) look(ctx workflow.Context) error {
	look := onboardingacts.LookAtTerminal{PaymentServiceRef: o.ref(), At: o.clock.now(ctx)}
	o.blind = ""
	err := o.step(with(ctx, saferpay, "Look at the terminal"), onboardingStep.CheckVerification, look)
	if err == nil {
		return nil
	}
	o.blind = fmt.Sprintf("\n\n**The terminal could not be looked at:** %s.", cause(err))
	return o.step(with(ctx, books, "Note that nothing could be seen"), onboardingStep.NoteBlindLook, look)
}

// windUp erases the credentials of a disconnected payment service a day later, or as soon after that as nothing is under way.
func (o *onboarding) windUp(ctx workflow.Context) error {
	for o.Connected {
		nextDay := workflow.TimerOptions{Summary: "Payments and refunds that are under way still need the credentials"}
		if err := workflow.NewTimerWithOptions(ctx, o.clock.shorten(24*time.Hour), nextDay).Get(ctx, nil); err != nil {
			return err
		}
		var left onboardingacts.Left
		err := workflow.ExecuteActivity(with(ctx, books, "Erase the credentials, unless something is under way"), onboardingStep.EraseCredentials, o.ref()).Get(ctx, &left)
		if err != nil {
			return err
		}
		o.Connected = left.InFlight
	}
	return workflow.ExecuteActivity(with(ctx, books, "End the nightly sweep and the daily look"), schedulesStep.EndDaily, o.ref()).Get(ctx, nil)
}

// catchUp takes in what happened to the payment service elsewhere.
func (o *onboarding) catchUp(ctx workflow.Context) {
	for ctx.Err() == nil {
		var in ServiceChanged
		o.changes.Receive(ctx, &in)
		o.catchingUp = true
		_, err := o.change(ctx, func() error {
			return o.step(with(ctx, books, "See what happened to the payment service"), onboardingStep.CatchUp,
				onboardingacts.ServiceNews{PaymentServiceRef: o.ref(), RefusedPassword: in.RefusedPassword})
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
		for next := (onboardingacts.Resume{PaymentServiceRef: o.ref()}); o.resuming; {
			var resumed onboardingacts.Resumed
			err := workflow.ExecuteActivity(with(ctx, books, "Let payments and refunds under way go on"), onboardingStep.ResumePayments, next).Get(ctx, &resumed)
			if err != nil {
				workflow.GetLogger(ctx).Error("Payments under way could not be told of the new credentials.", "error", err)
			}
			next.After = resumed.Next
			o.resuming = next.After != ""
		}
	}
}

// awaitWhile waits until t, a time of the process, or until the status is another, and tells whether it is.
func (o *onboarding) awaitWhile(ctx workflow.Context, status merchant.ServiceStatus, t time.Time, why string) (changed bool, err error) {
	return workflow.AwaitWithOptions(ctx, nap(o.clock.until(ctx, t), why), func() bool { return o.Status != status })
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
	var v onboardingacts.Verification
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
	trouble := o.outbox.trouble
	switch {
	case o.refusal != nil:
		details = "Refused: " + cause(o.refusal)
	case o.Status == merchant.AwaitingCredentials:
		details += "Waiting for the company to enter Customer ID, Terminal ID and its JSON API user."
	case o.Status == merchant.Disconnected && o.Connected:
		details += "Its credentials are erased as soon as no payment or refund is under way."
	case o.Status == merchant.InVerification:
		details += fmt.Sprintf("The acquirer verifies the company: at the earliest %s, due %s. Looking at the terminal once a business day.",
			o.EarliestAt.Format(time.DateOnly), o.DueAt.Format(time.DateOnly))
		trouble += o.blind
		if o.Unmanaged {
			trouble += "\n\n**The Saferpay license lacks the Management API:** nobody but a person can see that the acquirer is done. Ask, then approve or reject it."
		}
		if o.Overdue {
			trouble += fmt.Sprintf("\n\n**The verification is overdue since %s.** Ask the acquirer, then approve or reject it.", o.DueAt.Format(time.DateOnly))
		}
	}
	workflow.SetCurrentDetails(ctx, details+"\n\n"+trouble)
	if attention := trouble != ""; attention != o.attention {
		o.attention = attention
		if err := workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(attention)); err != nil {
			workflow.GetLogger(ctx).Error("The search attributes could not be set.", "error", err)
		}
	}
}
