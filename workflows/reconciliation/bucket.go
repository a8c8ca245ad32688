package reconciliation

import (
	"fmt"
	"time"

	steps "github.com/quittance/quittance/activities/reconciliation"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// SweptBucket is what a night of a bucket came to.
type SweptBucket struct {
	Swept int `json:"swept"` // payment services where nothing is to be done
	Begun int `json:"begun"` // that got a sweep of their own
	Apart int `json:"apart"` // the same, because the comparison failed at first
}

// SweepBucket compares, for a bucket of companies, Saferpay's reports with our records, some payment services at a time and in the order of
// the companies. Only where something is to be done a NightlySweep begins, and only there a company that fails is tried again.
func (w Workflow) SweepBucket(ctx workflow.Context, in contract.LookAfterBucket) (all SweptBucket, err error) {
	clock := flow.NewClock(ctx, w.TimeScale)
	round := steps.SweepRound{LookAfterBucket: in, Began: workflow.Now(ctx), Until: endOfReport(workflow.Now(ctx), clock), Lag: clock.Shorten(flow.InquireLag)}
	for more := true; more; {
		var out steps.SweptRound
		err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Round, "Compare Saferpay's reports"), do.SweepIdle, round).Get(ctx, &out)
		if err != nil {
			return all, err
		}
		all = SweptBucket{Swept: all.Swept + out.Swept, Begun: all.Begun + out.Begun, Apart: all.Apart + out.Apart}
		if more = out.Next != nil; more {
			round.After = *out.Next
		}
	}
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("Nothing was to be done for **%d** payment services. **%d** got a sweep of their own, and **%d** because the comparison failed.",
		all.Swept, all.Begun, all.Apart))
	return all, nil
}

// BucketSchedules are the Temporal Schedules of the nightly sweeps: from 03:17 in Zurich, when the report of the day before is complete, to
// 03:57.
func (w Workflow) BucketSchedules() []client.ScheduleOptions {
	return flow.BucketSchedules(w.TimeScale, flow.Daily{
		Hour: 3, Minute: 17, ID: contract.SweepBucketID, Workflow: contract.SweepBucketType, TaskQueue: contract.PaymentsQueue,
		Catchup: 24 * time.Hour, // a sweep reads what earlier ones missed, so that one makes up for all
		Summary: "Saferpay's reports against our records",
		Details: "Compares what Saferpay reports with what is recorded here, for the payment services of bucket %d of %d of the companies.",
	})
}
