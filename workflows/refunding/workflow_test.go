package refunding

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	escalationsteps "github.com/quittance/quittance/activities/escalation"
	steps "github.com/quittance/quittance/activities/refunding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// giving is one Refund under test, with a Saferpay that answers as told. Time skips.
type giving struct {
	*testsuite.TestWorkflowEnvironment
	t       *testing.T
	mu      sync.Mutex // two decisions are recorded at once
	terms   steps.RefundTerms
	sent    []func() (steps.RefundOutcome, error) // what SendRefund answers, in turn
	stuck   []error                               // what CaptureRefund answers before it works
	found   steps.RefundOutcome                   // what FindRefund answers
	asked   steps.RefundOutcome                   // what AskRefund answers
	back    activities.GivenBack                  // what BookRefund answers
	takeUp  bool
	decided exception.Choice // what was recorded of the exception
	calls   map[string]int
	times   map[string]time.Time // when a step ran last
	order   []string             // in which they ran
	failing map[string]error     // what a step answers once
}

// giveBack prepares a refund. What first expects is expected before all else.
func giveBack(t *testing.T, first ...func(*giving)) *giving {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	g := &giving{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, calls: map[string]int{}, times: map[string]time.Time{}}
	g.SetTestTimeout(20 * time.Second)
	register(g, 1)
	g.RegisterActivity(&steps.Activities{})
	g.RegisterActivity(&escalationsteps.Activities{})
	for _, expect := range first {
		expect(g)
	}
	g.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Maybe()
	note := func(step string) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.calls[step]++
		g.times[step] = g.Now()
		g.order = append(g.order, step)
	}
	g.OnActivity(do.RecordRefundRequest, mock.Anything, mock.Anything).Return(func(context.Context, contract.RequestRefund) (steps.RefundTerms, error) {
		return g.terms, nil
	}).Maybe()
	g.OnActivity(do.SendRefund, mock.Anything, mock.Anything).Return(func(context.Context, activities.RefundRef) (steps.RefundOutcome, error) {
		note("send")
		require.NotEmpty(t, g.sent, "the refund was asked for too often")
		answer := g.sent[0]
		g.sent = g.sent[1:]
		return answer()
	}).Maybe()
	g.OnActivity(do.DoubtRefund, mock.Anything, mock.Anything).Return(func(context.Context, activities.RefundRef) error {
		note("doubt")
		err := g.failing["doubt"]
		delete(g.failing, "doubt")
		return err
	}).Maybe()
	g.OnActivity(do.FindRefund, mock.Anything, mock.Anything).Return(func(context.Context, activities.RefundRef) (steps.RefundOutcome, error) {
		note("find")
		return g.found, nil
	}).Maybe()
	g.OnActivity(do.AskRefund, mock.Anything, mock.Anything).Return(func(context.Context, activities.RefundRef) (steps.RefundOutcome, error) {
		note("ask")
		return g.asked, nil
	}).Maybe()
	g.OnActivity(do.CaptureRefund, mock.Anything, mock.Anything).Return(func(context.Context, activities.RefundRef) (steps.RefundOutcome, error) {
		note("capture")
		if len(g.stuck) > 0 {
			err := g.stuck[0]
			g.stuck = g.stuck[1:]
			return steps.RefundOutcome{}, err
		}
		return steps.RefundOutcome{State: refund.Captured}, nil
	}).Maybe()
	g.OnActivity(do.BookRefund, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.GiveBack) (activities.GivenBack, error) {
		note("book " + string(in.State))
		return g.back, nil
	}).Maybe()
	g.OnActivity(do.ReopenRefund, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.Reopen) error {
		note(map[bool]string{true: "ask again", false: "fail"}[in.Again])
		return nil
	}).Maybe()
	g.OnActivity(flowtest.Escalation.RaiseException, mock.Anything, mock.Anything).Return(func(_ context.Context, in escalationsteps.Raise) (escalationsteps.Raised, error) {
		note("raise " + string(in.Kind))
		g.mu.Lock()
		defer g.mu.Unlock()
		g.decided = "" // a new one of the same name
		return escalationsteps.Raised{ExceptionID: "exc_1"}, nil
	}).Maybe()
	g.OnActivity(flowtest.Escalation.ResolveException, mock.Anything, mock.Anything).Return(func(_ context.Context, in escalationsteps.Resolve) error {
		g.mu.Lock()
		before := g.decided
		if before == "" {
			g.decided = in.Choice
		}
		g.mu.Unlock()
		if before != "" && before != in.Choice {
			return temporal.NewNonRetryableApplicationError("decided before", string(problem.ExceptionResolved), nil, []problem.Field{})
		}
		note("resolve " + string(in.Choice))
		return nil
	}).Maybe()
	return g
}

