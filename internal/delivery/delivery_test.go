package delivery_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
)

var noon = time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)

func after(minutes int, status int) delivery.Attempt {
	return delivery.Attempt{At: noon.Add(time.Duration(minutes) * time.Minute), Status: status}
}

func TestOnlyA2xxDelivers(t *testing.T) {
	t.Parallel()
	for status, worked := range map[int]bool{0: false, 100: false, 199: false, 200: true, 204: true, 299: true, 301: false, 400: false, 410: false, 500: false} {
		assert.Equal(t, worked, delivery.Attempt{Status: status}.Worked(), status)
	}
}

func TestADeliveryEndsWithTheFirstAttemptThatWorksOrTheLastThatFails(t *testing.T) {
	t.Parallel()
	d := delivery.Delivery{State: delivery.Pending, Round: 1}
	d.Attempted(after(0, 503), 1, noon.Add(time.Hour))
	assert.Equal(t, delivery.Pending, d.State)
	assert.Equal(t, noon.Add(time.Hour), d.RetryAt)
	d.Attempted(after(60, 200), 1, noon.Add(2*time.Hour))
	assert.Equal(t, delivery.Delivered, d.State)
	assert.Equal(t, noon.Add(time.Hour), d.EndedAt)
	assert.Zero(t, d.RetryAt)
	d.Attempted(after(60, 200), 1, time.Time{})
	assert.Len(t, d.Attempts, 2, "a step that runs again adds nothing")

	last := delivery.Delivery{State: delivery.Pending}
	last.Attempted(after(0, 503), 0, time.Time{})
	assert.Equal(t, delivery.Parked, last.State)
	gone := delivery.Delivery{State: delivery.Pending}
	gone.Attempted(after(0, 410), 0, noon.Add(time.Hour))
	assert.Equal(t, delivery.Parked, gone.State)
	late := delivery.Delivery{State: delivery.Parked}
	late.Attempted(after(0, 200), 0, time.Time{})
	assert.Equal(t, delivery.Delivered, late.State, "it was on its way when the endpoint was disabled")
}

func TestAnAttemptFromBeforeTheCompanyAskedOnceMoreEndsNothing(t *testing.T) {
	t.Parallel()
	d := delivery.Delivery{State: delivery.Pending, Round: 2}
	d.Attempted(after(0, 200), 1, time.Time{})
	assert.Equal(t, delivery.Pending, d.State)
	assert.Len(t, d.Attempts, 1)
}

func TestTheLogOfADeliveryHasAnEnd(t *testing.T) {
	t.Parallel()
	d := delivery.Delivery{State: delivery.Pending}
	for i := range 250 {
		d.Attempted(after(i, 503), 0, noon)
	}
	require.Len(t, d.Attempts, 100)
	assert.Equal(t, after(249, 503), d.Attempts[99])
}

func TestAnEndpointIsDisabledWhenNothingWorkedSinceTheFirstAttempt(t *testing.T) {
	t.Parallel()
	var e delivery.Endpoint
	assert.True(t, e.Attempted(after(0, 500)))
	assert.False(t, e.Attempted(after(1, 500)))
	assert.True(t, e.Attempted(after(2, 200)), "it works again")
	assert.False(t, e.GivenUp(after(3, 500), noon), "one event that it doesn't like is no reason")
	assert.True(t, e.Attempted(after(4, 500)))
	assert.False(t, e.GivenUp(after(5, 500), noon))
	assert.True(t, e.GivenUp(after(5, 500), noon.Add(4*time.Minute)))
	assert.Contains(t, e.DisabledBecause, "the receiver answered 500")
	assert.False(t, e.GivenUp(after(6, 410), noon), "once is enough")
	e.Enable()
	assert.Zero(t, e.FailingSince, "it has a new chance")
	assert.True(t, e.GivenUp(after(7, 410), noon), "it asked for it")
}

func TestMessagesAreSignedWithTheSecretBeforeUntilTheOverlapHasPassed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := delivery.Endpoint{ID: "wep_1", CompanyID: "cmp_1", SealedSecret: []byte{0}}
		now := noon
		current, previous, until := byte(0), -1, noon
		for i := range rapid.IntRange(1, 5).Draw(t, "rotations") {
			now = now.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "hours later")) * time.Hour)
			overlap := time.Duration(rapid.IntRange(0, 24).Draw(t, "overlap")) * time.Hour
			e.Rotate([]byte{byte(i + 1)}, e.SealedSecret, now, overlap)
			previous, until, current = int(current), now.Add(overlap), byte(i+1)
		}
		at := now.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "used hours later")) * time.Hour)
		want := []delivery.SealedSecret{{[]byte{current}, sealed.EndpointSecret.Of("cmp_1", "wep_1")}}
		if at.Before(until) {
			want = append(want, delivery.SealedSecret{[]byte{byte(previous)}, sealed.EndpointPrevious.Of("cmp_1", "wep_1")})
		}
		assert.Equal(t, want, e.SealedSecrets(at))
	})
}

func TestAnEndpointTakesTheTypesThatItNamesOrAllAndWhatIsForItAlone(t *testing.T) {
	t.Parallel()
	e := delivery.Endpoint{ID: "whe_1", Types: []event.Type{event.InvoicePaid}}
	for told, takes := range map[*event.Event][2]bool{
		{Type: event.InvoicePaid}:                 {true, true},
		{Type: event.InvoiceOpened}:               {true, false},
		{Type: event.TestPing, Subject: "whe_1"}:  {false, true},
		{Type: event.TestPing, Subject: "whe_22"}: {false, false},
	} {
		assert.Equal(t, takes[0], delivery.Endpoint{}.Takes(*told), told)
		assert.Equal(t, takes[1], e.Takes(*told), told)
	}
	require.NoError(t, e.Validate())
	e.Types = append(e.Types, "coffee.made")
	e.Description = "\x00"
	assert.Equal(t, problem.Invalid, problem.CodeOf(e.Validate()))
}
