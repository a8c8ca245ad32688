package onboarding

import (
	"errors"
	"testing"

	steps "github.com/quittance/quittance/activities/onboarding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/contract"
)

// dayAt runs the look of one day, which finds that.
func dayAt(t *testing.T, found steps.Verification, err error) (env *testsuite.TestWorkflowEnvironment, passedOn int) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env = suite.NewTestWorkflowEnvironment()
	register(env, 1)
	env.RegisterActivity(&steps.Activities{})
	ref := activities.PaymentServiceRef{CompanyID: "cmp_1", PaymentServiceID: "psv_1"}
	env.OnActivity(do.CheckHealth, mock.Anything, ref).Return(found, err)
	env.OnActivity(do.PassOn, mock.Anything, ref).Run(func(mock.Arguments) { passedOn++ }).Return(nil).Maybe()
	env.ExecuteWorkflow(contract.ServiceHealthType, contract.CheckPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1"})
	require.True(t, env.IsWorkflowCompleted())
	return env, passedOn
}

func TestHealthyServiceIsNoNews(t *testing.T) {
	t.Parallel()
	env, passedOn := dayAt(t, steps.Verification{Status: merchant.Active}, nil)
	require.NoError(t, env.GetWorkflowError())
	assert.Zero(t, passedOn)
}

func TestWhatTheDailyLookFoundIsPassedOn(t *testing.T) {
	t.Parallel()
	env, passedOn := dayAt(t, steps.Verification{Status: merchant.Suspended, PendingMails: []merchant.Letter{{What: merchant.ContractsLost}}}, nil)
	require.NoError(t, env.GetWorkflowError())
	assert.Equal(t, 1, passedOn)
}

func TestDailyLookThatFailsWaitsForTheNextDay(t *testing.T) {
	t.Parallel()
	env, passedOn := dayAt(t, steps.Verification{}, errors.New("Saferpay is down"))
	require.Error(t, env.GetWorkflowError())
	assert.Zero(t, passedOn)
}
