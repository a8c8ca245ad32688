package contract

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/delivery"
)

// Deliver starts bringing an event to a webhook endpoint, unless that is in flight. One that the company asked for once more,
// and that waits for its next attempt, has it at once.
//
// A workflow that has ended is no obstacle, since a company may ask again: what has been delivered already is known to the
// record, and not sent again. First is the attempt that was made already, and failed; nil when there was none.
func (c Commands) Deliver(ctx context.Context, d delivery.Due, first *FirstAttempt) error {
	options := client.StartWorkflowOptions{
		ID:                       EventDeliveryID(d.EventID, d.EndpointID),
		TaskQueue:                WebhooksQueue,
		Priority:                 PriorityOf(d.CompanyID, ForPeople),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            fmt.Sprintf("%s → %s", d.Type, d.EndpointID),
		StaticDetails: fmt.Sprintf("Tells webhook endpoint `%s` of `%s` about `%s`. Tried for three days, then parked.",
			d.EndpointID, d.Type, d.Thread),
		TypedSearchAttributes: temporal.NewSearchAttributes(CompanyID.ValueSet(d.CompanyID)),
	}
	in := DeliverEvent{CompanyID: d.CompanyID, EventID: d.EventID, EndpointID: d.EndpointID, First: first}
	var err error
	if d.Again {
		_, err = c.Temporal.SignalWithStartWorkflow(ctx, options.ID, SignalTryAgain, TryNow{}, options, EventDeliveryType, in)
	} else {
		_, err = c.Temporal.ExecuteWorkflow(ctx, options, EventDeliveryType, in)
	}
	return Problem(err)
}
