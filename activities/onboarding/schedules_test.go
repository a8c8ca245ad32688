package onboarding_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/onboarding"
)

// planning is Schedules on a Temporal that answers as told.
func planning(t *testing.T) (*onboarding.Schedules, *mocks.ScheduleClient, *mocks.ScheduleHandle) {
	t.Helper()
	schedules, handle := mocks.NewScheduleClient(t), mocks.NewScheduleHandle(t)
	return &onboarding.Schedules{Temporal: schedules, Now: func() time.Time { return noon }, Daily: func(ref activities.PaymentServiceRef) []client.ScheduleOptions {
		every := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Second}}}
		return []client.ScheduleOptions{{ID: "sweep/" + ref.PaymentServiceID}, {ID: "health/" + ref.PaymentServiceID, Spec: every}}
	}}, schedules, handle
}

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

var swept = activities.PaymentServiceRef{CompanyID: "cmp_1", PaymentServiceID: "psv_1"}

func TestWhatHappensEveryDayIsPlannedOnce(t *testing.T) {
	t.Parallel()
	steps, schedules, _ := planning(t)
	later := mock.MatchedBy(func(o client.ScheduleOptions) bool {
		return o.ID == "health/psv_1" && o.Spec.StartAt.Equal(noon.Add(time.Second))
	})
	schedules.On("Create", mock.Anything, client.ScheduleOptions{ID: "sweep/psv_1"}).Return(nil, nil).Once()
	schedules.On("Create", mock.Anything, later).Return(nil, nil).Once()
	require.NoError(t, steps.PlanDaily(t.Context(), swept))
	schedules.On("Create", mock.Anything, mock.Anything).Return(nil, temporal.ErrScheduleAlreadyRunning).Twice()
	require.NoError(t, steps.PlanDaily(t.Context(), swept), "as after a crash")
	schedules.On("Create", mock.Anything, mock.Anything).Return(nil, serviceerror.NewUnavailable("later")).Once()
	require.Error(t, steps.PlanDaily(t.Context(), swept))
}

func TestADisconnectedPaymentServiceIsNotLookedAfterAnyMore(t *testing.T) {
	t.Parallel()
	steps, schedules, handle := planning(t)
	schedules.On("GetHandle", mock.Anything, "sweep/psv_1").Return(handle)
	schedules.On("GetHandle", mock.Anything, "health/psv_1").Return(handle)
	handle.On("Delete", mock.Anything).Return(nil).Twice()
	require.NoError(t, steps.EndDaily(t.Context(), swept))
	handle.On("Delete", mock.Anything).Return(serviceerror.NewNotFound("gone")).Twice()
	require.NoError(t, steps.EndDaily(t.Context(), swept), "as after a crash")
	handle.On("Delete", mock.Anything).Return(serviceerror.NewUnavailable("later")).Once()
	require.Error(t, steps.EndDaily(t.Context(), swept))
}
