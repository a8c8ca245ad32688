package refunding

import (
	"testing"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func register(r worker.WorkflowRegistry, timeScale int64) {
	r.RegisterWorkflowWithOptions(Workflow{TimeScale: timeScale}.Refund, workflow.RegisterOptions{Name: contract.RefundType})
}

func TestNoArgumentOrResultIsABareString(t *testing.T) {
	t.Parallel()
	var r *refunding
	flowtest.NoBareStrings(t, map[string]any{
		contract.RefundType: Workflow{}.Refund, contract.UpdateRefund: r.request, contract.UpdateRecorded: r.recordByHand,
	})
}
