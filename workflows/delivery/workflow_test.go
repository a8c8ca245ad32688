package delivery

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/quittance/quittance/activities"
	steps "github.com/quittance/quittance/activities/delivery"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
)

// monday is when every test begins.
var monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// telling is one EventDelivery under test, with a receiver that answers as told. Time skips.
type telling struct {
	*testsuite.TestWorkflowEnvironment
	t       *testing.T
	record  delivery.Delivery
	status  func(attempt int) int // what the receiver answers
	wait    time.Duration         // for how long it asks not to be called again
	sends   []time.Time
	retries []time.Time // when each attempt that was recorded said that the next one would be
	since   []time.Time // when each of them said that the first one was
	fails   error       // what SendEvent returns instead, so many times
	faults  int
	mails   int
	unseen  int      // how often CheckEndpoint says that nobody has seen it
	listed  []string // whether it stands on the operators' list, each time that changed
	refused string   // what the mail server says to the mail that the endpoint is disabled
	untold  []string // what was noted of that
}

func tell(t *testing.T) *telling {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	d := &telling{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t,
		record: delivery.Delivery{State: delivery.Pending, Round: 1}, status: func(int) int { return 204 },
	}
	d.SetTestTimeout(20 * time.Second)
	d.SetStartTime(monday)
	register(d, 1)
	d.RegisterActivity(&steps.Activities{})
	d.OnActivity(do.TellEndpointDisabled, mock.Anything, mock.Anything).Return(func(context.Context, contract.DeliverEvent) (activities.Sent, error) {
		d.mails++
		return activities.Sent{Failed: d.refused}, nil
	}).Maybe()
	d.OnActivity(do.NoteMailFailure, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.MailFailure) error {
		d.untold = append(d.untold, in.Failed)
		return nil
	}).Maybe()
	d.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		needed, _ := args[0].(temporal.SearchAttributes).GetBool(contract.NeedsAttention)
		d.listed = append(d.listed, fmt.Sprint(needed, " ", d.Now().Sub(monday).Round(time.Hour)))
	}).Return(nil).Maybe()
	d.OnActivity(do.CheckEndpoint, mock.Anything, mock.Anything).Return(func(context.Context, contract.DeliverEvent) (steps.Standing, error) {
		d.unseen--
		return steps.Standing{Unseen: d.unseen >= 0}, nil
	}).Maybe()
	d.OnActivity(do.SendEvent, mock.Anything, mock.Anything).Return(func(context.Context, contract.DeliverEvent) (steps.Sent, error) {
		sent := steps.Sent{State: d.record.State, Round: d.record.Round}
		if d.faults--; d.faults >= 0 {
			return sent, d.fails
		}
		if sent.State != delivery.Pending {
			return sent, nil
		}
		d.sends = append(d.sends, d.Now())
		sent.Attempt, sent.RetryAfter = delivery.Attempt{At: d.Now(), Status: d.status(len(d.sends))}, d.wait
		return sent, nil
	}).Maybe()
	d.OnActivity(do.RecordAttempt, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.Attempted) (steps.Recorded, error) {
		d.since = append(d.since, in.Since)
		d.retries = append(d.retries, in.RetryAt)
		d.record.Attempted(in.Attempt, in.Round, in.RetryAt)
		return steps.Recorded{State: d.record.State, Disabled: d.record.State == delivery.Parked}, nil
	}).Maybe()
	return d
}

// asks is the company asking for the event once more.
func (d *telling) asks(after time.Duration) {
	d.RegisterDelayedCallback(func() {
		d.record.State, d.record.Round = delivery.Pending, d.record.Round+1
		d.SignalWorkflow(contract.SignalTryAgain, contract.TryNow{})
	}, after)
}

func (d *telling) run() contract.EventDelivered {
	d.t.Helper()
	d.ExecuteWorkflow(contract.EventDeliveryType, contract.DeliverEvent{CompanyID: "cmp_1", EventID: "evt_1", EndpointID: "whe_1"})
	require.True(d.t, d.IsWorkflowCompleted())
	require.NoError(d.t, d.GetWorkflowError())
	var out contract.EventDelivered
	require.NoError(d.t, d.GetWorkflowResult(&out))
	return out
}

func TestAnEventThatIsTakenIsSentOnce(t *testing.T) {
	t.Parallel()
	d := tell(t)
	assert.Equal(t, contract.EventDelivered{State: delivery.Delivered}, d.run())
	assert.Len(t, d.sends, 1)
}

func TestAReceiverThatComesBackAfterTwoDaysGetsTheEvent(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.status = func(int) int {
		if d.Now().Before(monday.Add(48 * time.Hour)) {
			return 503
		}
		return 200
	}
	assert.Equal(t, contract.EventDelivered{State: delivery.Delivered}, d.run())
	assert.Len(t, d.sends, 14)
	assert.WithinRange(t, d.sends[13], monday.Add(54*time.Hour), monday.Add(60*time.Hour))
}

func TestAnEndpointThatWasDisabledStaysOnTheOperatorsListUntilSomebodyHasSeenIt(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.status, d.unseen = func(int) int { return 0 }, 2
	assert.Equal(t, contract.EventDelivered{State: delivery.Parked}, d.run())
	assert.Equal(t, []string{"true 68h0m0s", "false 140h0m0s"}, d.listed)
}

