package onboarding

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/activities"
)

func TestSweepsBeginAfterThreeInTheMorningInZurich(t *testing.T) {
	t.Parallel()
	ref := activities.PaymentServiceRef{CompanyID: "cmp_1", PaymentServiceID: "psv_1"}
	nightly := Workflow{TimeScale: 1}.SweepSchedule(ref)
	assert.Equal(t, "sweep/psv_1", nightly.ID)
	assert.Equal(t, client.ScheduleSpec{
		Calendars:    []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: 3}}, Minute: []client.ScheduleRange{{Start: 17}}}},
		TimeZoneName: "Europe/Zurich", Jitter: 40 * time.Minute,
	}, nightly.Spec)
	for scale, every := range map[int64]time.Duration{3600: 24 * time.Second, 86400: 5 * time.Second} {
		spec := Workflow{TimeScale: scale}.SweepSchedule(ref).Spec
		assert.Equal(t, []client.ScheduleIntervalSpec{{Every: every}}, spec.Intervals)
		assert.Empty(t, spec.Calendars)
	}
}
