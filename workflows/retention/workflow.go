// Package retention erases what companies keep long enough, and tells them before.
package retention

import (
	"fmt"
	"time"

	steps "github.com/quittance/quittance/activities/retention"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// Workflow is the room's process with its one setting. TimeScale is how many seconds of a long wait pass in one second: 1 except in a
// local stack.
type Workflow struct{ TimeScale int64 }

// Done is what one night did over all companies.
type Done struct {
	Erased int `json:"erased"` // customers
	Told   int `json:"told"`   // companies
	Failed int `json:"failed"` // companies
}

var do *steps.Activities

// Retention looks at all companies, some at a time. What failed is done the next night.
func (w Workflow) Retention(ctx workflow.Context) (done Done, err error) {
	why := ""
	for round, more := (steps.Round{}), true; more; {
		var out steps.Kept
		err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.File, "Keep the retention of companies"), do.KeepRetention, round).Get(ctx, &out)
		if err != nil {
			return done, err
		}
		done.Erased, done.Told, done.Failed = done.Erased+out.Erased, done.Told+out.Told, done.Failed+out.Failed
		if out.Why != "" {
			why = "\n\nThe last that failed: " + out.Why
		}
		round.After, more = out.Next, out.Next != ""
	}
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("**%d** customers were erased, **%d** companies were told, **%d** are looked at again the next night.%s",
		done.Erased, done.Told, done.Failed, why))
	if done.Failed > 0 {
		flow.Upsert(ctx, contract.NeedsAttention.ValueSet(true))
	}
	return done, nil
}

// Schedule is the Temporal Schedule that has it looked every night, for all companies: from 02:40 in Zurich.
func (w Workflow) Schedule() client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:            contract.RetentionID,
		Spec:          flow.EveryDay(w.TimeScale, 2*time.Hour+40*time.Minute),
		CatchupWindow: time.Hour, // the next night makes up for one that was missed
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		Action: &client.ScheduleWorkflowAction{
			ID:                    contract.RetentionID,
			Workflow:              contract.RetentionType,
			TaskQueue:             contract.PaymentsQueue,
			StaticSummary:         "What is kept long enough",
			StaticDetails:         "Erases the customers whom companies keep long enough, see `retention` of their settings, and tells companies before the first time.",
			TypedSearchAttributes: temporal.NewSearchAttributes(contract.NeedsAttention.ValueSet(false)),
		},
	}
}
