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

// patientLooks is after how many looks in vain a person is told that the acquirer takes long to contract a currency.
const patientLooks = 15

// StartCurrency is the input of a CurrencyActivation. Looks is set only when a long history continues as a new one.
type StartCurrency struct {
	contract.RequestCurrency
	Looks int `json:"looks,omitempty"` // at the terminal so far
}

// currencyActivation brings one requested currency of one payment service to its contract.
type currencyActivation struct {
	steps.CurrencyStanding
	in       contract.RequestCurrency
	clock    flow.Clock
	calendar calendar.Calendar

	recorded  bool
	refusal   error
	changing  workflow.Mutex // one change at a time
	looks     int
	blind     string // why the last look at the terminal found nothing out
	attention bool   // what the search attribute NeedsAttention says
}

// CurrencyActivation asks the acquirer for contracts in a currency and looks at the terminal once a business day until there
// are some, or a person has learnt that there will be none. It takes UpdateCurrency and UpdateDecide. Temporal's own
// cancellation request changes nothing.
func (w Workflow) CurrencyActivation(ctx workflow.Context, in StartCurrency) (contract.CurrencyState, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	a := &currencyActivation{in: in.RequestCurrency, clock: flow.NewClock(ctx, w.TimeScale), changing: workflow.NewMutex(ctx), looks: in.Looks}
	if err := a.listen(ctx); err != nil {
		return contract.CurrencyState{}, err
	}
	return a.run(ctx)
}

func (a *currencyActivation) run(ctx workflow.Context) (contract.CurrencyState, error) {
	// 1. Note the request, which writes to the acquirer. A refusal is the answer of whoever asked, and the end.
	if err := a.record(ctx); err != nil {
		return contract.CurrencyState{}, err
	}

	// 2. Look at the terminal once a business day until the currency is contracted, or a person has decided.
	next := a.clock.Now(ctx)
	for a.Pending {
		a.report(ctx)
		next = a.calendar.NextBusinessDay(next)
		for !next.After(a.clock.Now(ctx)) {
			next = a.calendar.NextBusinessDay(next) // looks that were missed are not made up for
		}
		decided, err := workflow.AwaitWithOptions(ctx, flow.AwaitAtMost(a.clock.Until(ctx, next), "Look at the terminal: "+next.Format(time.DateOnly)),
			func() bool { return !a.Pending })
		if err != nil {
			return contract.CurrencyState{}, err
		}
		if !decided {
			a.look(ctx)
		}
		if a.Pending && workflow.GetInfo(ctx).GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx) {
			return contract.CurrencyState{}, workflow.NewContinueAsNewError(ctx, contract.CurrencyActivationType, StartCurrency{RequestCurrency: a.in, Looks: a.looks})
		}
	}

	// 3. Answer whoever still waits for an answer, and end.
	a.report(ctx)
	err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	return contract.CurrencyState{Status: a.Status}, err
}

func (a *currencyActivation) record(ctx workflow.Context) error {
	err := a.step(flow.WithOptions(ctx, flow.Books, "Note the request"), do.RequestCurrency, a.ref())
	if a.refusal = flow.Refusal(err); a.refusal == nil && err != nil {
		return err
	}
	if a.recorded = a.refusal == nil; a.recorded {
		a.calendar, err = calendar.ForCanton(a.Canton)
		return err
	}
	return nil
}

// look is one look at the terminal. When it fails, the next business day brings the next one.
func (a *currencyActivation) look(ctx workflow.Context) {
	if err := a.changing.Lock(ctx); err != nil {
		return
	}
	defer a.changing.Unlock()
	if !a.Pending {
		return // decided while waiting for the lock
	}
	a.looks++
	a.blind = ""
	if err := a.step(flow.WithOptions(ctx, flow.Saferpay, "Look at the terminal"), do.CheckCurrency, a.ref()); err != nil {
		a.blind = fmt.Sprintf("\n\n**The terminal could not be looked at:** %s.", flow.Cause(err))
	}
}

// step runs an activity that tells where the currency stands after it, and passes on whom that is to be told to.
func (a *currencyActivation) step(ctx workflow.Context, activity, in any) error {
	var standing steps.CurrencyStanding
	if err := workflow.ExecuteActivity(ctx, activity, in).Get(ctx, &standing); err != nil {
		return err
	}
	a.CurrencyStanding = standing
	if !a.PendingMails {
		return nil
	}
	return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Have the letters written"), do.PassOn, a.ref().PaymentServiceRef).Get(ctx, nil)
}

// listen takes the messages of the company and of operators.
func (a *currencyActivation) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateCurrency, a.request, workflow.UpdateHandlerOptions{
		Description: "Answers once the request is noted",
	}); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateDecide, a.decide, workflow.UpdateHandlerOptions{
		Description: "Takes what a person learnt from the acquirer",
	})
}

func (a *currencyActivation) request(ctx workflow.Context) (contract.CurrencyState, error) {
	if err := workflow.Await(ctx, func() bool { return a.recorded || a.refusal != nil }); err != nil {
		return contract.CurrencyState{}, err
	}
	return contract.CurrencyState{Status: a.Status}, a.refusal
}

func (a *currencyActivation) decide(ctx workflow.Context, in contract.Decision) (contract.CurrencyState, error) {
	if _, err := a.request(ctx); err != nil {
		return contract.CurrencyState{}, err
	}
	if err := a.changing.Lock(ctx); err != nil {
		return contract.CurrencyState{}, err
	}
	defer a.changing.Unlock()
	err := a.step(flow.WithOptions(ctx, flow.Books, "Record the decision"), do.RecordCurrencyDecision,
		steps.DecideCurrency{CurrencyRef: a.ref(), Decision: in})
	return contract.CurrencyState{Status: a.Status}, err
}

func (a *currencyActivation) ref() steps.CurrencyRef {
	return steps.CurrencyRef{
		PaymentServiceRef: activities.PaymentServiceRef{CompanyID: a.in.CompanyID, PaymentServiceID: a.in.PaymentServiceID}, Currency: a.in.Currency,
	}
}

// report tells operators where the currency stands, and what a person has to look at.
func (a *currencyActivation) report(ctx workflow.Context) {
	details, note := fmt.Sprintf("%s is **%s**. ", a.in.Currency, a.Status), ""
	switch {
	case a.refusal != nil:
		details = "Refused: " + flow.Cause(a.refusal)
	case a.Pending:
		details += "The acquirer was asked for contracts. Looking at the terminal once a business day."
		note = a.blind
		if a.Unmanaged {
			note += "\n\n**The Saferpay license lacks the Management API:** nobody but a person can see that the acquirer is done. Ask, then approve or reject the currency."
		}
		if a.looks >= patientLooks {
			note += fmt.Sprintf("\n\n**Nothing is contracted after %d business days.** Ask the acquirer, then approve or reject the currency.", a.looks)
		}
	case a.Status == merchant.CurrencyRequested:
		details += "The payment service is disconnected."
	}
	workflow.SetCurrentDetails(ctx, details+note)
	if attention := note != ""; attention != a.attention {
		a.attention = attention
		flow.Upsert(ctx, contract.NeedsAttention.ValueSet(attention))
	}
}
