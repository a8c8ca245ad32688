package delivery

import (
	"testing"

	steps "github.com/quittance/quittance/activities/delivery"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func register(r worker.WorkflowRegistry, timeScale int64) {
	r.RegisterWorkflowWithOptions(Workflow{TimeScale: timeScale}.EventDelivery, workflow.RegisterOptions{Name: contract.EventDeliveryType})
}

func TestNoArgumentOrResultIsABareString(t *testing.T) {
	t.Parallel()
	flowtest.NoBareStrings(t, map[string]any{contract.EventDeliveryType: Workflow{}.EventDelivery}, &steps.Activities{})
}
