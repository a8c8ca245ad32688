package activities

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// ScheduleClient is what planning needs of Temporal, see client.ScheduleClient.
type ScheduleClient interface {
	Create(ctx context.Context, options client.ScheduleOptions) (client.ScheduleHandle, error)
	GetHandle(ctx context.Context, scheduleID string) client.ScheduleHandle
}

// Schedules are the steps that plan what Temporal starts by itself.
type Schedules struct {
	Temporal ScheduleClient
	// Sweep is the nightly sweep of a payment service, see workflows.Workflows.SweepSchedule.
	Sweep func(PaymentServiceRef) client.ScheduleOptions
}

// PlanSweep has the payment service swept every night from now on. One that is planned already stays as it is, also when an
// operator paused it.
func (s *Schedules) PlanSweep(ctx context.Context, ref PaymentServiceRef) error {
	_, err := s.Temporal.Create(ctx, s.Sweep(ref))
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return nil
	}
	return err
}

// EndSweep ends the nightly sweep of a payment service that is disconnected; one that has ended already is fine.
func (s *Schedules) EndSweep(ctx context.Context, ref PaymentServiceRef) error {
	err := s.Temporal.GetHandle(ctx, s.Sweep(ref).ID).Delete(ctx)
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return nil
	}
	return err
}
