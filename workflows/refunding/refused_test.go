package refunding

import (
	"testing"
	"time"

	escalationsteps "github.com/quittance/quittance/activities/escalation"
	steps "github.com/quittance/quittance/activities/refunding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestRefusedRefundFails(t *testing.T) {
	t.Parallel()
	g := giveBack(t).answers(steps.RefundOutcome{State: refund.Failed}, nil)
	assert.Equal(t, refund.Failed, g.run())
	assert.Equal(t, map[string]int{"send": 1}, g.calls)
}

func TestPendingRefundIsLookedAtOnce(t *testing.T) {
	t.Parallel()
	for out, want := range map[refund.State]refund.State{refund.Captured: refund.Captured, refund.Failed: refund.Failed, refund.Pending: refund.Recorded} {
		g := giveBack(t).answers(steps.RefundOutcome{State: refund.Pending}, nil)
		g.asked = steps.RefundOutcome{State: out}
		g.decide(72*time.Hour, exception.Happened)
		assert.Equal(t, want, g.run(), out)
		assert.Equal(t, 1, g.calls["ask"])
	}
}

func TestRefundThatIsNotAllowedIsTheAnswerAndTheEnd(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	g := &giving{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t}
	register(g, 1)
	g.RegisterActivity(&steps.Activities{})
	g.RegisterActivity(&escalationsteps.Activities{})
	g.OnActivity(do.RecordRefundRequest, mock.Anything, mock.Anything).Return(steps.RefundTerms{},
		temporal.NewNonRetryableApplicationError("too much", string(problem.RefundExceedsPayment), nil, []problem.Field{}))
	request := &flowtest.Answer[contract.Acknowledged]{}
	g.at(0, func() { g.UpdateWorkflow(contract.UpdateRefund, "request", flowtest.Callback(request)) })
	assert.Equal(t, refund.Requested, g.run())
	assert.Equal(t, problem.RefundExceedsPayment, problem.CodeOf(request.Err))
}

func TestRefundThatWaitsForCredentialsGoesOnWhenTheyAreRenewed(t *testing.T) {
	t.Parallel()
	g := giveBack(t)
	g.answers(steps.RefundOutcome{State: refund.Requested}, nil).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
	start := g.Now()
	g.at(time.Minute, func() {
		g.SignalWorkflow(contract.SignalTryAgain, contract.PaymentHint{PaymentID: "pay_1", OnlyFailed: true})
	})
	assert.Equal(t, refund.Captured, g.run())
	assert.WithinDuration(t, start.Add(time.Minute), g.times["send"], time.Second)
}

func TestRefundIsNotAskedForEarlierThanItMayBe(t *testing.T) {
	t.Parallel()
	g := giveBack(t)
	start := g.Now()
	g.terms = steps.RefundTerms{CapturedAt: start, Rest: 2 * time.Hour}
	g.answers(steps.RefundOutcome{State: refund.Authorized}, nil)
	g.at(time.Minute, func() {
		g.SignalWorkflow(contract.SignalTryAgain, contract.PaymentHint{PaymentID: "pay_1", OnlyFailed: true})
	})
	assert.Equal(t, refund.Captured, g.run())
	assert.WithinDuration(t, start.Add(2*time.Hour), g.times["send"], time.Second)
}
