package worker

import (
	"maps"
	"slices"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/collection"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/delivery"
	"github.com/quittance/quittance/workflows/fetching"
	"github.com/quittance/quittance/workflows/gate"
	"github.com/quittance/quittance/workflows/onboarding"
	"github.com/quittance/quittance/workflows/reconciliation"
	"github.com/quittance/quittance/workflows/refunding"
	"github.com/quittance/quittance/workflows/retention"
)

// Register registers the workflows of the task queues and returns their types. Every queue has the gate, which a version of the worker
// passes before it becomes the current one.
func Register(r worker.WorkflowRegistry, timeScale int64, queues ...string) (types []string) {
	reconciling, joining := reconciliation.Workflow{TimeScale: timeScale}, onboarding.Workflow{TimeScale: timeScale}
	served := map[string]map[string]any{
		contract.PaymentsQueue: {
			contract.InvoicePaymentType:  collection.Workflow{TimeScale: timeScale}.InvoicePayment,
			contract.RefundType:          refunding.Workflow{TimeScale: timeScale}.Refund,
			contract.NightlySweepType:    reconciling.NightlySweep,
			contract.SweepBucketType:     reconciling.SweepBucket,
			contract.BankReceiptsType:    reconciling.BankReceipts,
			contract.FindingType:         reconciling.Finding,
			contract.SettlementFetchType: fetching.Workflow{TimeScale: timeScale}.SettlementFetch,
			contract.RetentionType:       retention.Workflow{TimeScale: timeScale}.Retention,
		},
		contract.OnboardingQueue: {
			contract.OnboardingType:         joining.Onboarding,
			contract.CurrencyActivationType: joining.CurrencyActivation,
			contract.ServiceHealthType:      joining.ServiceHealth,
			contract.HealthBucketType:       joining.HealthBucket,
		},
		contract.WebhooksQueue: {
			contract.EventDeliveryType: delivery.Workflow{TimeScale: timeScale}.EventDelivery,
		},
	}
	all := map[string]any{contract.GateType: gate.Workflow{}.Gate}
	for _, queue := range queues {
		maps.Copy(all, served[queue])
	}
	for name, run := range all {
		r.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name})
	}
	return slices.Sorted(maps.Keys(all))
}
