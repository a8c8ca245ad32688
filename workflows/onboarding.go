package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// How long the acquirer's verification takes, in business days of the company's canton.
const (
	verificationEarliest = 3
	verificationDue      = 15
)

// onboarding brings one payment service to life.
type onboarding struct {
	activities.Verification
	in       ConnectPaymentService
	clock    clock
	calendar calendar.Calendar

	recorded  bool
	refusal   error
	changing  workflow.Mutex // one change of the payment service at a time
	trouble   string         // what a person has to look at
	attention bool           // what the search attribute NeedsAttention says
}

var merchantsStep *activities.Merchants

// Onboarding brings a payment service from its credentials through the acquirer's verification to active or rejected. It
// is started again, for as long as the change takes, when something is to change later. It takes UpdateConnect,
// UpdateCredentials and UpdateDecide. As in InvoicePayment, Temporal's own cancellation request changes nothing.
func (w Workflows) Onboarding(ctx workflow.Context, in ConnectPaymentService) (ServiceState, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	o := &onboarding{in: in, clock: w.clock(ctx), changing: workflow.NewMutex(ctx)}
	if err := o.listen(ctx); err != nil {
		return ServiceState{}, err
	}
	return o.run(ctx)
}

func (o *onboarding) run(ctx workflow.Context) (ServiceState, error) {
	// 1. Record the payment service. A refusal is the answer of whoever asked, and the end.
	if err := o.record(ctx); err != nil {
		return ServiceState{}, err
	}

	// 2. Wait for credentials that work.
	o.report(ctx)
	if err := workflow.Await(ctx, func() bool { return o.refusal != nil || o.Status != merchant.AwaitingCredentials }); err != nil {
		return ServiceState{}, err
	}

	// 3. Wait for the verification: look at the terminal once a business day, from the third on.
	next := o.EarliestAt
	for o.Status == merchant.InVerification {
		o.report(ctx)
		decided, err := workflow.AwaitWithOptions(ctx, nap(o.clock.until(ctx, next), "Next look at the terminal: "+next.Format(time.DateOnly)),
			func() bool { return o.Status != merchant.InVerification })
		if err != nil {
			return ServiceState{}, err
		}
		if !decided {
			o.look(ctx)
			if now := o.clock.now(ctx); now.After(next) {
				next = now // looks that were missed are not made up for
			}
			next = o.calendar.NextBusinessDay(next)
		}
	}

	// 4. Answer whoever still waits for one, and have an active payment service swept every night.
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return ServiceState{}, err
	}
	if err := o.planSweep(ctx); err != nil {
		return ServiceState{}, err
	}

	// 5. Answer whoever came meanwhile, and end.
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return ServiceState{}, err
	}
	o.trouble = ""
	o.report(ctx)
	return ServiceState{Status: o.Status}, nil
}

func (o *onboarding) record(ctx workflow.Context) error {
	err := workflow.ExecuteActivity(with(ctx, books, "Record the payment service"), merchantsStep.RecordPaymentService,
		activities.Connect{PaymentServiceRef: o.ref(), Environment: o.in.Environment, Name: o.in.Name}).Get(ctx, &o.Verification)
	if o.refusal = refusal(err); o.refusal == nil && err != nil {
		return err
	}
	if o.recorded = o.refusal == nil; o.recorded {
		o.calendar, err = calendar.ForCanton(o.Canton)
		return err
	}
	return nil
}

// look is one look at the terminal. When it fails, the next business day brings the next one.
func (o *onboarding) look(ctx workflow.Context) {
	if err := o.changing.Lock(ctx); err != nil {
		return
	}
	defer o.changing.Unlock()
	if o.Status != merchant.InVerification {
		return // decided while waiting for the lock
	}
	o.trouble = ""
	now := o.clock.now(ctx)
	if !now.Before(o.DueAt) {
		o.trouble = fmt.Sprintf("**The verification is overdue since %s.** Ask the acquirer, then approve or reject it.", o.DueAt.Format(time.DateOnly))
	}
	err := workflow.ExecuteActivity(with(ctx, saferpay, "Look at the terminal"), merchantsStep.CheckVerification,
		activities.LookAtTerminal{PaymentServiceRef: o.ref(), At: now}).Get(ctx, &o.Verification)
	if err != nil {
		o.trouble += fmt.Sprintf(" **The terminal could not be looked at:** %s.", cause(err))
	}
}

