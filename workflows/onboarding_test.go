package workflows

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// joining is one Onboarding under test. Time skips; it starts on Monday 2 November 2026 at 10:00 in Zurich.
type joining struct {
	*testsuite.TestWorkflowEnvironment
	t            *testing.T
	scale        int64
	state        activities.Verification // what the record says
	contractedAt time.Time               // when the acquirer contracts payment methods; never when zero
	rejects      bool                    // Saferpay does not take the credentials
	looks        []time.Time
	swept        int // how often the nightly sweep was planned
}

var monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func onboard(t *testing.T, status merchant.ServiceStatus) *joining {
	t.Helper()
	return onboardAt(t, status, 1)
}

func onboardAt(t *testing.T, status merchant.ServiceStatus, scale int64) *joining {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	j := &joining{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, scale: scale,
		state: activities.Verification{Status: status, Canton: "VD"},
	}
	j.SetTestTimeout(20 * time.Second)
	j.SetStartTime(monday)
	Workflows{TimeScale: scale}.RegisterOnboarding(j)
	j.RegisterActivity(&activities.Merchants{})
	j.RegisterActivity(&activities.Schedules{})
	j.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Maybe()
	j.OnActivity(merchantsStep.RecordPaymentService, mock.Anything, mock.Anything).Return(func(context.Context, activities.Connect) (activities.Verification, error) {
		return j.state, nil
	})
	j.OnActivity(merchantsStep.SaveCredentials, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.SubmitCredentials) (activities.Verification, error) {
		if j.rejects {
			return activities.Verification{}, temporal.NewNonRetryableApplicationError("wrong", string(problem.CredentialsRejected), nil,
				[]problem.Field{{Name: "api_password", Message: "is wrong"}})
		}
		j.state.SubmittedAt, j.state.EarliestAt, j.state.DueAt = in.SubmittedAt, in.EarliestAt, in.DueAt
		return j.become(merchant.InVerification), nil
	}).Maybe()
	j.OnActivity(merchantsStep.CheckVerification, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.LookAtTerminal) (activities.Verification, error) {
		assert.WithinDuration(t, monday.Add(j.Now().Sub(monday)*time.Duration(j.scale)), in.At, time.Second)
		j.looks = append(j.looks, in.At)
		return j.become(j.state.Status), nil
	}).Maybe()
	j.OnActivity(schedulesStep.PlanSweep, mock.Anything, mock.Anything).Return(func(_ context.Context, ref activities.PaymentServiceRef) error {
		assert.Equal(t, activities.PaymentServiceRef{CompanyID: "cmp_1", PaymentServiceID: "psv_1"}, ref)
		j.swept++
		return nil
	}).Maybe()
	j.OnActivity(merchantsStep.RecordDecision, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.DecideVerification) (activities.Verification, error) {
		j.state.Status = map[bool]merchant.ServiceStatus{true: merchant.Active, false: merchant.Rejected}[in.Approved]
		return j.state, nil
	}).Maybe()
	return j
}

func (j *joining) become(status merchant.ServiceStatus) activities.Verification {
	j.state.Status = status
	if !j.contractedAt.IsZero() && !j.Now().Before(j.contractedAt) {
		j.state.Status = merchant.Active
	}
	return j.state
}

func (j *joining) submitsCredentials(after time.Duration) *answer[ServiceState] {
	a := &answer[ServiceState]{}
	j.RegisterDelayedCallback(func() {
		j.UpdateWorkflow(UpdateCredentials, "", callback(a), merchant.Credentials{CustomerID: "123123", TerminalID: "12345678", APIUsername: "API_1"})
	}, after)
	return a
}

func (j *joining) run() ServiceState {
	j.t.Helper()
	j.ExecuteWorkflow(OnboardingType, ConnectPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1", Environment: merchant.Test})
	require.True(j.t, j.IsWorkflowCompleted())
	require.NoError(j.t, j.GetWorkflowError())
	var out ServiceState
	require.NoError(j.t, j.GetWorkflowResult(&out))
	return out
}

func TestVerifiedAccountIsActiveAtOnce(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt = monday
	connect := &answer[Acknowledged]{}
	j.RegisterDelayedCallback(func() { j.UpdateWorkflow(UpdateConnect, "connect", callback(connect)) }, 0)
	submitted := j.submitsCredentials(time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	require.NoError(t, connect.err)
	assert.Equal(t, merchant.Active, submitted.value.Status)
	assert.Empty(t, j.looks)
	assert.Equal(t, 1, j.swept, "an active payment service is swept every night")
}

func TestTerminalIsLookedAtOnceABusinessDayFromTheThirdOn(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt = monday.AddDate(0, 0, 8) // Tuesday of the next week
	submitted := j.submitsCredentials(0)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, merchant.InVerification, submitted.value.Status)
	var days []string
	for _, look := range j.looks {
		days = append(days, look.Format("Mon 02"))
	}
	assert.Equal(t, []string{"Thu 05", "Fri 06", "Mon 09", "Tue 10"}, days)
}

func TestOverdueVerificationNeedsAttentionUntilAPersonDecides(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.submitsCredentials(0)
	decision := &answer[ServiceState]{}
	j.RegisterDelayedCallback(func() {
		j.UpdateWorkflow(UpdateDecide, "", callback(decision), Decision{Approved: false, Reason: "The papers never came."})
	}, 40*24*time.Hour)
	assert.Equal(t, merchant.Rejected, j.run().Status)
	require.NoError(t, decision.err)
	assert.Equal(t, merchant.Rejected, decision.value.Status)
	j.AssertCalled(t, "workflow.UpsertTypedSearchAttributes", temporal.NewSearchAttributes(NeedsAttention.ValueSet(true)))
	assert.GreaterOrEqual(t, len(j.looks), 25)
	assert.Zero(t, j.swept, "there is nothing to sweep")
}

func TestWrongCredentialsAreRefusedAndMayBeEnteredAgain(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.rejects, j.contractedAt = true, monday
	wrong := j.submitsCredentials(time.Hour)
	j.RegisterDelayedCallback(func() { j.rejects = false }, 2*time.Hour)
	right := j.submitsCredentials(3 * time.Hour)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, problem.CredentialsRejected, problem.CodeOf(wrong.err))
	var p *problem.Error
	require.ErrorAs(t, wrong.err, &p)
	assert.Equal(t, []problem.Field{{Name: "api_password", Message: "is wrong"}}, p.Fields)
	assert.Equal(t, merchant.Active, right.value.Status)
}

func TestNewCredentialsOfAnActiveServiceNeedNoVerification(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Active)
	j.contractedAt = monday
	renewed := j.submitsCredentials(0)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, merchant.Active, renewed.value.Status)
	assert.WithinDuration(t, monday, j.Now(), time.Minute)
}

func TestDaysPassInSecondsWhereTheTimeScaleSaysSo(t *testing.T) {
	t.Parallel()
	j := onboardAt(t, merchant.AwaitingCredentials, 86400)
	j.contractedAt = monday.Add(8 * time.Second)
	j.submitsCredentials(0)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.WithinDuration(t, monday.Add(8*time.Second), j.Now(), time.Second)
	assert.Len(t, j.looks, 4)
}
