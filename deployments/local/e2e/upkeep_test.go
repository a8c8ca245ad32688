package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/deployments/local/actions"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/workflows/contract"
)

// A whole day of upkeep on the real server, with all 32 buckets, and companies that nobody pays.
func TestIdleCompaniesCostTemporalNothing(t *testing.T) {
	t.Parallel()
	s := startStack(t, ownOptions(t))
	temporal := commander(t, s)
	var services []string
	idle := func(n int) {
		for range n {
			c := newCompany(t, s)
			services = append(services, c.connect(newAccount(t, s)).ID)
		}
	}
	idle(3)
	keepHistory(t, s, contract.OnboardingID(services[0]), "onboarding-looked-after-by-a-bucket")
	schedules := temporal.ScheduleClient()
	last := map[string]client.ScheduleWorkflowExecution{}
	day := func() (all int) {
		for bucket := range contract.Buckets(1) {
			for _, id := range []string{contract.SweepBucketID(bucket), contract.HealthBucketID(bucket)} {
				require.NoError(t, schedules.GetHandle(t.Context(), id).Trigger(t.Context(), client.ScheduleTriggerOptions{}))
			}
		}
		for bucket := range contract.Buckets(1) {
			for _, id := range []string{contract.SweepBucketID(bucket), contract.HealthBucketID(bucket)} {
				run := await(t, patience, func() (run client.ScheduleWorkflowExecution) {
					described, err := schedules.GetHandle(t.Context(), id).Describe(t.Context())
					require.NoError(t, err)
					if recent := described.Info.RecentActions; len(recent) > 0 && len(described.Info.RunningWorkflows) == 0 {
						run = *recent[len(recent)-1].StartWorkflowResult
					}
					return run
				}, func(run client.ScheduleWorkflowExecution) bool { return run != last[id] })
				last[id] = run
				require.NoError(t, temporal.GetWorkflow(t.Context(), run.WorkflowID, "").Get(t.Context(), nil))
				all += actions.Of(historyOf(t, temporal, run.WorkflowID))
			}
		}
		return all
	}

	// An older worker that runs beside plans for each payment service alone.
	for _, service := range services {
		for _, id := range []string{contract.SweepID(service), contract.HealthID(service)} {
			_, err := schedules.Create(t.Context(), client.ScheduleOptions{
				ID: id, Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: 24 * time.Hour}}},
				Action: &client.ScheduleWorkflowAction{ID: id, Workflow: contract.NightlySweepType, TaskQueue: contract.PaymentsQueue},
			})
			require.NoError(t, err)
		}
	}
	left := await(t, time.Minute, func() (left []string) {
		all, err := schedules.List(t.Context(), client.ScheduleListOptions{})
		require.NoError(t, err)
		for all.HasNext() {
			schedule, err := all.Next()
			require.NoError(t, err)
			left = append(left, schedule.ID)
		}
		return left
	}, func(left []string) bool {
		return len(left) == 2*contract.Buckets(1)+1 && !slices.ContainsFunc(left, func(id string) bool { return strings.Contains(id, "psv_") })
	})
	assert.Contains(t, left, contract.RetentionID)

	const each = 2 + 1 + 1 // the schedule's start, the workflow, its only round
	assert.Equal(t, each*2*contract.Buckets(1), day())
	idle(9)
	assert.Equal(t, each*2*contract.Buckets(1), day(), "with four times as many companies")
	alone := fmt.Sprintf("WorkflowType IN ('%s', '%s')", contract.NightlySweepType, contract.ServiceHealthType)
	assert.Empty(t, listWorkflows(t, temporal, alone))
	store, err := postgres.Open(t.Context(), s.DatabaseURL())
	require.NoError(t, err)
	t.Cleanup(store.Close)
	all, err := store.Upkeep(t.Context(), merchant.Shift{Buckets: 1, Statuses: []merchant.ServiceStatus{merchant.Active}, BusySince: time.Now(), Most: 100})
	require.NoError(t, err)
	assert.Len(t, all, len(services))
	for _, service := range all {
		assert.False(t, service.Busy)
		assert.NotZero(t, service.SweptUntil, "its report was compared nevertheless")
	}
}
