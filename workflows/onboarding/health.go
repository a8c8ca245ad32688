package onboarding

import (
	"go.temporal.io/sdk/workflow"

	steps "github.com/quittance/quittance/activities/onboarding"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// ServiceHealth looks at the terminal of one payment service once, when the look of its bucket failed: lost contracts, revoked credentials and
// vanished payment methods are noticed before a payer does. A look that fails fails the workflow, which is tried again twice; the next day
// brings the next one.
func (w Workflow) ServiceHealth(ctx workflow.Context, in contract.CheckPaymentService) (contract.ServiceState, error) {
	ref := activities.PaymentServiceRef{CompanyID: in.CompanyID, PaymentServiceID: in.PaymentServiceID}
	var found steps.Verification
	if err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Saferpay, "Look at the terminal"), do.CheckHealth, ref).Get(ctx, &found); err != nil {
		return contract.ServiceState{}, err
	}
	workflow.SetCurrentDetails(ctx, "The payment service is **"+string(found.Status)+"**.")
	if len(found.PendingMails) == 0 {
		return contract.ServiceState{Status: found.Status}, nil
	}
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Have the letters written"), do.PassOn, ref).Get(ctx, nil)
	return contract.ServiceState{Status: found.Status}, err
}
