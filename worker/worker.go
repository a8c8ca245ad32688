// Package worker puts workflows and activities on their task queues.
package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/quittance/quittance/workflows/contract"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/delivery"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/activities/fetching"
	"github.com/quittance/quittance/activities/gate"
	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/activities/payermail"
	"github.com/quittance/quittance/activities/reconciliation"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/activities/retention"
)

// shutdown is how long running activities get to finish when the worker stops: longer than Saferpay may take to answer, so that a refund
// or a capture in flight ends with its answer, and not as unknown. Whoever stops the process must give it that time.
const shutdown = 115 * time.Second

// Options say which code this is and how fast its days pass.
type Options struct {
	DeploymentName string // of all versions of the worker together
	BuildID        string // of this version; empty: the worker is not versioned
	TimeScale      int64  // 1 except in a local stack
}

// Activities are the steps, ready to run.
type Activities struct {
	Collection     *collection.Activities
	Refunding      *refunding.Activities
	PayerMail      *payermail.Activities
	Onboarding     *onboarding.Activities
	Schedules      *onboarding.Schedules
	Reconciliation *reconciliation.Activities
	Fetching       *fetching.Activities
	Delivery       *delivery.Activities
	Escalation     *escalation.Activities
	Retention      *retention.Activities
	Gate           *gate.Activities // on every queue
}

// Run works until ctx ends, then lets running activities finish for a moment. The error says which task queue could not
// be served.
func Run(ctx context.Context, c client.Client, a Activities, o Options) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	workers := map[string]worker.Worker{}
	for queue, all := range map[string][]any{
		contract.PaymentsQueue:   {a.Collection, a.Refunding, a.PayerMail, a.Reconciliation, a.Fetching, a.Escalation, a.Retention, a.Gate},
		contract.OnboardingQueue: {a.Onboarding, a.Schedules, a.Gate},
		contract.WebhooksQueue:   {a.Delivery, a.Gate},
	} {
		w := worker.New(c, queue, o.worker(stop))
		Register(w, o.TimeScale, queue)
		for _, steps := range all {
			w.RegisterActivity(steps)
		}
		workers[queue] = w
	}

	var stopping []func()
	defer func() { // all at once: each may take as long as its slowest activity
		var all sync.WaitGroup
		for _, stop := range stopping {
			all.Go(stop)
		}
		all.Wait()
	}()
	for queue, w := range workers {
		if err := w.Start(); err != nil {
			return fmt.Errorf("serve the task queue %s: %w", queue, err)
		}
		stopping = append(stopping, w.Stop)
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
		// A workflow goes on under the version that is current, whichever began it: so none keeps the workers of an old version alive, and
		// none waits for them.
		options.DeploymentOptions = worker.DeploymentOptions{
			UseVersioning:             true,
			Version:                   worker.WorkerDeploymentVersion{DeploymentName: o.DeploymentName, BuildID: o.BuildID},
			DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
		}
	}
	return options
}
