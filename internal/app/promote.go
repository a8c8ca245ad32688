package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/temporalkit"
	"github.com/quittance/quittance/workflows/contract"
)

const (
	// gateTimeout is how long a version has for the gate on a task queue, and Temporal to note that it serves it.
	gateTimeout = 30 * time.Second
	// awaitedEvery is how often Promote looks whether the workers have come.
	awaitedEvery = time.Second
)

// Promotion is how a version of the worker is promoted.
type Promotion struct {
	Percent float32       // of the workflows, chosen by their ids; below 100 the current version keeps the others
	Wait    time.Duration // for the workers of the version
	Replay  int32         // how many open workflows of each type and age are replayed under this code first
}

// Promote makes the configured worker version the current one of its deployment: workflows begin on it, and those that run go on under it.
// Before that the version has workers for every task queue, passes the gate on each of them, and this code can take on workflows that are
// open; otherwise everything stays as it is. It must run with the program of that version. With less than 100 percent the version gets as
// much beside the current one, with 0 nothing any more.
func Promote(ctx context.Context, cfg config.Config, log *slog.Logger, in Promotion) error {
	if cfg.Worker.BuildID == "" {
		return fmt.Errorf("QUITTANCE_BUILD_ID is not set; it names the worker version to promote, such as 2026-11-22.1")
	}
	if in.Percent < 0 || in.Percent > 100 {
		return fmt.Errorf("a version gets 0 to 100 percent of the workflows, not %g", in.Percent)
	}
	if err := cfg.ForCommand(); err != nil {
		return err
	}
	p, err := connect(ctx, cfg, log, origin.Quittance)
	if err != nil {
		return err
	}
	defer p.close()
	promoting := promoting{
		parts: p, log: log, namespace: cfg.Temporal.Namespace, timeScale: cfg.TimeScale,
		version: temporalkit.Version{DeploymentName: cfg.Worker.DeploymentName, BuildID: cfg.Worker.BuildID},
	}
	if in.Percent == 0 {
		return promoting.takeBack(ctx)
	}
	return promoting.run(ctx, in)
}

// promoting is the promotion of one version.
type promoting struct {
	parts
	log       *slog.Logger
	namespace string
	timeScale int64
	version   temporalkit.Version
}

func (p promoting) run(ctx context.Context, in Promotion) error {
	// 1. It has workers for every task queue. If somebody else changes the deployment from here on, that is not undone.
	if err := p.awaitWorkers(ctx, in.Wait); err != nil {
		return err
	}
	now, err := temporalkit.Deployment(ctx, p.temporal, p.version.DeploymentName)
	if err != nil {
		return err
	}

	// 2. They work.
	if err := p.passGates(ctx); err != nil {
		return err
	}

	// 3. What is open can go on under its code.
	if err := p.replay(ctx, in.Replay); err != nil {
		return err
	}

	// 4. Workflows go to it.
	handle := p.temporal.WorkerDeploymentClient().GetHandle(p.version.DeploymentName)
	if in.Percent < 100 {
		if now.Info.RoutingConfig.CurrentVersion == nil {
			return fmt.Errorf("no version of %s is the current one, to keep the other workflows; promote one with all of them first", p.version.DeploymentName)
		}
		if _, err := handle.SetRampingVersion(ctx, client.WorkerDeploymentSetRampingVersionOptions{
			BuildID: p.version.BuildID, Percentage: in.Percent, ConflictToken: now.ConflictToken,
		}); err != nil {
			return fmt.Errorf("give version %s %g percent of the workflows: %w", p.version.BuildID, in.Percent, err)
		}
		p.log.InfoContext(ctx, "worker version ramped", "deployment", p.version.DeploymentName, "build", p.version.BuildID, "percent", in.Percent)
		return nil
	}
	promoted, err := handle.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: p.version.BuildID, ConflictToken: now.ConflictToken})
	if err != nil {
		return fmt.Errorf("promote version %s of %s: %w", p.version.BuildID, p.version.DeploymentName, err)
	}
	if other := now.Info.RoutingConfig.RampingVersion; other != nil && *other != p.version {
		if _, err := handle.SetRampingVersion(ctx, client.WorkerDeploymentSetRampingVersionOptions{ConflictToken: promoted.ConflictToken}); err != nil {
			return fmt.Errorf("version %s of %s is the current one, but %s keeps its part of the workflows; promote again: %w",
				p.version.BuildID, p.version.DeploymentName, other.BuildID, err)
		}
	}

	// 5. So do those that were bound to a version: by a program before versions were left, or by hand.
	bound, err := temporalkit.Unbind(ctx, p.temporal, p.namespace, fmt.Sprintf("promote/%s/%d", p.version.BuildID, time.Now().Unix()), contract.Queues)
	if err != nil {
		return fmt.Errorf("version %s of %s is the current one, but promote again: %w", p.version.BuildID, p.version.DeploymentName, err)
	}
	p.log.InfoContext(ctx, "worker version promoted", "deployment", p.version.DeploymentName, "build", p.version.BuildID, "bound_to_others", bound)
	return nil
}

