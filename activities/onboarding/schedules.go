package onboarding

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
)

// ScheduleClient is what planning needs of Temporal, see client.ScheduleClient.
type ScheduleClient interface {
	Create(ctx context.Context, options client.ScheduleOptions) (client.ScheduleHandle, error)
	GetHandle(ctx context.Context, scheduleID string) client.ScheduleHandle
}

// Schedules are the steps that plan what Temporal starts by itself.
type Schedules struct {
	Temporal ScheduleClient
	// Daily is what happens every day for a payment service that collects, see DailySchedules of the workflows of this room.
	Daily func(activities.PaymentServiceRef) []client.ScheduleOptions
	Now   func() time.Time
}

// PlanDaily has the payment service looked after every day from now on. What is planned already stays as it is, also when an
// operator paused it.
func (s *Schedules) PlanDaily(ctx context.Context, ref activities.PaymentServiceRef) error {
	for _, options := range s.Daily(ref) {
		for _, interval := range options.Spec.Intervals { // where days are short, one passes first
			options.Spec.StartAt = s.Now().Add(interval.Every)
		}
		if _, err := s.Temporal.Create(ctx, options); err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			return err
		}
	}
	return nil
}

// EndDaily ends what happens every day for a payment service that is disconnected; what has ended already is fine.
func (s *Schedules) EndDaily(ctx context.Context, ref activities.PaymentServiceRef) error {
	for _, options := range s.Daily(ref) {
		err := s.Temporal.GetHandle(ctx, options.ID).Delete(ctx)
		if _, gone := errors.AsType[*serviceerror.NotFound](err); err != nil && !gone {
			return err
		}
	}
	return nil
}
