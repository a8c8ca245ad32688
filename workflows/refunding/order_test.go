package refunding

import (
	"context"
	"testing"
	"time"

	payermailsteps "github.com/quittance/quittance/activities/payermail"
	steps "github.com/quittance/quittance/activities/refunding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	escalationsteps "github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestADecisionWaitsUntilTheRefundIsRecorded(t *testing.T) {
	t.Parallel()
	decided := make(chan struct{})
	early := false
	g := awaiting(t, false, func(g *giving) {
		g.OnActivity(do.RecordRefundRequest, mock.Anything, mock.Anything).Return(func(context.Context, contract.RequestRefund) (steps.RefundTerms, error) {
			<-decided
			return steps.RefundTerms{State: refund.AwaitingApproval}, nil
		})
		g.OnActivity(do.DecideRefund, mock.Anything, mock.Anything).Return(func(context.Context, steps.Decided) (refund.State, error) {
			g.mu.Lock()
			defer g.mu.Unlock()
			early = early || len(g.order) == 0
			g.order = append(g.order, "decide")
			return refund.Failed, nil
		})
	})
	answer := &flowtest.Answer[contract.Acknowledged]{}
	g.at(0, func() {
		g.UpdateWorkflow(contract.UpdateApprove, "", flowtest.Callback(answer), contract.DecideRefund{Decider: refund.Decider{By: "Anna (anna)"}})
		go func() {
			time.Sleep(50 * time.Millisecond) // a decision that does not wait has its turn
			g.mu.Lock()
			g.order = append([]string{"recorded"}, g.order...)
			g.mu.Unlock()
			close(decided)
		}()
	})
	assert.Equal(t, refund.Failed, g.run())
	require.NoError(t, answer.Err)
	assert.False(t, early)
}

func TestARefundThatIsReleasedStillRestsAsLongAsSaferpayWants(t *testing.T) {
	t.Parallel()
	g := awaiting(t, false).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
	start := g.Now()
	g.terms.CapturedAt, g.terms.Rest = start, 2*time.Hour
	g.approve(time.Hour, true, "Anna (anna)")
	assert.Equal(t, refund.Captured, g.run())
	assert.WithinDuration(t, start.Add(2*time.Hour), g.times["send"], time.Second)
}

func TestADoubtThatCannotBeRecordedIsPutBeforeAPersonFirst(t *testing.T) {
	t.Parallel()
	g := giveBack(t).answers(steps.RefundOutcome{}, errLost)
	g.failing = map[string]error{"doubt": flowtest.ErrRefused}
	g.found = steps.RefundOutcome{State: refund.Authorized}
	assert.Equal(t, refund.Captured, g.run())
	assert.Equal(t, []string{"send", "doubt", "raise booking_failed", "doubt", "resolve cleared_up", "find"}, g.order[:6])
}

func TestARefundMadeByHandIsRecordedOnTheExceptionThatIsJustBeingRaised(t *testing.T) {
	t.Parallel()
	g := giveBack(t, func(g *giving) {
		g.OnActivity(flowtest.Escalation.RaiseException, mock.Anything, mock.Anything).After(time.Minute).Return(escalationsteps.Raised{ExceptionID: "exc_1"}, nil).Once()
	}).answers(steps.RefundOutcome{ByHand: true}, nil)
	recorded := &flowtest.Answer[contract.Acknowledged]{}
	g.at(30*time.Second, func() {
		g.UpdateWorkflow(contract.UpdateRecorded, "", flowtest.Callback(recorded), contract.RefundRecorded{By: "key_1"})
	})
	assert.Equal(t, refund.Recorded, g.run())
	require.NoError(t, recorded.Err)
	assert.True(t, recorded.Answered)
}

func TestAnExceptionIsClosedBeforeWhatSaferpayTookIsBooked(t *testing.T) {
	t.Parallel()
	g := giveBack(t)
	for range refundTries {
		g.answers(steps.RefundOutcome{State: refund.Requested, Why: "It is busy."}, nil)
	}
	g.answers(steps.RefundOutcome{State: refund.Captured}, nil)
	assert.Equal(t, refund.Captured, g.run())
	assert.Equal(t, []string{"raise refund_not_taken", "send", "resolve cleared_up", "book captured"}, g.order[len(g.order)-4:])
}

func TestThePayerIsMailedAtOnceAndWhoeverWaitsGetsAnAnswerBeforeTheEnd(t *testing.T) {
	t.Parallel()
	var mailed time.Time
	g := giveBack(t, func(g *giving) {
		g.OnActivity(flowtest.Escalation.ResolveException, mock.Anything, mock.Anything).After(time.Hour).Return(nil).Once()
	}).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
	g.RegisterActivity(&payermailsteps.Activities{})
	var mails *payermailsteps.Activities
	g.OnActivity(mails.SendPayerMail, mock.Anything, mock.Anything).Return(func(context.Context, payermailsteps.Ref) (activities.Sent, error) {
		mailed = g.Now()
		return activities.Sent{}, nil
	})
	g.OnActivity(mails.RecordPayerMail, mock.Anything, mock.Anything).Return(nil)
	g.back = activities.GivenBack{MailQueued: true}
	start := g.Now()
	g.terms = steps.RefundTerms{CapturedAt: start, Rest: time.Minute}
	other := &flowtest.Answer[contract.Acknowledged]{}
	g.at(30*time.Second, func() {
		g.UpdateWorkflow(contract.UpdateResolve, "", flowtest.Callback(other), contract.ResolveException{ExceptionID: "exc_0", Choice: "acknowledge", By: "key_1"})
	})
	assert.Equal(t, refund.Captured, g.run())
	assert.WithinDuration(t, start.Add(time.Minute), mailed, time.Second)
	require.NoError(t, other.Err)
	assert.True(t, other.Answered)
	assert.WithinDuration(t, start.Add(time.Hour), g.Now(), time.Minute, "it did not end before")
}
