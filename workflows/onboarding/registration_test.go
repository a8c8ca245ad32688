package onboarding

import (
	"testing"

	steps "github.com/quittance/quittance/activities/onboarding"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func register(r worker.WorkflowRegistry, timeScale int64) {
	w := Workflow{TimeScale: timeScale}
	for name, run := range map[string]any{
		contract.OnboardingType: w.Onboarding, contract.CurrencyActivationType: w.CurrencyActivation, contract.ServiceHealthType: w.ServiceHealth,
		contract.HealthBucketType: w.HealthBucket,
	} {
		r.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name})
	}
}

func TestNoArgumentOrResultIsABareString(t *testing.T) {
	t.Parallel()
	var (
		o *onboarding
		a *currencyActivation
	)
	flowtest.NoBareStrings(t, map[string]any{
		contract.OnboardingType: Workflow{}.Onboarding, contract.UpdateConnect: o.connect, contract.UpdateCredentials: o.submitCredentials,
		contract.UpdateDecide: o.decide, contract.UpdateDocument: o.mailDocument, contract.UpdateDisconnect: o.disconnect,
		contract.CurrencyActivationType: Workflow{}.CurrencyActivation, contract.UpdateCurrency: a.request, "decide of a currency": a.decide,
		contract.ServiceHealthType: Workflow{}.ServiceHealth, contract.HealthBucketType: Workflow{}.HealthBucket,
	}, &steps.Activities{}, &steps.Schedules{})
}
