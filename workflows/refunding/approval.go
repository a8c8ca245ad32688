package refunding

import (
	steps "github.com/quittance/quittance/activities/refunding"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// awaitApproval waits until somebody releases or refuses the refund. Nothing of it has left before.
func (r *refunding) awaitApproval(ctx workflow.Context) error {
	r.hint = "It is above the company's limit, and waits for a second person in the console."
	r.report(ctx)
	err := workflow.Await(ctx, func() bool { return r.state != refund.AwaitingApproval })
	r.hint = ""
	return err
}

// approve records the decision of a second person. Of two at once the record takes the first.
func (r *refunding) approve(ctx workflow.Context, in contract.DecideRefund) (contract.Acknowledged, error) {
	if _, err := r.request(ctx); err != nil {
		return contract.Acknowledged{}, err
	}
	var state refund.State
	err := flow.LocalThenActivity(ctx, flow.Bookings, "Record the decision of a second person", do.DecideRefund, steps.Decided{RefundRef: r.ref(), DecideRefund: in}, &state)
	if refused := flow.Refusal(err); refused != nil {
		return contract.Acknowledged{}, refused
	}
	if err == nil && r.state == refund.AwaitingApproval {
		r.state = state
	}
	return contract.Acknowledged{}, err
}
