package onboarding

import (
	"context"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/onboarding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

// wanting is one CurrencyActivation under test. Time skips; it starts on Monday 2 November 2026 at 10:00 in Zurich.
type wanting struct {
	*testsuite.TestWorkflowEnvironment
	t            *testing.T
	standing     steps.CurrencyStanding // what the record says
	contractedAt time.Time              // when the acquirer contracts it; never when zero
	refused      error                  // why it may not be requested
	unreachable  bool                   // Saferpay does not answer
	looks        []time.Time
	passedOn     int
	attention    bool
}

// wants prepares the request. What first expects is expected before all else.
func wants(t *testing.T, first ...func(*wanting)) *wanting {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	w := &wanting{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t,
		standing: steps.CurrencyStanding{Status: merchant.CurrencyRequested, Pending: true, Canton: "VD", PendingMails: true},
	}
	w.SetTestTimeout(20 * time.Second)
	w.SetStartTime(monday)
	register(w, 1)
	w.RegisterActivity(&steps.Activities{})
	for _, expect := range first {
		expect(w)
	}
	w.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		set, _ := args[0].(temporal.SearchAttributes).GetBool(contract.NeedsAttention)
		w.attention = w.attention || set
	}).Return(nil).Maybe()
	w.OnActivity(do.RequestCurrency, mock.Anything, mock.Anything).Return(func(context.Context, steps.CurrencyRef) (steps.CurrencyStanding, error) {
		return w.standing, w.refused
	})
	w.OnActivity(do.CheckCurrency, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.CurrencyRef) (steps.CurrencyStanding, error) {
		assert.Equal(t, money.EUR, in.Currency)
		w.looks = append(w.looks, w.Now())
		if w.unreachable {
			return steps.CurrencyStanding{}, temporal.NewNonRetryableApplicationError("nobody answers", "test", nil)
		}
		w.standing.PendingMails = false
		if !w.contractedAt.IsZero() && !w.Now().Before(w.contractedAt) {
			w.becomes(merchant.CurrencyActive)
		}
		return w.standing, nil
	}).Maybe()
	w.OnActivity(do.RecordCurrencyDecision, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.DecideCurrency) (steps.CurrencyStanding, error) {
		w.becomes(map[bool]merchant.CurrencyStatus{true: merchant.CurrencyActive, false: merchant.CurrencyRejected}[in.Approved])
		return w.standing, nil
	}).Maybe()
	w.OnActivity(do.PassOn, mock.Anything, mock.Anything).Return(func(context.Context, activities.PaymentServiceRef) error {
		w.passedOn++
		return nil
	}).Maybe()
	return w
}

func (w *wanting) becomes(status merchant.CurrencyStatus) {
	w.standing.Status, w.standing.Pending, w.standing.PendingMails = status, false, true
}

func (w *wanting) decides(after time.Duration, approved bool) *flowtest.Answer[contract.CurrencyState] {
	a := &flowtest.Answer[contract.CurrencyState]{}
	w.RegisterDelayedCallback(func() {
		w.UpdateWorkflow(contract.UpdateDecide, "", flowtest.Callback(a), contract.Decision{Approved: approved, Reason: "Told by phone."})
	}, after)
	return a
}

var wanted = contract.RequestCurrency{CompanyID: "cmp_1", PaymentServiceID: "psv_1", Currency: money.EUR}

func (w *wanting) run() merchant.CurrencyStatus {
	w.t.Helper()
	w.ExecuteWorkflow(contract.CurrencyActivationType, wanted)
	require.True(w.t, w.IsWorkflowCompleted())
	require.NoError(w.t, w.GetWorkflowError())
	var out contract.CurrencyState
	require.NoError(w.t, w.GetWorkflowResult(&out))
	return out.Status
}

func TestRequestedCurrencyIsLookedForOnceABusinessDayUntilItIsContracted(t *testing.T) {
	t.Parallel()
	w := wants(t)
	w.contractedAt = monday.AddDate(0, 0, 7)
	request := &flowtest.Answer[contract.CurrencyState]{}
	w.RegisterDelayedCallback(func() { w.UpdateWorkflow(contract.UpdateCurrency, "", flowtest.Callback(request)) }, 0)
	assert.Equal(t, merchant.CurrencyActive, w.run())
	assert.Equal(t, merchant.CurrencyRequested, request.Value.Status)
	assert.Equal(t, []string{"Tue 03.11.", "Wed 04.11.", "Thu 05.11.", "Fri 06.11.", "Mon 09.11."}, days(w.looks))
	assert.Equal(t, 2, w.passedOn, "the request to the acquirer, and the news to the company")
	assert.False(t, w.attention)
}

