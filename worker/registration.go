package worker

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/collection"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/delivery"
	"github.com/quittance/quittance/workflows/fetching"
	"github.com/quittance/quittance/workflows/onboarding"
	"github.com/quittance/quittance/workflows/reconciliation"
	"github.com/quittance/quittance/workflows/refunding"
	"github.com/quittance/quittance/workflows/retention"
)

// RegisterPayments registers the workflows of contract.PaymentsQueue. Each ends under the version of the worker that began it.
func RegisterPayments(r worker.WorkflowRegistry, timeScale int64) {
	pinned(r, contract.InvoicePaymentType, collection.Workflow{TimeScale: timeScale}.InvoicePayment)
	pinned(r, contract.RefundType, refunding.Workflow{TimeScale: timeScale}.Refund)
	pinned(r, contract.NightlySweepType, reconciliation.Workflow{TimeScale: timeScale}.NightlySweep)
	pinned(r, contract.SweepBucketType, reconciliation.Workflow{TimeScale: timeScale}.SweepBucket)
	pinned(r, contract.BankReceiptsType, reconciliation.Workflow{TimeScale: timeScale}.BankReceipts)
	pinned(r, contract.SettlementFetchType, fetching.Workflow{TimeScale: timeScale}.SettlementFetch)
	pinned(r, contract.RetentionType, retention.Workflow{TimeScale: timeScale}.Retention)
	pinned(r, contract.FindingType, reconciliation.Workflow{TimeScale: timeScale}.Finding)
}

// RegisterOnboarding registers the workflows of contract.OnboardingQueue. Their waits are longer than a version lives, so each goes
// on under the version that is current.
func RegisterOnboarding(r worker.WorkflowRegistry, timeScale int64) {
	w := onboarding.Workflow{TimeScale: timeScale}
	for name, run := range map[string]any{
		contract.OnboardingType: w.Onboarding, contract.CurrencyActivationType: w.CurrencyActivation, contract.ServiceHealthType: w.ServiceHealth,
		contract.HealthBucketType: w.HealthBucket,
	} {
		r.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	}
}

// RegisterWebhooks registers the workflows of contract.WebhooksQueue.
func RegisterWebhooks(r worker.WorkflowRegistry, timeScale int64) {
	pinned(r, contract.EventDeliveryType, delivery.Workflow{TimeScale: timeScale}.EventDelivery)
}

func pinned(r worker.WorkflowRegistry, name string, run any) {
	r.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name, VersioningBehavior: workflow.VersioningBehaviorPinned})
}
