package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	onboardingacts "github.com/quittance/quittance/activities/onboarding"
)

// ServiceHealth looks at the terminal of a payment service once, which a Temporal Schedule starts it for every day: lost
// contracts, revoked credentials and vanished payment methods are noticed before a payer does. A look that fails fails the
// workflow; the next day brings the next one.
func (w Workflows) ServiceHealth(ctx workflow.Context, in CheckPaymentService) (ServiceState, error) {
	ref := activities.PaymentServiceRef{CompanyID: in.CompanyID, PaymentServiceID: in.PaymentServiceID}
	var found onboardingacts.Verification
	if err := workflow.ExecuteActivity(with(ctx, saferpay, "Look at the terminal"), onboardingStep.CheckHealth, ref).Get(ctx, &found); err != nil {
		return ServiceState{}, err
	}
	workflow.SetCurrentDetails(ctx, "The payment service is **"+string(found.Status)+"**.")
	if len(found.PendingMails) == 0 {
		return ServiceState{Status: found.Status}, nil
	}
	err := workflow.ExecuteActivity(with(ctx, books, "Have the letters written"), onboardingStep.PassOn, ref).Get(ctx, nil)
	return ServiceState{Status: found.Status}, err
}
