package reconciliation

import (
	"context"
	"errors"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/reconciliation"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/contract"
)

// bucketAt is one SweepBucket under test, in the night to Wednesday 25 November 2026.
func bucketAt(t *testing.T, answer func(n int) (steps.SweptRound, error)) (env *testsuite.TestWorkflowEnvironment, asked *[]steps.SweepRound) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env, asked = suite.NewTestWorkflowEnvironment(), &[]steps.SweepRound{}
	env.SetStartTime(night)
	register(env, 1)
	env.RegisterActivity(&steps.Activities{})
	env.OnActivity(do.SweepIdle, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.SweepRound) (steps.SweptRound, error) {
		*asked = append(*asked, in)
		return answer(len(*asked))
	})
	env.ExecuteWorkflow(contract.SweepBucketType, contract.LookAfterBucket{Bucket: 7, Buckets: 32})
	require.True(t, env.IsWorkflowCompleted())
	return env, asked
}

func TestABucketIsSweptRoundByRound(t *testing.T) {
	t.Parallel()
	last := merchant.Upkept{CompanyID: "cmp_1", PaymentServiceID: "psv_1"}
	env, asked := bucketAt(t, func(n int) (steps.SweptRound, error) {
		if n == 1 {
			return steps.SweptRound{Swept: 990, Begun: 9, Apart: 1, Next: &last}, nil
		}
		return steps.SweptRound{Swept: 2}, nil
	})
	require.NoError(t, env.GetWorkflowError())
	var all SweptBucket
	require.NoError(t, env.GetWorkflowResult(&all))
	assert.Equal(t, SweptBucket{Swept: 992, Begun: 9, Apart: 1}, all)
	require.Len(t, *asked, 2)
	for i, after := range []merchant.Upkept{{}, last} {
		round := (*asked)[i]
		assert.Equal(t, []any{after, 7, 32, night, time.Date(2026, 11, 24, 22, 59, 0, 0, time.UTC)},
			[]any{round.After, round.Bucket, round.Buckets, round.Began.UTC(), round.Until.UTC()}, "the report ends at 23:59 in Zurich")
	}
}

func TestABucketWaitsOutAnOutageAndFailsInTheEnd(t *testing.T) {
	t.Parallel()
	down := errors.New("it failed for 21 of 30 companies")
	env, asked := bucketAt(t, func(n int) (steps.SweptRound, error) {
		if n < 9 {
			return steps.SweptRound{}, down
		}
		return steps.SweptRound{Swept: 1}, nil
	})
	require.NoError(t, env.GetWorkflowError())
	assert.Len(t, *asked, 9)
	assert.Greater(t, env.Now().Sub(night), 8*time.Minute, "in between Saferpay has time to come back")

	env, _ = bucketAt(t, func(int) (steps.SweptRound, error) { return steps.SweptRound{}, down })
	require.Error(t, env.GetWorkflowError(), "so that SweepFailed fires")
	assert.Less(t, env.Now().Sub(night), 2*time.Hour)
}

func TestSweepsBeginAfterThreeInTheMorningInZurich(t *testing.T) {
	t.Parallel()
	all := Workflow{TimeScale: 1}.BucketSchedules()
	require.Len(t, all, 32)
	at := func(hour, minute, second int) client.ScheduleSpec {
		return client.ScheduleSpec{TimeZoneName: "Europe/Zurich", Calendars: []client.ScheduleCalendarSpec{{
			Hour: []client.ScheduleRange{{Start: hour}}, Minute: []client.ScheduleRange{{Start: minute}}, Second: []client.ScheduleRange{{Start: second}},
		}}}
	}
	assert.Equal(t, []any{"sweep/bucket-00", at(3, 17, 0), 24 * time.Hour}, []any{all[0].ID, all[0].Spec, all[0].CatchupWindow})
	assert.Equal(t, []any{"sweep/bucket-31", at(3, 55, 45)}, []any{all[31].ID, all[31].Spec})
	action := all[31].Action.(*client.ScheduleWorkflowAction)
	assert.Equal(t, []any{contract.LookAfterBucket{Bucket: 31, Buckets: 32}}, action.Args)
	assert.Equal(t, temporal.Priority{PriorityKey: contract.ForUpkeep}, action.Priority)
	for scale, every := range map[int64]time.Duration{3600: 24 * time.Second, 86400: 5 * time.Second} {
		spec := Workflow{TimeScale: scale}.BucketSchedules()[0].Spec
		assert.Equal(t, []client.ScheduleIntervalSpec{{Every: every}}, spec.Intervals)
		assert.Empty(t, spec.Calendars)
	}
}
