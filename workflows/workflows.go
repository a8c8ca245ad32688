package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/problem"
)

// Workflows are the processes with their one setting. TimeScale is how many seconds of a long wait pass in one second:
// 1 except in a local stack. It bends only how long timers run, so a history replays under any scale.
type Workflows struct{ TimeScale int64 }

// RegisterPayments registers what runs on PaymentsQueue.
func (w Workflows) RegisterPayments(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(w.InvoicePayment, workflow.RegisterOptions{Name: InvoicePaymentType, VersioningBehavior: workflow.VersioningBehaviorPinned})
	r.RegisterWorkflowWithOptions(w.Refund, workflow.RegisterOptions{Name: RefundType, VersioningBehavior: workflow.VersioningBehaviorPinned})
	r.RegisterWorkflowWithOptions(w.NightlySweep, workflow.RegisterOptions{Name: NightlySweepType, VersioningBehavior: workflow.VersioningBehaviorPinned})
	r.RegisterWorkflowWithOptions(w.Finding, workflow.RegisterOptions{Name: FindingType, VersioningBehavior: workflow.VersioningBehaviorPinned})
}

// RegisterOnboarding registers what runs on OnboardingQueue.
func (w Workflows) RegisterOnboarding(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(w.Onboarding, workflow.RegisterOptions{Name: OnboardingType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(w.CurrencyActivation, workflow.RegisterOptions{Name: CurrencyActivationType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	r.RegisterWorkflowWithOptions(w.ServiceHealth, workflow.RegisterOptions{Name: ServiceHealthType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
}

// RegisterWebhooks registers what runs on WebhooksQueue.
func (w Workflows) RegisterWebhooks(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(w.EventDelivery, workflow.RegisterOptions{Name: EventDeliveryType, VersioningBehavior: workflow.VersioningBehaviorPinned})
}

// clock is the time of a process in which days may pass faster than outside.
type clock struct {
	epoch time.Time // when the process began, in both times
	scale int64
}

func (w Workflows) clock(ctx workflow.Context) clock {
	return clock{epoch: workflow.GetInfo(ctx).WorkflowStartTime, scale: max(w.TimeScale, 1)}
}

// now is the time of the process.
func (c clock) now(ctx workflow.Context) time.Time {
	return c.epoch.Add(workflow.Now(ctx).Sub(c.epoch) * time.Duration(c.scale))
}

// until is how long a timer must run until t, a time of the process, is reached: it never rings too early.
func (c clock) until(ctx workflow.Context, t time.Time) time.Duration {
	return c.shorten(t.Sub(c.now(ctx))) + 1
}

// shorten turns a span of the process into one of a timer.
func (c clock) shorten(d time.Duration) time.Duration { return d / time.Duration(c.scale) }

// refusal returns the problem with which an activity said no, in the form in which it leaves a workflow; nil when err is
// nil or something else.
func refusal(err error) error {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && app.Type() != "" && app.NonRetryable() {
		return app
	}
	return nil
}

// cause is what went wrong, without the names that Temporal wraps around it.
func cause(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Message()
	}
	return err.Error()
}

// refuse is the form in which a problem leaves a workflow; Problem reads it again.
func refuse(p *problem.Error) error {
	return temporal.NewNonRetryableApplicationError(p.Detail, string(p.Code), nil, p.Fields)
}

// upsert sets search attributes; without any it does nothing.
func upsert(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) {
	if len(updates) == 0 {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("The search attributes could not be set.", "error", err)
	}
}
