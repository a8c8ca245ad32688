package gate

import (
	"context"
	"errors"
	"testing"

	steps "github.com/quittance/quittance/activities/gate"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func pass(t *testing.T, failing string) (tried []string, err error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(Workflow{}.Gate, workflow.RegisterOptions{Name: contract.GateType})
	env.RegisterActivity(&steps.Activities{})
	env.OnActivity(do.TryParts, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.Try) (steps.Tried, error) {
		if in.Step == failing {
			return steps.Tried{}, errors.New("the schema is of another version")
		}
		tried = append(tried, in.Step)
		return steps.Tried{}, nil
	})
	env.SetOnTimerFiredListener(func(string) { tried = append(tried, "a wait") })
	env.ExecuteWorkflow(contract.GateType)
	require.True(t, env.IsWorkflowCompleted())
	return tried, env.GetWorkflowError()
}

func TestAVersionTriesWhatPaymentsDo(t *testing.T) {
	t.Parallel()
	tried, err := pass(t, "")
	require.NoError(t, err)
	assert.Equal(t, []string{"in the workflow task", "a wait", "from the task queue"}, tried)
}

func TestAVersionThatCannotWorkDoesNotPass(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"in the workflow task", "from the task queue"} {
		_, err := pass(t, step)
		assert.ErrorContains(t, err, "the schema is of another version", step)
	}
}

func TestNoArgumentOrResultIsABareString(t *testing.T) {
	t.Parallel()
	flowtest.NoBareStrings(t, map[string]any{contract.GateType: Workflow{}.Gate})
}
