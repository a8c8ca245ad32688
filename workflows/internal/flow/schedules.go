package flow

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/workflows/contract"
)

const (
	// bucketsTake is from when the first bucket of companies has its turn until the last one has, so that they don't meet at Saferpay.
	bucketsTake = 40 * time.Minute
	// shortestDay is how often what is daily happens at most, however fast days pass.
	shortestDay = 5 * time.Second
)

// Daily is what happens once a day for every bucket of companies, from that time in Zurich on.
type Daily struct {
	Hour, Minute        int
	ID                  func(bucket int) string
	Workflow, TaskQueue string
	Catchup             time.Duration // for how long what was missed is made up for
	Summary, Details    string        // the details with the bucket and the number of buckets
}

// BucketSchedules are the Temporal Schedules of what is daily, one for each bucket.
func BucketSchedules(timeScale int64, d Daily) (all []client.ScheduleOptions) {
	buckets := contract.Buckets(timeScale)
	for n := range buckets {
		after := bucketsTake * time.Duration(n) / time.Duration(buckets)
		all = append(all, client.ScheduleOptions{
			ID: d.ID(n), Spec: EveryDay(timeScale, time.Duration(d.Hour)*time.Hour+time.Duration(d.Minute)*time.Minute+after), CatchupWindow: d.Catchup,
			Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
			Action: &client.ScheduleWorkflowAction{
				ID: d.ID(n), Workflow: d.Workflow, TaskQueue: d.TaskQueue, Args: []any{contract.LookAfterBucket{Bucket: n, Buckets: buckets}},
				Priority:      temporal.Priority{PriorityKey: contract.ForUpkeep},
				StaticSummary: d.Summary, StaticDetails: fmt.Sprintf(d.Details, n, buckets),
				TypedSearchAttributes: temporal.NewSearchAttributes(contract.NeedsAttention.ValueSet(false)),
			},
		})
	}
	return all
}

// EveryDay is once a day at so long after midnight in Zurich by the clock.
func EveryDay(timeScale int64, at time.Duration) client.ScheduleSpec {
	if timeScale > 1 {
		return client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: max(24*time.Hour/time.Duration(timeScale), shortestDay)}}}
	}
	only := func(n time.Duration) []client.ScheduleRange { return []client.ScheduleRange{{Start: int(n)}} }
	return client.ScheduleSpec{
		Calendars: []client.ScheduleCalendarSpec{{
			Hour: only(at / time.Hour), Minute: only(at % time.Hour / time.Minute), Second: only(at % time.Minute / time.Second),
		}},
		TimeZoneName: calendar.Zurich.String(),
	}
}
