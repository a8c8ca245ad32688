package reconciliation

import (
	"testing"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/collection"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/refunding"
)

// register registers the room's workflows, and those that a sweep starts again.
func register(r worker.WorkflowRegistry, timeScale int64) {
	w := Workflow{TimeScale: timeScale}
	for name, run := range map[string]any{
		contract.NightlySweepType: w.NightlySweep, contract.FindingType: w.Finding, contract.BankReceiptsType: w.BankReceipts,
		contract.SweepBucketType:    w.SweepBucket,
		contract.InvoicePaymentType: collection.Workflow{TimeScale: timeScale}.InvoicePayment,
		contract.RefundType:         refunding.Workflow{TimeScale: timeScale}.Refund,
	} {
		r.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name})
	}
}

func TestNoArgumentOrResultIsABareString(t *testing.T) {
	t.Parallel()
	var f *finding
	flowtest.NoBareStrings(t, map[string]any{
		contract.NightlySweepType: Workflow{}.NightlySweep, contract.FindingType: Workflow{}.Finding, contract.BankReceiptsType: Workflow{}.BankReceipts, contract.SweepBucketType: Workflow{}.SweepBucket, contract.UpdateResolve: f.resolve,
	})
}
