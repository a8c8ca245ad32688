package onboarding

import (
	"context"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/onboarding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestDocumentOfAnActiveServiceIsMailedAndThatIsAll(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Active)
	j.uploads(0, "doc_1")
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, []merchant.What{merchant.DocumentReceived}, j.mailed())
	assert.Empty(t, j.looks)
}

func TestRefusedCredentialsAreToldOfOnceHoweverManyNotice(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Active)
	j.service.SealedPassword, j.mailDown = []byte("sealed"), true
	for i := range 3 {
		j.RegisterDelayedCallback(func() {
			j.SignalWorkflow(contract.SignalServiceChanged, contract.ServiceChanged{RefusedPassword: []byte("sealed")})
		}, time.Duration(i)*time.Minute)
	}
	j.RegisterDelayedCallback(func() { j.mailDown = false }, time.Hour)
	assert.Equal(t, merchant.Suspended, j.run().Status)
	assert.Equal(t, []merchant.What{merchant.What(merchant.Suspended)}, j.mailed())
}

func TestWhatHappenedElsewhereDuringTheVerificationIsTakenIn(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.submitsCredentials(0)
	j.RegisterDelayedCallback(func() {
		j.service.SealedPassword = []byte("sealed")
		j.SignalWorkflow(contract.SignalServiceChanged, contract.ServiceChanged{RefusedPassword: []byte("an older one")})
	}, 24*time.Hour)
	j.RegisterDelayedCallback(func() {
		j.SignalWorkflow(contract.SignalServiceChanged, contract.ServiceChanged{RefusedPassword: []byte("sealed")})
	}, 48*time.Hour)
	assert.Equal(t, merchant.Suspended, j.run().Status)
	assert.WithinDuration(t, monday.Add(48*time.Hour), j.Now(), time.Minute)
	assert.Equal(t, []merchant.What{merchant.What(merchant.InVerification), merchant.What(merchant.Suspended)}, j.mailed())
}

func TestNewCredentialsLetEverythingUnderWayGoOnAtOnce(t *testing.T) {
	t.Parallel()
	for _, before := range []merchant.ServiceStatus{merchant.Suspended, merchant.Active} {
		j := onboard(t, before)
		j.contractedAt = monday
		j.pages = []steps.Resumed{{Told: 100, Next: "pay_100"}, {Told: 3}}
		j.submitsCredentials(0)
		assert.Equal(t, merchant.Active, j.run().Status)
		assert.Equal(t, []string{"", "pay_100"}, j.resumed)
		assert.WithinDuration(t, monday, j.Now(), time.Minute)
	}
	j := onboard(t, merchant.AwaitingCredentials)
	j.contractedAt = monday
	j.submitsCredentials(0)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Empty(t, j.resumed, "nothing can be under way yet")
}

func TestCredentialsOfADisconnectedServiceAreErasedWhenNothingIsUnderWay(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Active)
	j.service.SealedPassword, j.left = []byte("sealed"), 3
	gone := &flowtest.Answer[contract.ServiceState]{}
	j.RegisterDelayedCallback(func() { j.UpdateWorkflow(contract.UpdateDisconnect, "", flowtest.Callback(gone)) }, 0)
	assert.Equal(t, merchant.Disconnected, j.run().Status)
	assert.Equal(t, merchant.Disconnected, gone.Value.Status)
	assert.Equal(t, []string{"Tue 03.11.", "Wed 04.11.", "Thu 05.11."}, days(j.erased))
	assert.Equal(t, []merchant.What{merchant.What(merchant.Disconnected)}, j.mailed())
}

// It began before payment services were looked after by bucket.
func TestSchedulesOfAnOldServiceHaveEndedWhenItIsAtItsEnd(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Active)
	j.OnGetVersion(byBucket, workflow.DefaultVersion, workflow.Version(1)).Return(workflow.DefaultVersion)
	j.OnActivity(schedules.PlanDaily, mock.Anything, mock.Anything).Return(nil)
	var ended time.Time
	j.OnActivity(schedules.EndDaily, mock.Anything, mock.Anything).After(time.Hour).Return(func(context.Context, activities.PaymentServiceRef) error {
		ended = j.Now()
		return nil
	})
	j.service.SealedPassword = []byte("sealed")
	j.RegisterDelayedCallback(func() {
		j.UpdateWorkflow(contract.UpdateDisconnect, "", flowtest.Callback(&flowtest.Answer[contract.ServiceState]{}))
	}, 0)
	assert.Equal(t, merchant.Disconnected, j.run().Status)
	assert.WithinDuration(t, j.erased[0].Add(time.Hour), ended, time.Second)
}

func TestServiceThatWasNeverConnectedIsDisconnectedAndThatIsAll(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.AwaitingCredentials)
	j.RegisterDelayedCallback(func() {
		j.UpdateWorkflow(contract.UpdateDisconnect, "", flowtest.Callback(&flowtest.Answer[contract.ServiceState]{}))
	}, time.Hour)
	assert.Equal(t, merchant.Disconnected, j.run().Status)
	assert.Empty(t, j.erased)
	assert.WithinDuration(t, monday.Add(time.Hour), j.Now(), time.Minute)
}

func TestNewCredentialsOfAnActiveServiceNeedNoVerification(t *testing.T) {
	t.Parallel()
	j := onboard(t, merchant.Active)
	j.contractedAt = monday
	renewed := j.submitsCredentials(0)
	assert.Equal(t, merchant.Active, j.run().Status)
	assert.Equal(t, merchant.Active, renewed.Value.Status)
	assert.WithinDuration(t, monday, j.Now(), time.Minute)
}
