package onboarding

import (
	"fmt"
	"time"

	steps "github.com/quittance/quittance/activities/onboarding"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// byBucket names the change with which payment services are looked after by buckets of companies. Before it each had schedules of its own.
const byBucket = "looked-after-by-bucket"

// HealthyBucket is what a day of a bucket came to.
type HealthyBucket struct {
	Looked int `json:"looked"` // at so many payment services
	Apart  int `json:"apart"`  // that got a look of their own, because the look failed at first
}

// HealthBucket looks at the terminals of a bucket of companies, some at a time and in the order of the companies. Only a look that fails is
// made again by a ServiceHealth of its own.
func (w Workflow) HealthBucket(ctx workflow.Context, in contract.LookAfterBucket) (all HealthyBucket, err error) {
	round := steps.HealthRound{LookAfterBucket: in}
	for more := true; more; {
		var out steps.HealthyRound
		err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Round, "Look at the terminals"), do.CheckBucket, round).Get(ctx, &out)
		if err != nil {
			return all, err
		}
		all = HealthyBucket{Looked: all.Looked + out.Looked, Apart: all.Apart + out.Apart}
		if more = out.Next != nil; more {
			round.After = *out.Next
		}
	}
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("**%d** payment services were looked at. **%d** are looked at again, because that failed.", all.Looked, all.Apart))
	return all, nil
}

// BucketSchedules are the Temporal Schedules of the daily look: from 06:10 in Zurich to 06:50, before payers are up.
func (w Workflow) BucketSchedules() []client.ScheduleOptions {
	return flow.BucketSchedules(w.TimeScale, flow.Daily{
		Hour: 6, Minute: 10, ID: contract.HealthBucketID, Workflow: contract.HealthBucketType, TaskQueue: contract.OnboardingQueue,
		Catchup: time.Hour, // a look that was missed is not made up for: the next day brings the next one
		Summary: "Daily look at the terminals",
		Details: "Sees whether the payment services of bucket %d of %d of the companies can still collect.",
	})
}

// plan has a payment service looked after every day. There is nothing to do for it since a bucket takes it in as soon as it is active.
func (o *onboarding) plan(ctx workflow.Context) error {
	o.planned = true
	if workflow.GetVersion(ctx, byBucket, workflow.DefaultVersion, 1) == 1 {
		return nil
	}
	return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Plan the nightly sweep and the daily look"), schedules.PlanDaily, o.ref()).Get(ctx, nil)
}

// endPlan ends what plan planned.
func (o *onboarding) endPlan(ctx workflow.Context) error {
	if workflow.GetVersion(ctx, byBucket, workflow.DefaultVersion, 1) == 1 {
		return nil
	}
	return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "End the nightly sweep and the daily look"), schedules.EndDaily, o.ref()).Get(ctx, nil)
}
