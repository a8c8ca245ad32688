package onboarding

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

const (
	// dailyJitter spreads what happens for all payment services, so that they don't meet at Saferpay.
	dailyJitter = 40 * time.Minute
	// shortestDay is how often a payment service is looked after at most, however fast days pass.
	shortestDay = 5 * time.Second
)

// SweepSchedule is the Temporal Schedule of the nightly sweep of a payment service: from 03:17 in Zurich, when the report of the
// day before is complete.
func (w Workflow) SweepSchedule(ref activities.PaymentServiceRef) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:            contract.SweepID(ref.PaymentServiceID),
		Spec:          w.daily(3, 17),
		CatchupWindow: 24 * time.Hour, // a sweep reads what earlier ones missed, so that one makes up for all
		Action: &client.ScheduleWorkflowAction{
			ID:            contract.SweepID(ref.PaymentServiceID),
			Workflow:      contract.NightlySweepType,
			TaskQueue:     contract.PaymentsQueue,
			Priority:      contract.PriorityOf(ref.CompanyID, contract.ForUpkeep),
			Args:          []any{contract.SweepPaymentService{CompanyID: ref.CompanyID, PaymentServiceID: ref.PaymentServiceID}},
			StaticSummary: "Saferpay's report against our records",
			StaticDetails: fmt.Sprintf("Compares what Saferpay reports on payment service `%s` of company `%s` with what is recorded here.", ref.PaymentServiceID, ref.CompanyID),
			TypedSearchAttributes: temporal.NewSearchAttributes(
				contract.CompanyID.ValueSet(ref.CompanyID), contract.PaymentServiceID.ValueSet(ref.PaymentServiceID), contract.NeedsAttention.ValueSet(false)),
		},
	}
}

// HealthSchedule is the Temporal Schedule of the daily look at a payment service: from 06:10 in Zurich, before payers are up.
func (w Workflow) HealthSchedule(ref activities.PaymentServiceRef) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:            contract.HealthID(ref.PaymentServiceID),
		Spec:          w.daily(6, 10),
		CatchupWindow: time.Hour, // a look that was missed is not made up for: the next day brings the next one
		Action: &client.ScheduleWorkflowAction{
			ID:            contract.HealthID(ref.PaymentServiceID),
			Workflow:      contract.ServiceHealthType,
			TaskQueue:     contract.OnboardingQueue,
			Priority:      contract.PriorityOf(ref.CompanyID, contract.ForUpkeep),
			Args:          []any{contract.CheckPaymentService{CompanyID: ref.CompanyID, PaymentServiceID: ref.PaymentServiceID}},
			StaticSummary: "Daily look at the terminal",
			StaticDetails: fmt.Sprintf("Sees whether payment service `%s` of company `%s` can still collect.", ref.PaymentServiceID, ref.CompanyID),
			TypedSearchAttributes: temporal.NewSearchAttributes(
				contract.CompanyID.ValueSet(ref.CompanyID), contract.PaymentServiceID.ValueSet(ref.PaymentServiceID), contract.NeedsAttention.ValueSet(false)),
		},
	}
}

// DailySchedules are all that a payment service that collects needs.
func (w Workflow) DailySchedules(ref activities.PaymentServiceRef) []client.ScheduleOptions {
	return []client.ScheduleOptions{w.SweepSchedule(ref), w.HealthSchedule(ref)}
}

// daily is once a day at that time in Zurich, or in a little while after it.
func (w Workflow) daily(hour, minute int) client.ScheduleSpec {
	if w.TimeScale > 1 {
		return client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: max(24*time.Hour/time.Duration(w.TimeScale), shortestDay)}}}
	}
	return client.ScheduleSpec{
		Calendars:    []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: hour}}, Minute: []client.ScheduleRange{{Start: minute}}}},
		TimeZoneName: calendar.Zurich.String(),
		Jitter:       dailyJitter,
	}
}

// plan has a payment service looked after every day.
func (o *onboarding) plan(ctx workflow.Context) error {
	o.planned = true
	return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Plan the nightly sweep and the daily look"), schedules.PlanDaily, o.ref()).Get(ctx, nil)
}