// answers adds an answer to a refund request.
func (g *giving) answers(out steps.RefundOutcome, err error) *giving {
	g.sent = append(g.sent, func() (steps.RefundOutcome, error) { return out, err })
	return g
}

func (g *giving) at(d time.Duration, fn func()) { g.RegisterDelayedCallback(fn, d) }

func (g *giving) decide(d time.Duration, choice exception.Choice) *flowtest.Answer[contract.Acknowledged] {
	a := &flowtest.Answer[contract.Acknowledged]{}
	g.at(d, func() {
		g.UpdateWorkflow(contract.UpdateResolve, "", flowtest.Callback(a), contract.ResolveException{ExceptionID: "exc_1", Choice: choice, By: "key_1"})
	})
	return a
}

func (g *giving) run() refund.State {
	g.t.Helper()
	g.ExecuteWorkflow(contract.RefundType, contract.RequestRefund{CompanyID: "cmp_1", RefundID: "ref_1", PaymentID: "pay_1", OrderID: "Q1", TakeUp: g.takeUp})
	require.True(g.t, g.IsWorkflowCompleted())
	require.NoError(g.t, g.GetWorkflowError())
	var out Returned
	require.NoError(g.t, g.GetWorkflowResult(&out))
	return out.State
}

var errLost = errors.New("connection reset")

func TestAnInvoiceHearsThatMoneyWhichCameTwiceHasGoneBack(t *testing.T) {
	t.Parallel()
	for name, ended := range map[string]error{"its process waits": nil, "its process has ended": &temporal.UnknownExternalWorkflowExecutionError{}} {
		g := giveBack(t).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
		g.back = activities.GivenBack{InvoiceID: "inv_1", PaymentID: "pay_1", Unparked: true}
		g.OnSignalExternalWorkflow(mock.Anything, "invoice/inv_1", "", contract.SignalMoneyReturned, contract.PaymentHint{PaymentID: "pay_1"}).Return(ended).Once()
		assert.Equal(t, refund.Captured, g.run(), name)
		g.AssertExpectations(t)
	}
}

func TestRefundIsAskedForCapturedAndBooked(t *testing.T) {
	t.Parallel()
	g := giveBack(t).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
	request := &flowtest.Answer[contract.Acknowledged]{}
	g.at(0, func() { g.UpdateWorkflow(contract.UpdateRefund, "request", flowtest.Callback(request)) })
	assert.Equal(t, refund.Captured, g.run())
	require.NoError(t, request.Err)
	assert.True(t, request.Answered)
	assert.Equal(t, map[string]int{"send": 1, "capture": 1, "book captured": 1}, g.calls)
}

func TestTWINTRefundWaitsTwoHoursAfterThePayment(t *testing.T) {
	t.Parallel()
	g := giveBack(t).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
	start := g.Now()
	g.terms = steps.RefundTerms{CapturedAt: start.Add(-30 * time.Minute), Rest: 2 * time.Hour}
	assert.Equal(t, refund.Captured, g.run())
	assert.WithinDuration(t, start.Add(90*time.Minute), g.times["send"], time.Minute)
}

func TestLostAnswerIsLookedForAndNeverRepeated(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]*giving{
		"Saferpay's answer was lost":  giveBack(t).answers(steps.RefundOutcome{State: refund.Unknown}, nil),
		"the worker died on the way":  giveBack(t).answers(steps.RefundOutcome{}, errLost),
		"the heartbeat was not heard": giveBack(t).answers(steps.RefundOutcome{}, temporal.NewHeartbeatTimeoutError()),
	} {
		g.found = steps.RefundOutcome{State: refund.Authorized}
		start := g.Now()
		assert.Equal(t, refund.Captured, g.run(), name)
		assert.Equal(t, 1, g.calls["send"], name)
		assert.Equal(t, 1, g.calls["book captured"], name)
		assert.WithinDuration(t, start.Add(flow.InquireLag), g.times["find"], time.Minute, name)
	}
}

