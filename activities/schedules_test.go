package activities_test

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
)

// planning is Schedules on a Temporal that answers as told.
func planning(t *testing.T) (*activities.Schedules, *mocks.ScheduleClient, *mocks.ScheduleHandle) {
	t.Helper()
	schedules, handle := mocks.NewScheduleClient(t), mocks.NewScheduleHandle(t)
	return &activities.Schedules{Temporal: schedules, Sweep: func(ref activities.PaymentServiceRef) client.ScheduleOptions {
		return client.ScheduleOptions{ID: "sweep/" + ref.PaymentServiceID}
	}}, schedules, handle
}

var swept = activities.PaymentServiceRef{CompanyID: "cmp_1", PaymentServiceID: "psv_1"}

func TestASweepIsPlannedOnce(t *testing.T) {
	t.Parallel()
	steps, schedules, _ := planning(t)
	schedules.On("Create", mock.Anything, client.ScheduleOptions{ID: "sweep/psv_1"}).Return(nil, nil).Once()
	require.NoError(t, steps.PlanSweep(t.Context(), swept))
	schedules.On("Create", mock.Anything, mock.Anything).Return(nil, temporal.ErrScheduleAlreadyRunning).Once()
	require.NoError(t, steps.PlanSweep(t.Context(), swept), "as after a crash")
	schedules.On("Create", mock.Anything, mock.Anything).Return(nil, serviceerror.NewUnavailable("later")).Once()
	require.Error(t, steps.PlanSweep(t.Context(), swept))
}

func TestADisconnectedPaymentServiceIsNotSweptAnyMore(t *testing.T) {
	t.Parallel()
	steps, schedules, handle := planning(t)
	schedules.On("GetHandle", mock.Anything, "sweep/psv_1").Return(handle)
	handle.On("Delete", mock.Anything).Return(nil).Once()
	require.NoError(t, steps.EndSweep(t.Context(), swept))
	handle.On("Delete", mock.Anything).Return(serviceerror.NewNotFound("gone")).Once()
	require.NoError(t, steps.EndSweep(t.Context(), swept), "as after a crash")
	handle.On("Delete", mock.Anything).Return(serviceerror.NewUnavailable("later")).Once()
	require.Error(t, steps.EndSweep(t.Context(), swept))
}