func TestAReceiverThatStaysAwayIsGivenUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.status, d.refused = func(int) int { return 0 }, "550 no such mailbox."
	assert.Equal(t, contract.EventDelivered{State: delivery.Parked}, d.run())
	require.Len(t, d.sends, 15)
	assert.WithinRange(t, d.sends[14], monday.Add(64*time.Hour), monday.Add(72*time.Hour))
	for i, retry := range d.retries[:14] {
		assert.WithinDuration(t, retry, d.sends[i+1], time.Second, "the company is told when the next attempt is")
	}
	assert.Zero(t, d.retries[14])
	assert.WithinDuration(t, d.sends[0], d.since[14], 0)
	assert.Equal(t, 1, d.mails)
	assert.Equal(t, []string{"550 no such mailbox."}, d.untold)
}

func TestPausesBetweenAttemptsGrow(t *testing.T) {
	t.Parallel()
	for i := range attemptPauses[1:] {
		assert.GreaterOrEqual(t, attemptPauses[i+1], attemptPauses[i])
	}
}

func TestAReceiverThatAsksForTimeGetsItWithinThreeDays(t *testing.T) {
	t.Parallel()
	for asked, attempts := range map[time.Duration]int{0: 15, time.Minute: 13, 3 * time.Hour: 8, 24 * time.Hour: 3, 1000 * time.Hour: 2} {
		d := tell(t)
		d.status, d.wait = func(int) int { return 429 }, asked
		assert.Equal(t, contract.EventDelivered{State: delivery.Parked}, d.run())
		assert.InDelta(t, attempts, len(d.sends), 1, asked)
		for i := range len(d.sends) - 2 {
			assert.GreaterOrEqual(t, d.sends[i+1].Sub(d.sends[i]), asked, "all but the last attempt")
		}
		assert.WithinRange(t, d.sends[len(d.sends)-1], monday.Add(64*time.Hour), monday.Add(72*time.Hour))
	}
}

func TestEventsThatFailedTogetherAreNotTriedAgainTogether(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for i := range 100 {
		d := delivering{in: contract.DeliverEvent{EventID: fmt.Sprint("evt_", i), EndpointID: "whe_1"}}
		pause := d.jittered(5)
		assert.Equal(t, pause, d.jittered(5), "the same in a replay")
		assert.LessOrEqual(t, pause, time.Hour)
		assert.GreaterOrEqual(t, pause, 54*time.Minute)
		seen[pause.Round(time.Second)] = true
	}
	assert.Greater(t, len(seen), 50)
}

func TestAnAttemptIsMadeAtOnceWhenTheCompanyAsks(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.status = func(attempt int) int { return map[bool]int{true: 500, false: 200}[attempt <= 10] }
	d.asks(20 * time.Hour)
	assert.Equal(t, contract.EventDelivered{State: delivery.Delivered}, d.run())
	require.Len(t, d.sends, 11)
	assert.WithinDuration(t, monday.Add(20*time.Hour), d.sends[10], time.Second)
}

func TestAskingBeginsAllAttemptsAnew(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.status = func(int) int { return 500 }
	d.asks(62 * time.Hour)
	assert.Equal(t, contract.EventDelivered{State: delivery.Parked}, d.run())
	assert.Len(t, d.sends, 14+15)
}

func TestAWishThatComesWhileTheReceiverAnswersIsKept(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.status = func(attempt int) int {
		if attempt == 1 {
			d.record.Round++ // the company asks now, and the relay says so a little later
			d.RegisterDelayedCallback(func() { d.SignalWorkflow(contract.SignalTryAgain, contract.TryNow{}) }, time.Second)
		}
		return 200
	}
	assert.Equal(t, contract.EventDelivered{State: delivery.Delivered}, d.run())
	assert.Len(t, d.sends, 2)
}

func TestADeliveryThatWasEndedInAnotherWaySendsNothing(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.record.State = delivery.Parked
	assert.Equal(t, contract.EventDelivered{State: delivery.Parked}, d.run())
	assert.Empty(t, d.sends)
}

func TestADeliveryWhoseEndpointIsGoneEnds(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.faults, d.fails = 1, temporal.NewNonRetryableApplicationError("There is no webhook endpoint.", string(problem.NotFound), nil)
	assert.Equal(t, contract.EventDelivered{Withdrawn: true}, d.run())
}

func TestFaultsOfOursAreNoAttempts(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.fails, d.faults = errors.New("the database is away"), 5
	assert.Equal(t, contract.EventDelivered{State: delivery.Delivered}, d.run())
	assert.Len(t, d.sends, 1)
	assert.WithinDuration(t, monday, d.sends[0], time.Minute, "it is tried again soon")
}

func TestAWorkflowGoesOnAfterTheAttemptThatWasMadeBeforeIt(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.ExecuteWorkflow(contract.EventDeliveryType, contract.DeliverEvent{
		CompanyID: "cmp_1", EventID: "evt_1", EndpointID: "whe_1",
		First: &contract.FirstAttempt{Attempt: delivery.Attempt{At: monday, Status: 503}, Round: 1},
	})
	require.NoError(t, d.GetWorkflowError())
	require.Len(t, d.sends, 1)
	assert.WithinRange(t, d.sends[0], monday.Add(4*time.Second), monday.Add(6*time.Second))
	require.Len(t, d.record.Attempts, 2)
	assert.Equal(t, 503, d.record.Attempts[0].Status)
	assert.Equal(t, []time.Time{monday, monday}, d.since)
}

func TestALongDeliveryContinuesAsNewWhenTheCompanyAsksAgain(t *testing.T) {
	t.Parallel()
	d := tell(t)
	d.status = func(int) int { return 500 }
	d.SetContinueAsNewSuggested(true)
	d.asks(time.Second)
	d.ExecuteWorkflow(contract.EventDeliveryType, contract.DeliverEvent{CompanyID: "cmp_1", EventID: "evt_1", EndpointID: "whe_1"})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, d.GetWorkflowError(), &again)
}