func TestContractedCurrencyNeedsNoRequest(t *testing.T) {
	t.Parallel()
	w := wants(t)
	w.becomes(merchant.CurrencyActive)
	w.standing.PendingMails = false
	request := &flowtest.Answer[contract.CurrencyState]{}
	w.RegisterDelayedCallback(func() { w.UpdateWorkflow(contract.UpdateCurrency, "", flowtest.Callback(request)) }, 0)
	assert.Equal(t, merchant.CurrencyActive, w.run())
	assert.Equal(t, merchant.CurrencyActive, request.Value.Status)
	assert.Zero(t, w.passedOn)
}

func TestRefusedRequestIsTheAnswerAndTheEnd(t *testing.T) {
	t.Parallel()
	w := wants(t)
	w.standing = steps.CurrencyStanding{}
	w.refused = temporal.NewNonRetryableApplicationError("not active", string(problem.PaymentServiceNotActive), nil, []problem.Field{})
	request := &flowtest.Answer[contract.CurrencyState]{}
	w.RegisterDelayedCallback(func() { w.UpdateWorkflow(contract.UpdateCurrency, "", flowtest.Callback(request)) }, 0)
	assert.Empty(t, w.run())
	assert.Equal(t, problem.PaymentServiceNotActive, problem.CodeOf(request.Err))
}

func TestCurrencyThatTakesLongNeedsAttentionUntilAPersonDecides(t *testing.T) {
	t.Parallel()
	for after, approved := range map[time.Duration]bool{time.Hour: true, 30 * 24 * time.Hour: false} {
		w := wants(t)
		decision := w.decides(after, approved)
		want := map[bool]merchant.CurrencyStatus{true: merchant.CurrencyActive, false: merchant.CurrencyRejected}[approved]
		assert.Equal(t, want, w.run())
		assert.Equal(t, want, decision.Value.Status)
		assert.Equal(t, after > 15*24*time.Hour, w.attention)
	}
}

func TestLookForACurrencyThatFailsIsMadeUpForOnTheNextBusinessDay(t *testing.T) {
	t.Parallel()
	w := wants(t)
	w.contractedAt, w.unreachable = monday, true
	w.RegisterDelayedCallback(func() { w.unreachable = false }, 30*time.Hour)
	assert.Equal(t, merchant.CurrencyActive, w.run())
	assert.Equal(t, []string{"Tue 03.11.", "Wed 04.11."}, days(w.looks))
	assert.True(t, w.attention)
}

func TestLongWaitForACurrencyContinuesAsNew(t *testing.T) {
	t.Parallel()
	w := wants(t)
	w.RegisterDelayedCallback(func() { w.SetContinueAsNewSuggested(true) }, 5*24*time.Hour)
	w.ExecuteWorkflow(contract.CurrencyActivationType, wanted)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, w.GetWorkflowError(), &again)
	var in StartCurrency
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
	assert.Equal(t, StartCurrency{RequestCurrency: contract.RequestCurrency{CompanyID: "cmp_1", PaymentServiceID: "psv_1", Currency: money.EUR}, Looks: 5}, in)
}

// slow has a step take some time, after which it is noted when that was.
func slow[T any](w *wanting, step func(context.Context, T) (steps.CurrencyStanding, error), takes time.Duration, done *time.Time, becomes merchant.CurrencyStatus) {
	w.OnActivity(step, mock.Anything, mock.Anything).After(takes).Return(func(context.Context, T) (steps.CurrencyStanding, error) {
		*done = w.Now()
		if becomes != "" {
			w.becomes(becomes)
		}
		return w.standing, nil
	}).Once()
}

func TestADecisionOnACurrencyWaitsUntilTheRequestIsNoted(t *testing.T) {
	t.Parallel()
	var noted, decided time.Time
	w := wants(t, func(w *wanting) {
		slow(w, do.RequestCurrency, time.Hour, &noted, "")
		slow(w, do.RecordCurrencyDecision, time.Second, &decided, merchant.CurrencyActive)
	})
	decision := w.decides(time.Minute, true)
	assert.Equal(t, merchant.CurrencyActive, w.run())
	require.NoError(t, decision.Err)
	assert.True(t, decided.After(noted), "%s, %s", decided, noted)
}

func TestADecisionOnACurrencyAndALookAtTheTerminalNeverHappenAtOnce(t *testing.T) {
	t.Parallel()
	var looked, decided time.Time
	w := wants(t, func(w *wanting) {
		slow(w, do.CheckCurrency, 48*time.Hour, &looked, "")
		slow(w, do.RecordCurrencyDecision, time.Second, &decided, merchant.CurrencyActive)
	})
	w.decides(36*time.Hour, true)
	assert.Equal(t, merchant.CurrencyActive, w.run())
	assert.True(t, decided.After(looked), "%s, %s", decided, looked)

	w = wants(t, func(w *wanting) {
		slow(w, do.RecordCurrencyDecision, 48*time.Hour, &decided, merchant.CurrencyRejected)
	})
	w.decides(time.Hour, false)
	assert.Equal(t, merchant.CurrencyRejected, w.run())
	assert.Empty(t, w.looks, "what is decided needs no look")
}