// takeBack ends the ramp of the version.
func (p promoting) takeBack(ctx context.Context) error {
	now, err := temporalkit.Deployment(ctx, p.temporal, p.version.DeploymentName)
	if err != nil {
		return err
	}
	if ramping := now.Info.RoutingConfig.RampingVersion; ramping == nil || *ramping != p.version {
		return fmt.Errorf("version %s of %s gets no part of the workflows that could be taken back; what is current is replaced by promoting another version",
			p.version.BuildID, p.version.DeploymentName)
	}
	if _, err := p.temporal.WorkerDeploymentClient().GetHandle(p.version.DeploymentName).SetRampingVersion(ctx,
		client.WorkerDeploymentSetRampingVersionOptions{ConflictToken: now.ConflictToken}); err != nil {
		return fmt.Errorf("take back version %s of %s: %w", p.version.BuildID, p.version.DeploymentName, err)
	}
	p.log.InfoContext(ctx, "worker version taken back", "deployment", p.version.DeploymentName, "build", p.version.BuildID)
	return nil
}

// awaitWorkers returns once workers of the version serve every task queue. The error says what lacks.
func (p promoting) awaitWorkers(ctx context.Context, atMost time.Duration) error {
	tick := time.NewTicker(awaitedEvery)
	defer tick.Stop()
	for since := time.Now(); ; {
		lacking, err := temporalkit.Unserved(ctx, p.temporal, p.namespace, p.version, contract.Queues)
		if err != nil || len(lacking) == 0 {
			return err
		}
		if time.Since(since) >= atMost {
			return fmt.Errorf("version %s of %s has no live worker for %s; start workers with QUITTANCE_BUILD_ID=%s, then promote again",
				p.version.BuildID, p.version.DeploymentName, strings.Join(lacking, ", "), p.version.BuildID)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// passGates has the version do on every task queue what payments do, before anything depends on it.
func (p promoting) passGates(ctx context.Context) error {
	var gates errgroup.Group
	for _, queue := range contract.Queues {
		gates.Go(func() error {
			var passed contract.GatePassed
			run, err := p.startGate(ctx, queue)
			if err == nil {
				err = run.Get(ctx, &passed)
			}
			if err == nil && passed.BuildID != p.version.BuildID {
				err = fmt.Errorf("version %s was there instead", passed.BuildID)
			}
			if err != nil {
				return fmt.Errorf("version %s does not work on the task queue %s: %w", p.version.BuildID, queue, err)
			}
			return nil
		})
	}
	return gates.Wait()
}

// startGate starts the gate on a task queue, once Temporal has noted everywhere that the version serves it, a moment after its workers
// come.
func (p promoting) startGate(ctx context.Context, queue string) (run client.WorkflowRun, err error) {
	tick := time.NewTicker(awaitedEvery)
	defer tick.Stop()
	for since := time.Now(); ; {
		run, err = p.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: contract.GateID(queue, p.version.BuildID), TaskQueue: queue, WorkflowExecutionTimeout: gateTimeout,
			WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
			VersioningOverride:       &client.PinnedVersioningOverride{Version: p.version},
			StaticSummary:            "Gate of the worker version " + p.version.BuildID,
		}, contract.GateType)
		if _, unknown := errors.AsType[*serviceerror.FailedPrecondition](err); !unknown || time.Since(since) >= gateTimeout {
			return run, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}
