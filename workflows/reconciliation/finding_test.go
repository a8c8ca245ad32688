package reconciliation

import (
	"context"
	"testing"
	"time"

	escalationsteps "github.com/quittance/quittance/activities/escalation"
	steps "github.com/quittance/quittance/activities/reconciliation"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sweep"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

// deciding is one Finding under test. Time skips.
type deciding struct {
	*testsuite.TestWorkflowEnvironment
	t       *testing.T
	in      contract.OpenFinding
	earlier string // the id of an exception that stands for the same thing already
	refuses error  // why Saferpay, or the books, don't do what was decided
	taken   money.Amount
	done    []string
	booked  []money.Amount
	back    activities.GivenBack // what a recorded refund came to
	listed  []bool               // whether it stands on the operators' list, each time that changed
}

func decide(t *testing.T, toBook string, choices ...exception.Choice) *deciding {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	d := &deciding{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, taken: money.MustParse("50.00", money.CHF), in: contract.OpenFinding{
		CompanyID: "cmp_1", PaymentServiceID: "psv_1", Found: contract.Found{ExceptionID: "exc_1", Finding: sweep.Finding{
			Kind: exception.OrphanTransaction, Subject: "T1", TransactionID: "T1", PaymentID: "pay_1", InvoiceID: "inv_1", Detail: "Saferpay did it.",
			Choices: choices, Amount: money.MustParse("50.00", money.CHF), ToBook: money.MustParse(toBook, money.CHF),
		}},
	}}
	d.SetTestTimeout(20 * time.Second)
	register(d, 1)
	d.RegisterActivity(&steps.Activities{})
	d.RegisterActivity(&escalationsteps.Activities{})
	d.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		needed, _ := args[0].(temporal.SearchAttributes).GetBool(contract.NeedsAttention)
		d.listed = append(d.listed, needed)
	}).Return(nil).Maybe()
	d.OnActivity(flowtest.Escalation.RaiseException, mock.Anything, mock.Anything).Return(func(_ context.Context, in escalationsteps.Raise) (escalationsteps.Raised, error) {
		assert.Equal(t, []any{"exc_1", "T1", choices}, []any{in.ExceptionID, in.Subject, in.Choices})
		if d.earlier != "" {
			return escalationsteps.Raised{ExceptionID: d.earlier}, nil
		}
		return escalationsteps.Raised{ExceptionID: in.ExceptionID}, nil
	})
	does := func(what string) error {
		d.done = append(d.done, what)
		return d.refuses
	}
	d.OnActivity(flowtest.Escalation.ResolveException, mock.Anything, mock.Anything).Return(func(_ context.Context, in escalationsteps.Resolve) error {
		d.done = append(d.done, "resolve "+string(in.Choice)+" by "+in.By)
		return nil
	}).Maybe()
	d.OnActivity(do.BookFound, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.FoundMoney) error {
		d.booked = append(d.booked, in.Amount)
		return does("book")
	}).Maybe()
	d.OnActivity(do.RecordFoundRefund, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.FoundRefund) (activities.GivenBack, error) {
		assert.Equal(t, []any{"pay_1", "inv_1", "T1"}, []any{in.PaymentID, in.InvoiceID, in.TransactionID})
		d.booked = append(d.booked, in.Amount)
		return d.back, does("record")
	}).Maybe()
	d.OnActivity(do.CaptureFound, mock.Anything, mock.Anything).Return(func(context.Context, steps.FoundTransaction) (steps.Taken, error) {
		return steps.Taken{Amount: d.taken}, does("capture")
	}).Maybe()
	d.OnActivity(do.ReleaseFound, mock.Anything, mock.Anything).Return(func(context.Context, steps.FoundTransaction) error {
		return does("release")
	}).Maybe()
	return d
}

func (d *deciding) at(after time.Duration, choice exception.Choice) *flowtest.Answer[contract.Acknowledged] {
	a := &flowtest.Answer[contract.Acknowledged]{}
	d.RegisterDelayedCallback(func() {
		d.UpdateWorkflow(contract.UpdateResolve, "", flowtest.Callback(a), contract.ResolveException{ExceptionID: "exc_1", Choice: choice, By: "key_1"})
	}, after)
	return a
}

func (d *deciding) run() exception.Choice {
	d.t.Helper()
	d.ExecuteWorkflow(contract.FindingType, d.in)
	require.True(d.t, d.IsWorkflowCompleted())
	require.NoError(d.t, d.GetWorkflowError())
	var out Decided
	require.NoError(d.t, d.GetWorkflowResult(&out))
	return out.Choice
}

func TestADecisionIsCarriedOutAndThenRecorded(t *testing.T) {
	t.Parallel()
	for choice, c := range map[exception.Choice]struct {
		toBook string
		does   []string
		books  string
	}{
		exception.Book:       {"-8.00", []string{"book"}, "-8.00"},
		exception.Record:     {"-8.00", []string{"record"}, "8.00"},
		exception.Release:    {"50.00", []string{"release"}, ""},
		exception.CaptureNow: {"50.00", []string{"capture", "book"}, "50.00"},
		exception.NotOurs:    {"50.00", nil, ""},
		exception.Accept:     {"-8.00", nil, ""},
	} {
		d := decide(t, c.toBook, choice, exception.Acknowledge)
		decided := d.at(3*7*24*time.Hour, choice)
		assert.Equal(t, choice, d.run())
		require.NoError(t, decided.Err)
		assert.Equal(t, append(c.does, "resolve "+string(choice)+" by key_1"), d.done)
		var booked string
		for _, amount := range d.booked {
			booked += amount.Value()
		}
		assert.Equal(t, c.books, booked, choice)
		d.AssertCalled(t, "workflow.UpsertTypedSearchAttributes", temporal.NewSearchAttributes(contract.NeedsAttention.ValueSet(false)))
	}
}

