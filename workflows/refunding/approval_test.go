package refunding

import (
	"context"
	"sync"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/refunding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

// awaiting is a refund that awaits approval. The first decision stands; one by key_1, who asked for it, is refused.
func awaiting(t *testing.T, takeUp bool, first ...func(*giving)) *giving {
	t.Helper()
	g := giveBack(t, first...)
	g.takeUp, g.terms.State = takeUp, refund.AwaitingApproval
	record := refund.Refund{ID: "ref_1", AskedBy: "key_1", State: refund.AwaitingApproval, Timeline: []refund.Step{{State: refund.AwaitingApproval}}}
	var locked sync.Mutex // as the record is by a transaction
	released := make(chan struct{})
	g.OnActivity(do.DecideRefund, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.Decided) (refund.State, error) {
		if in.By == "Bruno (bruno)" {
			<-released // he is a moment late
		}
		locked.Lock()
		defer locked.Unlock()
		err := record.Decide(in.Release, in.Decider, g.Now())
		if err != nil {
			err = temporal.NewNonRetryableApplicationError(err.Error(), string(problem.CodeOf(err)), nil, []problem.Field{})
		}
		if in.By == "Anna (anna)" {
			close(released)
		}
		return record.State, err
	}).Maybe()
	return g
}

func (g *giving) approve(d time.Duration, release bool, by string) *flowtest.Answer[contract.Acknowledged] {
	a := &flowtest.Answer[contract.Acknowledged]{}
	g.at(d, func() {
		g.UpdateWorkflow(contract.UpdateApprove, by, flowtest.Callback(a), contract.DecideRefund{Decider: refund.Decider{By: by, UserID: by}, Release: release})
	})
	return a
}

func TestNothingLeavesBeforeASecondPersonReleasesTheRefund(t *testing.T) {
	t.Parallel()
	for _, takeUp := range []bool{false, true} {
		g := awaiting(t, takeUp).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
		start := g.Now()
		g.at(time.Hour, func() { g.SignalWorkflow(contract.SignalTryAgain, contract.PaymentHint{PaymentID: "pay_1"}) })
		same, other, late := g.approve(24*time.Hour, true, "key_1"), g.approve(72*time.Hour, true, "Anna (anna)"), g.approve(72*time.Hour, false, "Bruno (bruno)")
		assert.Equal(t, refund.Captured, g.run())
		assert.WithinDuration(t, start.Add(72*time.Hour), g.times["send"], time.Second)
		assert.Equal(t, 1, g.calls["send"])
		assert.Equal(t, []problem.Code{problem.SecondPersonNeeded, "", problem.RefundNotAwaiting}, []problem.Code{
			problem.CodeOf(contract.Problem(same.Err)), problem.CodeOf(contract.Problem(other.Err)), problem.CodeOf(contract.Problem(late.Err)),
		})
	}
}

func TestARefusedRefundIsAtItsEndAndNothingHasLeft(t *testing.T) {
	t.Parallel()
	g := awaiting(t, false)
	refused := g.approve(time.Hour, false, "Anna (anna)")
	assert.Equal(t, refund.Failed, g.run())
	require.NoError(t, refused.Err)
	assert.Empty(t, g.calls)
}