func TestPersonDecidesOnARefundThatNobodyFinds(t *testing.T) {
	t.Parallel()
	for choice, want := range map[exception.Choice]struct {
		state refund.State
		step  string
		sends int
	}{
		exception.Happened:     {refund.Recorded, "book recorded", 1},
		exception.DidNotHappen: {refund.Failed, "fail", 1},
		exception.TryAgain:     {refund.Captured, "ask again", 2},
	} {
		g := giveBack(t).answers(steps.RefundOutcome{State: refund.Unknown}, nil).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
		g.found = steps.RefundOutcome{State: refund.Unknown}
		decision := g.decide(48*time.Hour, choice)
		assert.Equal(t, want.state, g.run(), choice)
		require.NoError(t, decision.Err)
		assert.Equal(t, 1, g.calls[want.step], choice)
		assert.Equal(t, want.sends, g.calls["send"], choice)
		g.AssertCalled(t, "workflow.UpsertTypedSearchAttributes", temporal.NewSearchAttributes(contract.NeedsAttention.ValueSet(true)))
	}
}

func TestLicenseWithoutRefundsIsDoneByHandAndRecorded(t *testing.T) {
	t.Parallel()
	g := giveBack(t).answers(steps.RefundOutcome{State: refund.Requested, ByHand: true}, nil)
	tooEarly, recorded := &flowtest.Answer[contract.Acknowledged]{}, &flowtest.Answer[contract.Acknowledged]{}
	g.OnActivity(do.SendRefund, mock.Anything, mock.Anything).Maybe()
	g.at(24*time.Hour, func() {
		g.UpdateWorkflow(contract.UpdateRecorded, "", flowtest.Callback(recorded), contract.RefundRecorded{})
	})
	assert.Equal(t, refund.Recorded, g.run())
	require.NoError(t, recorded.Err)
	assert.Equal(t, map[string]int{"send": 1, "raise refund_by_hand": 1, "resolve it_happened": 1, "book recorded": 1}, g.calls)

	early := giveBack(t).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
	early.terms = steps.RefundTerms{CapturedAt: early.Now(), Rest: 2 * time.Hour}
	early.at(time.Minute, func() {
		early.UpdateWorkflow(contract.UpdateRecorded, "", flowtest.Callback(tooEarly), contract.RefundRecorded{})
	})
	assert.Equal(t, refund.Captured, early.run())
	assert.Equal(t, problem.RefundNotRecordable, problem.CodeOf(tooEarly.Err))
}

func TestRefundThatSaferpayDoesNotTakeIsAskedForAgainAndThenPutBeforeAPerson(t *testing.T) {
	t.Parallel()
	notTaken := steps.RefundOutcome{State: refund.Requested, Why: "Saferpay answered RETRY_LATER"}
	g := giveBack(t)
	for range 6 {
		g.answers(notTaken, nil)
	}
	g.answers(steps.RefundOutcome{State: refund.Authorized}, nil)
	start := g.Now()
	early := -1
	g.at(100*time.Minute, func() { early = g.calls["raise refund_not_taken"] })
	assert.Equal(t, refund.Captured, g.run())
	assert.Zero(t, early)
	assert.Equal(t, 7, g.calls["send"])
	assert.Equal(t, 1, g.calls["raise refund_not_taken"])
	assert.Equal(t, 1, g.calls["resolve cleared_up"])
	assert.WithinDuration(t, start.Add((15+30+60+120+240+360)*time.Minute), g.times["send"], time.Minute)
}

func TestADecisionIsRefusedWhileTheRefundIsAskedForSinceItWouldNotBeCarriedOut(t *testing.T) {
	t.Parallel()
	g := giveBack(t)
	for range refundTries {
		g.answers(steps.RefundOutcome{State: refund.Requested, Why: "Saferpay answered RETRY_LATER"}, nil)
	}
	meanwhile, recorded := &flowtest.Answer[contract.Acknowledged]{}, &flowtest.Answer[contract.Acknowledged]{}
	g.sent = append(g.sent, func() (steps.RefundOutcome, error) {
		g.UpdateWorkflow(contract.UpdateResolve, "", flowtest.Callback(meanwhile), contract.ResolveException{ExceptionID: "exc_1", Choice: exception.Happened, By: "key_1"})
		g.UpdateWorkflow(contract.UpdateRecorded, "", flowtest.Callback(recorded), contract.RefundRecorded{By: "key_1"})
		return steps.RefundOutcome{State: refund.Authorized}, nil
	})
	assert.Equal(t, refund.Captured, g.run())
	for _, a := range []*flowtest.Answer[contract.Acknowledged]{meanwhile, recorded} {
		assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(a.Err))
	}
	assert.Equal(t, []int{1, 0, 1}, []int{g.calls["resolve cleared_up"], g.calls["book recorded"], g.calls["book captured"]})
}

