package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/activities/delivery"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/worker"
	"github.com/quittance/quittance/workflows/contract"
)

// RunWorker runs workflows and activities until ctx ends.
func RunWorker(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := cfg.ForWorker(); err != nil {
		return err
	}
	noteUnsafe(cfg, log)
	stop, err := trace(ctx, "worker", log)
	if err != nil {
		return err
	}
	defer stop()
	p, err := assemble(ctx, cfg, log, origin.Quittance)
	if err != nil {
		return err
	}
	defer p.close()
	if err := checkRole(ctx, cfg, p.store, log); err != nil {
		return err
	}
	go p.keyring.Follow(ctx, log)
	clients := newCallers(cfg, p)
	sharing := sharing{store: p.store, process: rand.Text(), clients: clients, log: log}
	if err := sharing.look(ctx); err != nil {
		log.WarnContext(ctx, "sharing not begun", "retry_in", sharingEvery, "error", err)
	}
	defer sharing.end(ctx)
	steps, err := steps(cfg, p, clients, log)
	if err != nil {
		return err
	}
	monitoring := newMonitoring(p, cfg.Temporal.Namespace, cfg.Worker.DeploymentName)
	p.metrics.Watch(monitoring.gauges())
	attempt := func(ctx context.Context, in contract.DeliverEvent) (bool, *contract.FirstAttempt, error) {
		return delivery.FirstAttempt(ctx, steps.Delivery, in)
	}
	relay := &worker.Relay{Outbox: p.store, Attempt: attempt, Deliver: p.commands.Deliver, Most: steps.Delivery.Turns.Most, Logger: log}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve(ctx, cfg.Worker.Address, health(p.checks(), p.metrics, log), log) })
	group.Go(func() error {
		if err := p.awaitTemporal(ctx); err != nil {
			return nil //nolint:nilerr // the process was stopped while it waited
		}
		group.Go(func() error {
			worker.Regularly(ctx, planEvery, "planning", newPlanning(p.temporal, cfg, log).look, log)
			return nil
		})
		return worker.Run(ctx, p.temporal, steps, worker.Options{
			DeploymentName: cfg.Worker.DeploymentName, BuildID: cfg.Worker.BuildID, TimeScale: cfg.TimeScale,
		})
	})
	group.Go(func() error {
		monitoring.follow(ctx, log)
		return nil
	})
	group.Go(func() error {
		worker.Regularly(ctx, sharingEvery, "sharing", sharing.look, log)
		return nil
	})
	group.Go(func() error {
		relay.Run(ctx)
		return nil
	})
	group.Go(func() error {
		worker.Housekeeping(ctx, func(ctx context.Context) error { return p.store.Prune(ctx, now()) }, log)
		return nil
	})
	group.Go(func() error {
		r := reminding{store: p.store, tell: p.commands.Remind, now: now, scale: cfg.TimeScale}
		worker.Regularly(ctx, r.every(), "reminding", r.look, log)
		return nil
	})
	group.Go(func() error {
		n := noticing{store: p.store, send: steps.PayerMail.Send, now: now, log: log}
		worker.Regularly(ctx, noticeEvery, "security notices", n.look, log)
		return nil
	})
	group.Go(func() error {
		r := reconciling{store: p.store, commands: p.commands, log: log, scale: cfg.TimeScale}
		worker.Regularly(ctx, r.every(), "reconciling", r.look, log)
		return nil
	})
	group.Go(func() error {
		f := sources{store: p.store, fetch: p.commands.FetchSettlements, now: now}
		worker.Regularly(ctx, fetchEvery, "fetching", f.look, log)
		return nil
	})
	return group.Wait()
}

// now is the time to the microsecond, which is what Postgres keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
