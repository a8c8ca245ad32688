package onboarding

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/workflows/contract"
)

// ScheduleClient is what ending needs of Temporal, see client.ScheduleClient.
type ScheduleClient interface {
	GetHandle(ctx context.Context, scheduleID string) client.ScheduleHandle
}

// Schedules are the steps of onboardings that began when each payment service had schedules of its own.
type Schedules struct{ Temporal ScheduleClient }

// PlanDaily plans nothing any more, because buckets look after the payment service. It ends what an older worker planned.
func (s *Schedules) PlanDaily(ctx context.Context, ref activities.PaymentServiceRef) error {
	return s.EndDaily(ctx, ref)
}

// EndDaily ends the schedules of a payment service; what has ended already is fine.
func (s *Schedules) EndDaily(ctx context.Context, ref activities.PaymentServiceRef) error {
	for _, id := range []string{contract.SweepID(ref.PaymentServiceID), contract.HealthID(ref.PaymentServiceID)} {
		err := s.Temporal.GetHandle(ctx, id).Delete(ctx)
		if _, gone := errors.AsType[*serviceerror.NotFound](err); err != nil && !gone {
			return err
		}
	}
	return nil
}