func TestRefundThatSaferpayDoesNotTakeCanBeEnded(t *testing.T) {
	t.Parallel()
	for choice, want := range map[exception.Choice]refund.State{exception.DidNotHappen: refund.Failed, exception.Happened: refund.Recorded} {
		g := giveBack(t)
		for range refundTries {
			g.answers(steps.RefundOutcome{State: refund.Requested}, nil)
		}
		g.decide(3*time.Hour, choice)
		assert.Equal(t, want, g.run(), choice)
	}
}

func TestAcceptedRefundThatCannotBeCapturedIsPutBeforeAPerson(t *testing.T) {
	t.Parallel()
	for choice, want := range map[exception.Choice]refund.State{
		exception.TryAgain: refund.Captured, exception.Happened: refund.Recorded, exception.DidNotHappen: refund.Failed,
	} {
		g := giveBack(t).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
		g.stuck = []error{temporal.NewNonRetryableApplicationError("Saferpay said no", activities.SaferpayRefused, nil)}
		g.decide(30*time.Minute, choice)
		assert.Equal(t, want, g.run(), choice)
		assert.Equal(t, 1, g.calls["send"], choice)
		assert.Equal(t, 1, g.calls["raise refund_stuck"], choice)
	}
}

func TestPendingRefundIsNeverAskedForAgain(t *testing.T) {
	t.Parallel()
	g := giveBack(t).answers(steps.RefundOutcome{State: refund.Pending}, nil)
	g.asked = steps.RefundOutcome{State: refund.Pending}
	g.decide(48*time.Hour, exception.TryAgain)
	g.at(49*time.Hour, func() { g.asked = steps.RefundOutcome{State: refund.Captured} })
	g.decide(50*time.Hour, exception.TryAgain)
	assert.Equal(t, refund.Captured, g.run())
	assert.Equal(t, 1, g.calls["send"])
	assert.Equal(t, 3, g.calls["ask"])
	assert.Zero(t, g.calls["ask again"])
}

func TestRecordingAndDecidingARefundAtOnceEndsItOnce(t *testing.T) {
	t.Parallel()
	g := giveBack(t).answers(steps.RefundOutcome{State: refund.Unknown}, nil)
	g.found = steps.RefundOutcome{State: refund.Unknown}
	decision, recorded := g.decide(48*time.Hour, exception.DidNotHappen), &flowtest.Answer[contract.Acknowledged]{}
	g.at(48*time.Hour, func() {
		g.UpdateWorkflow(contract.UpdateRecorded, "", flowtest.Callback(recorded), contract.RefundRecorded{By: "key_2"})
	})
	switch g.run() { // whichever was first
	case refund.Failed:
		require.NoError(t, decision.Err)
		assert.Equal(t, problem.ExceptionResolved, problem.CodeOf(recorded.Err))
		assert.Equal(t, map[string]int{"send": 1, "find": 2, "raise refund_unclear": 1, "resolve it_did_not": 1, "fail": 1}, g.calls)
	case refund.Recorded:
		require.NoError(t, recorded.Err)
		assert.Equal(t, problem.ExceptionResolved, problem.CodeOf(decision.Err))
		assert.Equal(t, map[string]int{"send": 1, "find": 1, "raise refund_unclear": 1, "resolve it_happened": 1, "book recorded": 1}, g.calls)
	default:
		assert.Fail(t, "the refund did not end as one of the two decided")
	}
}

func TestRefundThatWasEndedFromOutsideIsLookedForBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	for state, want := range map[refund.State]map[string]int{
		refund.Requested:  {"doubt": 1, "find": 1, "capture": 1, "book captured": 1}, // nobody knows whether it was asked for
		refund.Unknown:    {"find": 1, "capture": 1, "book captured": 1},
		refund.Authorized: {"capture": 1, "book captured": 1},
		refund.Captured:   {},
	} {
		g := giveBack(t)
		g.terms.State, g.found = state, steps.RefundOutcome{State: refund.Authorized}
		g.takeUp = true
		assert.Equal(t, refund.Captured, g.run(), state)
		assert.Equal(t, want, g.calls, state)
	}
}
