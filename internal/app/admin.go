package app

import (
	"context"
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/origin"
)

// Promote makes the configured worker version the current one of its deployment: new workflows start on it, onboarding
// moves to it, and payments in flight stay on the version that began them.
func Promote(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if cfg.Worker.BuildID == "" {
		return fmt.Errorf("QUITTANCE_BUILD_ID is not set; it names the worker version to promote, such as 2026-11-22.1")
	}
	if err := cfg.ForCommand(); err != nil {
		return err
	}
	p, err := connect(ctx, cfg, log, origin.Quittance)
	if err != nil {
		return err
	}
	defer p.close()
	_, err = p.temporal.WorkerDeploymentClient().GetHandle(cfg.Worker.DeploymentName).
		SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: cfg.Worker.BuildID})
	if err != nil {
		return fmt.Errorf("promote version %s of %s: %w", cfg.Worker.BuildID, cfg.Worker.DeploymentName, err)
	}
	log.Info("worker version promoted", "deployment", cfg.Worker.DeploymentName, "build", cfg.Worker.BuildID)
	return nil
}
