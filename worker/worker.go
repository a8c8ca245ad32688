// Package worker puts workflows and activities on their task queues.
package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/workflows/collection"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/delivery"
	"github.com/quittance/quittance/workflows/onboarding"
	"github.com/quittance/quittance/workflows/reconciliation"
	"github.com/quittance/quittance/workflows/refunding"
)

// shutdown is how long running activities get to finish when the worker stops. A call to Saferpay that takes longer is
// run again by another worker, and finds out what the first one did.
const shutdown = 10 * time.Second

// Options say which code this is and how fast its days pass.
type Options struct {
	DeploymentName string // of all versions of the worker together
	BuildID        string // of this version; empty: the worker is not versioned
	TimeScale      int64  // 1 except in a local stack
}

// Activities are the steps, ready to run.
type Activities struct {
	Books     *activities.Books
	Saferpay  *activities.Saferpay
	Merchants *activities.Merchants
	Mail      *activities.Mail
	Schedules *activities.Schedules
	Webhooks  *activities.Webhooks
}

// Run works until ctx ends, then lets running activities finish for a moment. The error says which task queue could not
// be served.
func Run(ctx context.Context, c client.Client, a Activities, o Options) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	payments := worker.New(c, contract.PaymentsQueue, o.worker(stop))
	RegisterPayments(payments, o.TimeScale)
	payments.RegisterActivity(a.Books)
	payments.RegisterActivity(a.Saferpay)
	payments.RegisterActivity(a.Mail)

	services := worker.New(c, contract.OnboardingQueue, o.worker(stop))
	RegisterOnboarding(services, o.TimeScale)
	services.RegisterActivity(a.Merchants)
	services.RegisterActivity(a.Schedules)
	services.RegisterActivity(a.Mail)

	webhooks := worker.New(c, contract.WebhooksQueue, o.worker(stop))
	RegisterWebhooks(webhooks, o.TimeScale)
	webhooks.RegisterActivity(a.Webhooks)
	webhooks.RegisterActivity(a.Mail)

	for queue, w := range map[string]worker.Worker{
		contract.PaymentsQueue: payments, contract.OnboardingQueue: services, contract.WebhooksQueue: webhooks,
	} {
		if err := w.Start(); err != nil {
			return fmt.Errorf("serve the task queue %s: %w", queue, err)
		}
		defer w.Stop()
	}
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return fmt.Errorf("the worker can't go on: %w", cause)
	}
	return nil
}

// worker are the options of a worker that ends the process with fatal when it can't go on, instead of looking healthy.
func (o Options) worker(fatal func(error)) worker.Options {
	options := worker.Options{
		OnFatalError: fatal,
		// the outermost first: an error is mapped before the SDK sees it
		Interceptors:      []interceptor.WorkerInterceptor{&activities.Errors{TimeScale: o.TimeScale}, &activities.Heartbeats{}},
		WorkerStopTimeout: shutdown,
	}
	if o.BuildID != "" {
		options.DeploymentOptions = worker.DeploymentOptions{
			UseVersioning:             true,
			Version:                   worker.WorkerDeploymentVersion{DeploymentName: o.DeploymentName, BuildID: o.BuildID},
			DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
		}
	}
	return options
}

// RegisterPayments registers the workflows of contract.PaymentsQueue. Each ends under the version of the worker that began it.
func RegisterPayments(r worker.WorkflowRegistry, timeScale int64) {
	pinned(r, contract.InvoicePaymentType, collection.Workflow{TimeScale: timeScale}.InvoicePayment)
	pinned(r, contract.RefundType, refunding.Workflow{TimeScale: timeScale}.Refund)
	pinned(r, contract.NightlySweepType, reconciliation.Workflow{TimeScale: timeScale}.NightlySweep)
	pinned(r, contract.FindingType, reconciliation.Workflow{TimeScale: timeScale}.Finding)
}

// RegisterOnboarding registers the workflows of contract.OnboardingQueue. Their waits are longer than a version lives, so each goes
// on under the version that is current.
func RegisterOnboarding(r worker.WorkflowRegistry, timeScale int64) {
	w := onboarding.Workflow{TimeScale: timeScale}
	for name, run := range map[string]any{
		contract.OnboardingType: w.Onboarding, contract.CurrencyActivationType: w.CurrencyActivation, contract.ServiceHealthType: w.ServiceHealth,
	} {
		r.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	}
}

// RegisterWebhooks registers the workflows of contract.WebhooksQueue.
func RegisterWebhooks(r worker.WorkflowRegistry, timeScale int64) {
	pinned(r, contract.EventDeliveryType, delivery.Workflow{TimeScale: timeScale}.EventDelivery)
}

func pinned(r worker.WorkflowRegistry, name string, run any) {
	r.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name, VersioningBehavior: workflow.VersioningBehaviorPinned})
}
