package onboarding

import (
	"context"
	"errors"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/onboarding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/contract"
)

func TestServicesAreLookedAtBeforePayersAreUp(t *testing.T) {
	t.Parallel()
	all := Workflow{TimeScale: 1}.BucketSchedules()
	require.Len(t, all, contract.Buckets(1))
	at := func(hour, minute, second int) client.ScheduleSpec {
		return client.ScheduleSpec{TimeZoneName: "Europe/Zurich", Calendars: []client.ScheduleCalendarSpec{{
			Hour: []client.ScheduleRange{{Start: hour}}, Minute: []client.ScheduleRange{{Start: minute}}, Second: []client.ScheduleRange{{Start: second}},
		}}}
	}
	assert.Equal(t, []any{"health/bucket-00", at(6, 10, 0)}, []any{all[0].ID, all[0].Spec})
	assert.Equal(t, []any{"health/bucket-31", at(6, 48, 45)}, []any{all[31].ID, all[31].Spec}, "the last bucket, with 75 seconds between each and the next")
	assert.Equal(t, []client.ScheduleIntervalSpec{{Every: 24 * time.Second}}, Workflow{TimeScale: 3600}.BucketSchedules()[0].Spec.Intervals)
}

func TestABucketIsLookedAtRoundByRound(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	register(env, 1)
	env.RegisterActivity(&steps.Activities{})
	var asked []steps.HealthRound
	first := merchant.Upkept{CompanyID: "cmp_1", PaymentServiceID: "psv_1"}
	env.OnActivity(do.CheckBucket, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.HealthRound) (steps.HealthyRound, error) {
		switch asked = append(asked, in); len(asked) {
		case 1:
			return steps.HealthyRound{}, errors.New("the database restarts")
		case 2:
			return steps.HealthyRound{Looked: 999, Apart: 1, Next: &first}, nil
		default:
			return steps.HealthyRound{Looked: 3}, nil
		}
	})
	bucket := contract.LookAfterBucket{Bucket: 7, Buckets: 32}
	env.ExecuteWorkflow(contract.HealthBucketType, bucket)
	require.NoError(t, env.GetWorkflowError())
	var all HealthyBucket
	require.NoError(t, env.GetWorkflowResult(&all))
	assert.Equal(t, HealthyBucket{Looked: 1002, Apart: 1}, all)
	assert.Equal(t, []steps.HealthRound{{LookAfterBucket: bucket}, {LookAfterBucket: bucket}, {LookAfterBucket: bucket, After: first}}, asked)
}
