package contract

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// Buckets returns into how many buckets the companies are divided for what is done for all of them every day. There are so many schedules
// of each kind, however many companies there are. In a local stack, where days are short, two are enough.
func Buckets(timeScale int64) int {
	if timeScale > 1 {
		return 2
	}
	return 32
}

// What failed for one company is repeated for it alone: after half an hour and after an hour more.
const (
	upkeepAgainAfter = 30 * time.Minute
	upkeepAttempts   = 3
)

// upkeep are the options of the workflow that looks after one payment service once. One that is in flight is left alone.
func (c Commands) upkeep(workflowID, queue, companyID, paymentServiceID, summary, details string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: workflowID, TaskQueue: queue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: upkeepAgainAfter / time.Duration(max(c.TimeScale, 1)), BackoffCoefficient: 2, MaximumAttempts: upkeepAttempts,
		},
		Priority: PriorityOf(companyID, ForUpkeep), StaticSummary: summary,
		StaticDetails:         c.details(paymentServiceID, details, paymentServiceID, companyID),
		TypedSearchAttributes: temporal.NewSearchAttributes(CompanyID.ValueSet(companyID), PaymentServiceID.ValueSet(paymentServiceID), NeedsAttention.ValueSet(false)),
	}
}

// Sweep compares Saferpay's report on a payment service with our records, unless that is in flight, and returns at once.
func (c Commands) Sweep(ctx context.Context, in SweepPaymentService) error {
	_, err := c.Temporal.ExecuteWorkflow(ctx, c.upkeep(SweepID(in.PaymentServiceID), PaymentsQueue, in.CompanyID, in.PaymentServiceID,
		"Saferpay's report against our records", "Compares what Saferpay reports on payment service `%s` of company `%s` with what is recorded here."), NightlySweepType, in)
	return Problem(err)
}

// CheckHealth looks whether a payment service can still collect, unless that is in flight, and returns at once.
func (c Commands) CheckHealth(ctx context.Context, in CheckPaymentService) error {
	_, err := c.Temporal.ExecuteWorkflow(ctx, c.upkeep(HealthID(in.PaymentServiceID), OnboardingQueue, in.CompanyID, in.PaymentServiceID,
		"Daily look at the terminal", "Sees whether payment service `%s` of company `%s` can still collect."), ServiceHealthType, in)
	return Problem(err)
}
