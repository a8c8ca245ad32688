package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	onboardingacts "github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

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
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateDecide, o.decide, workflow.UpdateHandlerOptions{
		Description: "Ends the verification by a person's decision",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateDocument, o.mailDocument, workflow.UpdateHandlerOptions{
		Description: "Mails a document to the acquirer",
	}); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateDisconnect, o.disconnect, workflow.UpdateHandlerOptions{
		Description: "Ends the payment service for new payments",
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
		before := o.Status
		now := o.clock.now(ctx).Truncate(time.Microsecond) // as precise as the record
		err := o.step(with(ctx, interactive, "Check the credentials"), onboardingStep.SaveCredentials, onboardingacts.SubmitCredentials{
			PaymentServiceRef: o.ref(), Credentials: in, SubmittedAt: now,
			EarliestAt: o.calendar.AddBusinessDays(now, verificationEarliest), DueAt: o.calendar.AddBusinessDays(now, verificationDue),
		})
		if err == nil && (before == merchant.Active || before == merchant.Suspended) {
			o.resuming = true
		}
		return err
	})
}

func (o *onboarding) decide(ctx workflow.Context, in Decision) (ServiceState, error) {
	return o.change(ctx, func() error {
		return o.step(with(ctx, books, "Record the decision"), onboardingStep.RecordDecision,
			onboardingacts.DecideVerification{PaymentServiceRef: o.ref(), Approved: in.Approved, Reason: in.Reason})
	})
}

// mailDocument answers once the document stands on the timeline; the mail goes out meanwhile.
func (o *onboarding) mailDocument(ctx workflow.Context, in MailDocument) (Acknowledged, error) {
	_, err := o.change(ctx, func() error {
		return o.step(with(ctx, books, "Note that a document came"), onboardingStep.ReceiveDocument,
			onboardingacts.DocumentRef{PaymentServiceRef: o.ref(), DocumentID: in.DocumentID})
	})
	return Acknowledged{}, err
}

func (o *onboarding) disconnect(ctx workflow.Context) (ServiceState, error) {
	return o.change(ctx, func() error {
		return o.step(with(ctx, books, "Disconnect the payment service"), onboardingStep.Disconnect, o.ref())
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
