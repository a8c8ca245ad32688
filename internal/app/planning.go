package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/onboarding"
	"github.com/quittance/quittance/workflows/reconciliation"
	"github.com/quittance/quittance/workflows/retention"
)

// planEvery is how often a worker holds the schedules against those that there are to be.
const planEvery = 30 * time.Second

// planning has everything planned that happens every day, and ends the schedules that each payment service had for itself before there
// were buckets. An older worker that runs beside may make such a schedule, which is ended at the next look. What is planned already stays
// as it is, also when an operator paused it. Doing it twice does no harm, so every worker looks.
type planning struct {
	temporal client.Client
	worker   config.Worker
	daily    []client.ScheduleOptions
	log      *slog.Logger
}

func newPlanning(c client.Client, cfg config.Config, log *slog.Logger) planning {
	return planning{temporal: c, worker: cfg.Worker, log: log, daily: slices.Concat(
		[]client.ScheduleOptions{retention.Workflow{TimeScale: cfg.TimeScale}.Schedule()},
		reconciliation.Workflow{TimeScale: cfg.TimeScale}.BucketSchedules(),
		onboarding.Workflow{TimeScale: cfg.TimeScale}.BucketSchedules(),
	)}
}

// look plans what is missing first, so that no night is left out. A version that is not the current one leaves the schedules alone: what
// they start runs under the current version, which may not know it.
func (p planning) look(ctx context.Context) error {
	if current, err := p.current(ctx); err != nil || !current {
		return err
	}
	all, err := p.temporal.ScheduleClient().List(ctx, client.ScheduleListOptions{PageSize: 1000})
	if err != nil {
		return fmt.Errorf("list the schedules: %w", err)
	}
	there, ended := map[string]bool{}, 0
	for planned := false; all.HasNext(); {
		schedule, err := all.Next()
		if err != nil {
			return fmt.Errorf("list the schedules: %w", err)
		}
		if !ofAPaymentService(schedule.ID) {
			there[schedule.ID] = true
			continue
		}
		if !planned { // the list may go on for long
			if err := p.plan(ctx, there); err != nil {
				return err
			}
			planned = true
		}
		err = p.temporal.ScheduleClient().GetHandle(ctx, schedule.ID).Delete(ctx)
		if _, gone := errors.AsType[*serviceerror.NotFound](err); err != nil && !gone {
			return fmt.Errorf("end schedule %s: %w", schedule.ID, err)
		}
		ended++
	}
	if ended > 0 {
		p.log.InfoContext(ctx, "schedules of single payment services ended: buckets look after them", "schedules", ended)
	}
	return p.plan(ctx, there)
}

// plan makes the schedules that are not there.
func (p planning) plan(ctx context.Context, there map[string]bool) error {
	for _, options := range p.daily {
		if there[options.ID] {
			continue
		}
		if _, err := p.temporal.ScheduleClient().Create(ctx, options); err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			return fmt.Errorf("plan %s: %w", options.ID, err)
		}
		there[options.ID] = true
	}
	return nil
}

// current reports whether new workflows start on this version of the worker. A worker without versions takes all.
func (p planning) current(ctx context.Context) (bool, error) {
	if p.worker.BuildID == "" {
		return true, nil
	}
	described, err := p.temporal.WorkerDeploymentClient().GetHandle(p.worker.DeploymentName).Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return false, nil // no worker of it has polled yet
	}
	if err != nil {
		return false, fmt.Errorf("look up the current version of the worker: %w", err)
	}
	now := described.Info.RoutingConfig.CurrentVersion
	return now != nil && now.BuildID == p.worker.BuildID, nil
}

// ofAPaymentService reports whether a schedule is one that a payment service had for itself.
func ofAPaymentService(scheduleID string) bool {
	_, of, _ := strings.Cut(scheduleID, "/")
	return id.Valid(id.PaymentService, of) && (scheduleID == contract.SweepID(of) || scheduleID == contract.HealthID(of))
}
