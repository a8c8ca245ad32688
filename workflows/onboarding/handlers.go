package onboarding

import (
	"time"

	steps "github.com/quittance/quittance/activities/onboarding"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// listen takes the messages of the company and of operators.
func (o *onboarding) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateConnect, o.connect, workflow.UpdateHandlerOptions{
		Description: "Answers once the payment service is recorded",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateCredentials, o.submitCredentials, workflow.UpdateHandlerOptions{
		Description: "Checks credentials at Saferpay and saves them when they work",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateDecide, o.decide, workflow.UpdateHandlerOptions{
		Description: "Ends the verification by a person's decision",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateDocument, o.mailDocument, workflow.UpdateHandlerOptions{
		Description: "Mails a document to the acquirer",
	}); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateDisconnect, o.disconnect, workflow.UpdateHandlerOptions{
		Description: "Ends the payment service for new payments",
	})
}

func (o *onboarding) connect(ctx workflow.Context) (contract.Acknowledged, error) {
	err := o.awaitRecord(ctx)
	return contract.Acknowledged{}, err
}

func (o *onboarding) awaitRecord(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return o.recorded || o.refusal != nil }); err != nil {
		return err
	}
	return o.refusal
}

func (o *onboarding) submitCredentials(ctx workflow.Context, in merchant.Credentials) (contract.ServiceState, error) {
	return o.change(ctx, func() error {
		before := o.Status
		now := o.clock.Now(ctx).Truncate(time.Microsecond) // as precise as the record
		err := o.step(flow.WithOptions(ctx, flow.Interactive, "Check the credentials"), do.SaveCredentials, steps.SubmitCredentials{
			PaymentServiceRef: o.ref(), Credentials: in, SubmittedAt: now,
			EarliestAt: o.calendar.AddBusinessDays(now, verificationEarliest), DueAt: o.calendar.AddBusinessDays(now, verificationDue),
		})
		if err == nil && (before == merchant.Active || before == merchant.Suspended) {
			o.resuming = true
		}
		return err
	})
}

func (o *onboarding) decide(ctx workflow.Context, in contract.Decision) (contract.ServiceState, error) {
	return o.change(ctx, func() error {
		return o.step(flow.WithOptions(ctx, flow.Books, "Record the decision"), do.RecordDecision,
			steps.DecideVerification{PaymentServiceRef: o.ref(), Decision: in})
	})
}

// mailDocument answers once the document stands on the timeline; it does not wait for the mail to go out.
func (o *onboarding) mailDocument(ctx workflow.Context, in contract.MailDocument) (contract.Acknowledged, error) {
	_, err := o.change(ctx, func() error {
		return o.step(flow.WithOptions(ctx, flow.Books, "Note that a document came"), do.ReceiveDocument,
			steps.DocumentRef{PaymentServiceRef: o.ref(), DocumentID: in.DocumentID})
	})
	return contract.Acknowledged{}, err
}

func (o *onboarding) disconnect(ctx workflow.Context) (contract.ServiceState, error) {
	return o.change(ctx, func() error {
		return o.step(flow.WithOptions(ctx, flow.Books, "Disconnect the payment service"), do.Disconnect, o.ref())
	})
}

// change runs a step that alters the payment service; its refusal is the answer.
func (o *onboarding) change(ctx workflow.Context, step func() error) (contract.ServiceState, error) {
	if err := o.awaitRecord(ctx); err != nil {
		return contract.ServiceState{}, err
	}
	if err := o.changing.Lock(ctx); err != nil {
		return contract.ServiceState{}, err
	}
	defer o.changing.Unlock()
	err := step()
	if refused := flow.Refusal(err); refused != nil {
		return contract.ServiceState{}, refused
	}
	if err != nil {
		return contract.ServiceState{}, contract.Refuse(problem.New(problem.SaferpayUnavailable, "Saferpay could not be asked; nothing was saved. Try again in a moment."))
	}
	return contract.ServiceState{Status: o.Status}, nil
}
