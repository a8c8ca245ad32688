package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/calendar"
)

const (
	// sweepJitter spreads the sweeps of all payment services, so that they don't meet at Saferpay.
	sweepJitter = 40 * time.Minute
	// shortestNight is how often a payment service is swept at most, however fast days pass.
	shortestNight = 5 * time.Second
)

// SweepSchedule is the Temporal Schedule of the nightly sweep of a payment service: from 03:17 in Zurich, when the report of the
// day before is complete.
func (w Workflows) SweepSchedule(ref activities.PaymentServiceRef) client.ScheduleOptions {
	spec := client.ScheduleSpec{
		Calendars:    []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: 3}}, Minute: []client.ScheduleRange{{Start: 17}}}},
		TimeZoneName: calendar.Zurich.String(),
		Jitter:       sweepJitter,
	}
	if w.TimeScale > 1 {
		spec = client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: max(24*time.Hour/time.Duration(w.TimeScale), shortestNight)}}}
	}
	return client.ScheduleOptions{
		ID:            SweepID(ref.PaymentServiceID),
		Spec:          spec,
		CatchupWindow: 24 * time.Hour, // a sweep reads what earlier ones missed, so that one makes up for all
		Action: &client.ScheduleWorkflowAction{
			ID:            SweepID(ref.PaymentServiceID),
			Workflow:      NightlySweepType,
			TaskQueue:     PaymentsQueue,
			Args:          []any{SweepPaymentService{CompanyID: ref.CompanyID, PaymentServiceID: ref.PaymentServiceID}},
			StaticSummary: "Saferpay's report against our records",
			StaticDetails: fmt.Sprintf("Compares what Saferpay reports on payment service `%s` of company `%s` with what is recorded here.", ref.PaymentServiceID, ref.CompanyID),
			TypedSearchAttributes: temporal.NewSearchAttributes(
				CompanyID.ValueSet(ref.CompanyID), PaymentServiceID.ValueSet(ref.PaymentServiceID), NeedsAttention.ValueSet(false)),
		},
	}
}

var schedulesStep *activities.Schedules

// plan has a payment service swept every night.
func (o *onboarding) plan(ctx workflow.Context) error {
	o.planned = true
	return workflow.ExecuteActivity(with(ctx, books, "Plan the nightly sweep"), schedulesStep.PlanSweep, o.ref()).Get(ctx, nil)
}