// listen takes the messages of the company and of operators.
func (o *onboarding) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateConnect, o.connect, workflow.UpdateHandlerOptions{
		Description: "Answers once the payment service is recorded",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateCredentials, o.submitCredentials, workflow.UpdateHandlerOptions{
		Description: "Checks credentials at Saferpay and saves them when they work",
	}); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateDecide, o.decide, workflow.UpdateHandlerOptions{
		Description: "Ends the verification by a person's decision",
	})
}

func (o *onboarding) connect(ctx workflow.Context) (Acknowledged, error) {
	err := o.awaitRecord(ctx)
	return Acknowledged{}, err
}

func (o *onboarding) awaitRecord(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return o.recorded || o.refusal != nil }); err != nil {
		return err
	}
	return o.refusal
}

func (o *onboarding) submitCredentials(ctx workflow.Context, in merchant.Credentials) (ServiceState, error) {
	return o.change(ctx, func() error {
		now := o.clock.now(ctx)
		return workflow.ExecuteActivity(with(ctx, interactive, "Check the credentials"), merchantsStep.SaveCredentials, activities.SubmitCredentials{
			PaymentServiceRef: o.ref(), Credentials: in, SubmittedAt: now,
			EarliestAt: o.calendar.AddBusinessDays(now, verificationEarliest), DueAt: o.calendar.AddBusinessDays(now, verificationDue),
		}).Get(ctx, &o.Verification)
	})
}

func (o *onboarding) decide(ctx workflow.Context, in Decision) (ServiceState, error) {
	return o.change(ctx, func() error {
		return workflow.ExecuteActivity(with(ctx, books, "Record the decision"), merchantsStep.RecordDecision,
			activities.DecideVerification{PaymentServiceRef: o.ref(), Approved: in.Approved, Reason: in.Reason}).Get(ctx, &o.Verification)
	})
}

// change runs a step that alters the payment service; its refusal is the answer.
func (o *onboarding) change(ctx workflow.Context, step func() error) (ServiceState, error) {
	if err := o.awaitRecord(ctx); err != nil {
		return ServiceState{}, err
	}
	if err := o.changing.Lock(ctx); err != nil {
		return ServiceState{}, err
	}
	defer o.changing.Unlock()
	err := step()
	if refused := refusal(err); refused != nil {
		return ServiceState{}, refused
	}
	if err != nil {
		return ServiceState{}, refuse(problem.New(problem.SaferpayUnavailable, "Saferpay could not be asked; nothing was saved. Try again in a moment."))
	}
	return ServiceState{Status: o.Status}, nil
}

func (o *onboarding) ref() activities.PaymentServiceRef {
	return activities.PaymentServiceRef{CompanyID: o.in.CompanyID, PaymentServiceID: o.in.PaymentServiceID}
}

// report tells operators where the payment service stands.
func (o *onboarding) report(ctx workflow.Context) {
	details := fmt.Sprintf("The payment service is **%s**. ", o.Status)
	switch {
	case o.refusal != nil:
		details = "Refused: " + cause(o.refusal)
	case o.Status == merchant.AwaitingCredentials:
		details += "Waiting for the company to enter Customer ID, Terminal ID and its JSON API user."
	case o.Status == merchant.InVerification:
		details += fmt.Sprintf("The acquirer verifies the company: at the earliest %s, due %s. Looking at the terminal once a business day.",
			o.EarliestAt.Format(time.DateOnly), o.DueAt.Format(time.DateOnly))
	}
	if o.trouble != "" {
		details += "\n\n" + o.trouble
	}
	workflow.SetCurrentDetails(ctx, details)
	if attention := o.trouble != ""; attention != o.attention {
		o.attention = attention
		if err := workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(attention)); err != nil {
			workflow.GetLogger(ctx).Error("The search attributes could not be set.", "error", err)
		}
	}
}
