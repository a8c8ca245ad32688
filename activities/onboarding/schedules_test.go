package onboarding_test

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/mocks"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/onboarding"
)

func TestSchedulesOfAPaymentServiceAloneAreEnded(t *testing.T) {
	t.Parallel()
	schedules, handle := mocks.NewScheduleClient(t), mocks.NewScheduleHandle(t)
	steps, ref := &onboarding.Schedules{Temporal: schedules}, activities.PaymentServiceRef{CompanyID: "cmp_1", PaymentServiceID: "psv_1"}
	schedules.On("GetHandle", mock.Anything, "sweep/psv_1").Return(handle)
	schedules.On("GetHandle", mock.Anything, "health/psv_1").Return(handle)
	handle.On("Delete", mock.Anything).Return(nil).Twice()
	require.NoError(t, steps.EndDaily(t.Context(), ref))
	handle.On("Delete", mock.Anything).Return(serviceerror.NewNotFound("gone")).Twice()
	require.NoError(t, steps.PlanDaily(t.Context(), ref), "an onboarding that began before buckets is looked after by one")
	handle.On("Delete", mock.Anything).Return(serviceerror.NewUnavailable("later")).Once()
	require.Error(t, steps.EndDaily(t.Context(), ref))
}
