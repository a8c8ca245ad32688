package app

import (
	"context"
	"fmt"
	"log/slog"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/workflows/contract"
)

// Sweep compares Saferpay's report with the record now: of these payment services, or of all companies when there are none. It begins the
// comparisons and does not wait for their end.
func Sweep(ctx context.Context, cfg config.Config, log *slog.Logger, paymentServiceIDs ...string) error {
	if err := cfg.ForCommand(); err != nil {
		return err
	}
	p, err := connect(ctx, cfg, log, origin.Quittance)
	if err != nil {
		return err
	}
	defer p.close()
	for _, service := range paymentServiceIDs {
		in := contract.SweepPaymentService{PaymentServiceID: service}
		if in.CompanyID, err = p.store.PaymentServiceCompany(ctx, service); err != nil {
			return err
		}
		if err := p.store.InCompany(ctx, in.CompanyID, func(tx *postgres.Tx) (err error) {
			in.SweptUntil, err = tx.SweptUntil(ctx, service)
			return err
		}); err != nil {
			return err
		}
		if err := p.commands.Sweep(ctx, in); err != nil {
			return fmt.Errorf("begin the sweep of %s: %w", service, err)
		}
	}
	if len(paymentServiceIDs) > 0 {
		return nil
	}
	for bucket := range contract.Buckets(cfg.TimeScale) {
		err := p.temporal.ScheduleClient().GetHandle(ctx, contract.SweepBucketID(bucket)).
			Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE}) // behind one that runs
		if err != nil {
			return fmt.Errorf("begin the sweep of bucket %d: %w", bucket, err)
		}
	}
	return nil
}
