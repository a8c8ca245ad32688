package refunding

import (
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/refunding"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/workflows/contract"
)

func TestRefundThatShowsUpAfterAllIsNotAskedForTwice(t *testing.T) {
	t.Parallel()
	for _, choice := range []exception.Choice{exception.TryAgain, exception.DidNotHappen} {
		g := giveBack(t).answers(steps.RefundOutcome{State: refund.Unknown}, nil)
		g.found = steps.RefundOutcome{State: refund.Unknown}
		g.at(2*time.Hour, func() { g.found = steps.RefundOutcome{State: refund.Authorized} }) // Saferpay's data lagged further behind
		g.decide(3*time.Hour, choice)
		assert.Equal(t, refund.Captured, g.run(), choice)
		assert.Equal(t, []int{1, 2, 1, 0}, []int{g.calls["send"], g.calls["find"], g.calls["book captured"], g.calls["ask again"] + g.calls["fail"]}, choice)
	}
}

func TestRefundIsLookedForAgainWhenTheSweepSawIt(t *testing.T) {
	t.Parallel()
	g := giveBack(t).answers(steps.RefundOutcome{State: refund.Unknown}, nil)
	g.found = steps.RefundOutcome{State: refund.Unknown}
	g.at(20*time.Hour, func() {
		g.found = steps.RefundOutcome{State: refund.Captured}
		g.SignalWorkflow(contract.SignalTryAgain, contract.PaymentHint{PaymentID: "pay_1"})
	})
	assert.Equal(t, refund.Captured, g.run())
	assert.Equal(t, []int{1, 2, 1}, []int{g.calls["send"], g.calls["find"], g.calls["resolve cleared_up"]})
}
