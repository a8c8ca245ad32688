// Package gate is what a version of the worker passes on each task queue before it becomes the current one.
package gate

import (
	steps "github.com/quittance/quittance/activities/gate"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// Workflow is the room's process.
type Workflow struct{}

var do *steps.Activities

// Gate does what a payment does, without a payment: a step in the workflow task, a wait, and a step from the task queue. It returns which
// build of the worker did it.
func (Workflow) Gate(ctx workflow.Context) (contract.GatePassed, error) {
	// 1. As payments are booked.
	if err := flow.LocalThenActivity(ctx, flow.Interactive, "Try the parts in the workflow task", do.TryParts, steps.Try{Step: "in the workflow task"}, nil); err != nil {
		return contract.GatePassed{}, err
	}

	// 2. As a payment waits for its payer.
	flow.Sleep(ctx, 0, "Wait")

	// 3. As Saferpay is asked.
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Interactive, "Try the parts from the task queue"), do.TryParts, steps.Try{Step: "from the task queue"}).Get(ctx, nil)
	return contract.GatePassed{BuildID: workflow.GetInfo(ctx).GetCurrentBuildID()}, err
}