func TestWhatIsBookedAlreadyIsOnlyCaptured(t *testing.T) {
	t.Parallel()
	d := decide(t, "0.00", exception.CaptureNow, exception.Accept)
	d.at(time.Hour, exception.CaptureNow)
	d.run()
	assert.Equal(t, []string{"capture", "resolve capture_now by key_1"}, d.done)
}

func TestARefundThatNobodyCapturedIsCapturedFirst(t *testing.T) {
	t.Parallel()
	for choice, does := range map[exception.Choice][]string{
		exception.Record:     {"capture", "record"},
		exception.CaptureNow: {"capture", "book"},
		exception.Release:    {"release"},
	} {
		d := decide(t, "-50.00", exception.Record, exception.CaptureNow, exception.Release, exception.Accept)
		d.at(time.Hour, choice)
		d.run()
		assert.Equal(t, append(does, "resolve "+string(choice)+" by key_1"), d.done)
		for _, amount := range d.booked {
			assert.Equal(t, map[exception.Choice]string{exception.Record: "50.00", exception.CaptureNow: "-50.00"}[choice], amount.Value())
		}
	}
}

func TestWhatIsBookedIsWhatTheCaptureMoved(t *testing.T) {
	t.Parallel()
	d := decide(t, "50.00", exception.CaptureNow)
	d.taken = money.MustParse("30.00", money.CHF) // somebody captured a part before
	d.at(time.Hour, exception.CaptureNow)
	d.run()
	require.Len(t, d.booked, 1)
	assert.Equal(t, "30.00", d.booked[0].Value())
}

func TestADecisionThatCannotBeCarriedOutLeavesTheExceptionOpen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refuses error
		want    problem.Code
	}{
		"Saferpay refuses":            {temporal.NewNonRetryableApplicationError("Saferpay answered TRANSACTION_IN_WRONG_STATE", activities.SaferpayRefused, nil), problem.DecisionImpossible},
		"the password is refused":     {temporal.NewNonRetryableApplicationError("the payment service is suspended", activities.CredentialsRevoked, nil), problem.DecisionImpossible},
		"the password is erased":      {temporal.NewNonRetryableApplicationError("the payment service is disconnected", activities.CredentialsErased, nil), problem.DecisionImpossible},
		"nobody knows":                {temporal.NewApplicationError("connection reset", activities.SaferpayUnclear), problem.SaferpayUnavailable},
		"the books refuse the refund": {temporal.NewNonRetryableApplicationError("Only CHF 1.00 is left", string(problem.RefundExceedsPayment), nil, nil), problem.RefundExceedsPayment},
	} {
		d := decide(t, "50.00", exception.Release, exception.NotOurs)
		d.refuses = c.refuses
		refused := d.at(time.Hour, exception.Release)
		otherwise := d.at(2*time.Hour, exception.NotOurs)
		assert.Equal(t, exception.NotOurs, d.run(), name)
		assert.Equal(t, c.want, problem.CodeOf(refused.Err), name)
		require.NoError(t, otherwise.Err)
		assert.NotContains(t, d.done, "resolve release by key_1", name)
	}
}

func TestAChoiceThatIsNotOfferedIsRefused(t *testing.T) {
	t.Parallel()
	d := decide(t, "50.00", exception.Book, exception.NotOurs)
	wrong := d.at(time.Hour, exception.Release)
	d.at(2*time.Hour, exception.NotOurs)
	d.run()
	assert.Equal(t, problem.Invalid, problem.CodeOf(wrong.Err))
	assert.Equal(t, []string{"resolve not_ours by key_1"}, d.done)
}

func TestWhatWasPutBeforeAPersonEarlierIsNotPutThereAgain(t *testing.T) {
	t.Parallel()
	d := decide(t, "50.00", exception.Book)
	d.earlier = "exc_0"
	assert.Empty(t, d.run())
	assert.Empty(t, d.done)
	assert.Equal(t, []bool{false}, d.listed)
}

func TestAnInvoiceHearsThatARefundOfMoneyWhichCameTwiceIsRecorded(t *testing.T) {
	t.Parallel()
	d := decide(t, "-50.00", exception.Record)
	d.back = activities.GivenBack{InvoiceID: "inv_1", PaymentID: "pay_1", Unparked: true}
	d.OnSignalExternalWorkflow(mock.Anything, "invoice/inv_1", "", contract.SignalMoneyReturned, contract.PaymentHint{PaymentID: "pay_1"}).Return(
		func(_, _, _, _ string, _ any) error {
			d.done = append(d.done, "tell")
			return nil
		})
	d.at(time.Hour, exception.Record)
	assert.Equal(t, exception.Record, d.run())
	assert.Equal(t, []string{"record", "tell", "resolve record by key_1"}, d.done)
}
