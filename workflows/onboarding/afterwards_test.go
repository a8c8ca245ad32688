package onboarding

import (
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/onboarding"

	"github.com/stretchr/testify/assert"

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
