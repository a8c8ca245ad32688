package retention

import (
	"context"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/retention"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestEveryRoundIsMadeAndFailuresAreShown(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(Workflow{}.Retention, workflow.RegisterOptions{Name: contract.RetentionType})
	env.RegisterActivity(&steps.Activities{})
	alarm := false
	env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		alarm, _ = args[0].(temporal.SearchAttributes).GetBool(contract.NeedsAttention)
	}).Return(nil).Maybe()
	var begun []string
	env.OnActivity(do.KeepRetention, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.Round) (steps.Kept, error) {
		begun = append(begun, in.After)
		if in.After == "" {
			return steps.Kept{Next: "cmp_1", Erased: 3, Told: 1}, nil
		}
		return steps.Kept{Erased: 1, Failed: 1, Why: "the mail server is down"}, nil
	})
	env.ExecuteWorkflow(contract.RetentionType)
	require.NoError(t, env.GetWorkflowError())
	var done Done
	require.NoError(t, env.GetWorkflowResult(&done))
	assert.Equal(t, Done{Erased: 4, Told: 1, Failed: 1}, done)
	assert.Equal(t, []string{"", "cmp_1"}, begun)
	assert.True(t, alarm)
}

func TestItIsLookedOnceANight(t *testing.T) {
	t.Parallel()
	assert.Len(t, Workflow{TimeScale: 1}.Schedule().Spec.Calendars, 1)
	assert.Equal(t, 5*time.Second, Workflow{TimeScale: 86400}.Schedule().Spec.Intervals[0].Every)
}

func TestNoArgumentOrResultIsABareString(t *testing.T) {
	t.Parallel()
	flowtest.NoBareStrings(t, map[string]any{contract.RetentionType: Workflow{}.Retention})
}
