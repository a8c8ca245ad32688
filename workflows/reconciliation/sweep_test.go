package reconciliation

import (
	"context"
	"errors"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/reconciliation"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/sweep"
	"github.com/quittance/quittance/workflows/collection"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/refunding"
)

// sweepingUp is one NightlySweep under test. It starts in the night to Wednesday 25 November 2026, at 03:17 in Zurich.
type sweepingUp struct {
	*testsuite.TestWorkflowEnvironment
	t        *testing.T
	pages    []steps.Compared        // what comparing gives, page by page
	failing  error                   // or why it can't be compared
	asked    []steps.ReportPage      // what was read
	gone     bool                    // the processes of payments are
	order    []string                // in which it went about all that
	signals  []string                // which payments' processes were asked to look
	invoices []contract.IssueInvoice // what processes were started
	refunds  []contract.RequestRefund
	findings []string // the workflow ids and kinds
}

var night = time.Date(2026, 11, 25, 2, 17, 0, 0, time.UTC)

func sweepUp(t *testing.T, scale int64, pages ...steps.Compared) *sweepingUp {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	s := &sweepingUp{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, pages: pages}
	s.SetTestTimeout(20 * time.Second)
	s.SetStartTime(night)
	register(s, scale)
	s.OnActivity(do.CompareReport, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.ReportPage) (steps.Compared, error) {
		s.asked = append(s.asked, in)
		if s.failing != nil {
			return steps.Compared{}, s.failing
		}
		return s.pages[in.Page-1], nil
	})
	s.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, contract.SignalTryAgain, mock.Anything).Return(
		func(_, workflowID, _, _ string, arg any) error {
			s.order = append(s.order, workflowID)
			s.signals = append(s.signals, workflowID+" "+arg.(contract.PaymentHint).PaymentID)
			if s.gone {
				return &temporal.UnknownExternalWorkflowExecutionError{}
			}
			return nil
		}).Maybe()
	s.OnWorkflow(contract.InvoicePaymentType, mock.Anything, mock.Anything).Return(func(_ workflow.Context, in collection.Start) (collection.Collected, error) {
		s.invoices = append(s.invoices, in.IssueInvoice)
		return collection.Collected{}, nil
	}).Maybe()
	s.OnWorkflow(contract.RefundType, mock.Anything, mock.Anything).Return(func(_ workflow.Context, in contract.RequestRefund) (refunding.Returned, error) {
		s.order = append(s.order, contract.RefundID(in.RefundID))
		s.refunds = append(s.refunds, in)
		return refunding.Returned{}, nil
	}).Maybe()
	s.OnWorkflow(contract.FindingType, mock.Anything, mock.Anything).Return(func(ctx workflow.Context, in contract.OpenFinding) (Decided, error) {
		s.order = append(s.order, contract.FindingID(in.Found.ExceptionID))
		s.findings = append(s.findings, workflow.GetInfo(ctx).WorkflowExecution.ID+" "+string(in.Found.Kind))
		return Decided{}, nil
	}).Maybe()
	return s
}

func (s *sweepingUp) run() Swept {
	s.t.Helper()
	s.ExecuteWorkflow(contract.NightlySweepType, contract.SweepPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1"})
	require.True(s.t, s.IsWorkflowCompleted())
	require.NoError(s.t, s.GetWorkflowError())
	var out Swept
	require.NoError(s.t, s.GetWorkflowResult(&out))
	return out
}

var (
	oneCHF       = money.MustParse("1.00", money.CHF)
	paymentThere = steps.PaymentInFlight{
		PaymentRef: activities.PaymentRef{CompanyID: "cmp_1", PaymentID: "pay_1"}, InvoiceID: "inv_1", InvoiceNumber: "R-1", InvoiceStatus: invoice.Open, Amount: oneCHF,
	}
	refundThere = steps.RefundInFlight{RefundRef: activities.RefundRef{CompanyID: "cmp_1", RefundID: "ref_1"}, PaymentID: "pay_2", Amount: oneCHF}
	orphanThere = contract.Found{ExceptionID: "exc_1", Finding: sweep.Finding{
		Kind: exception.OrphanTransaction, Subject: "T1", TransactionID: "T1", Detail: "Saferpay captured CHF 1.00.", Amount: oneCHF, ToBook: oneCHF,
		Choices: []exception.Choice{exception.Book, exception.NotOurs},
	}}
)

func TestSweepReadsWhatSaferpayKnowsUntilYesterday(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 1, steps.Compared{Transactions: 2, More: true}, steps.Compared{Transactions: 1})
	swept := s.run()
	until := time.Date(2026, 11, 24, 22, 59, 0, 0, time.UTC) // 23:59 in Zurich
	assert.Equal(t, Swept{Until: until, Transactions: 3}, Swept{Until: swept.Until.UTC(), Transactions: swept.Transactions})
	require.Len(t, s.asked, 2)
	for i, page := range s.asked {
		assert.Equal(t, []any{i + 1, until, until.AddDate(0, 0, -7), 10 * time.Minute}, []any{page.Page, page.To.UTC(), page.From.UTC(), page.Lag})
	}
}

func TestSweepBeginsWhereTheRecordSaysThatTheLastOneEnded(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 1, steps.Compared{})
	last := night.AddDate(0, 0, -30)
	s.ExecuteWorkflow(contract.NightlySweepType, contract.SweepPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1", SweptUntil: last})
	require.NoError(t, s.GetWorkflowError())
	assert.Equal(t, last.AddDate(0, 0, -7), s.asked[0].From.UTC())
}

func TestSweepMakesUpForNightsThatWereMissed(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 1, steps.Compared{})
	last := night.AddDate(0, 0, -20)
	s.SetLastCompletionResult(Swept{Until: last})
	s.run()
	assert.Equal(t, last.AddDate(0, 0, -7), s.asked[0].From.UTC())
}

func TestSweepThatComparedNothingLeavesItsDaysToALaterOne(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 1, steps.Compared{Skipped: "The payment service is suspended."})
	last := night.AddDate(0, 0, -3)
	s.SetLastCompletionResult(Swept{Until: last})
	swept := s.run()
	assert.Equal(t, last, swept.Until.UTC())
	assert.Equal(t, "The payment service is suspended.", swept.Skipped)
}

func TestSweepThatCannotReadTheReportFails(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 1)
	s.failing = temporal.NewNonRetryableApplicationError("no", activities.CredentialsRevoked, nil)
	s.ExecuteWorkflow(contract.NightlySweepType, contract.SweepPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1"})
	require.ErrorContains(t, s.GetWorkflowError(), activities.CredentialsRevoked)
}

func TestSweepLeavesWhatIsUnderWayToItsProcess(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 1, steps.Compared{Transactions: 1, Payments: []steps.PaymentInFlight{paymentThere}})
	assert.Equal(t, 1, s.run().UnderWay)
	assert.Equal(t, []string{"invoice/inv_1 pay_1"}, s.signals)
	assert.Empty(t, s.invoices)
	assert.Empty(t, s.findings)
}

func TestSweepStartsAProcessAgainThatIsGone(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 1, steps.Compared{Transactions: 2, Payments: []steps.PaymentInFlight{paymentThere}, Refunds: []steps.RefundInFlight{refundThere}})
	s.gone = true
	assert.Equal(t, 2, s.run().UnderWay)
	assert.Equal(t, []contract.IssueInvoice{{CompanyID: "cmp_1", InvoiceID: "inv_1", TakeUp: true}}, s.invoices)
	assert.Equal(t, []contract.RequestRefund{{CompanyID: "cmp_1", RefundID: "ref_1", PaymentID: "pay_2", TakeUp: true}}, s.refunds)
}

func TestSweepPutsWhatItFindsBeforeAPersonAndEnds(t *testing.T) {
	t.Parallel()
	second := orphanThere
	second.ExceptionID, second.Kind = "exc_2", exception.AmountDiffers
	s := sweepUp(t, 1, steps.Compared{Transactions: 5, More: true, Findings: []contract.Found{orphanThere}}, steps.Compared{Findings: []contract.Found{second}})
	assert.Equal(t, 2, s.run().Findings)
	assert.Equal(t, []string{"exception/exc_1 orphan_transaction", "exception/exc_2 amount_differs"}, s.findings)
	assert.WithinDuration(t, night, s.Now(), time.Minute)
}

func TestLongSweepGoesOnWithTheNextPageInAFreshHistory(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 1, steps.Compared{Transactions: 500, More: true, Findings: []contract.Found{orphanThere}}, steps.Compared{Transactions: 1})
	s.SetContinueAsNewSuggested(true)
	s.ExecuteWorkflow(contract.NightlySweepType, contract.SweepPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1"})
	fresh, ok := errors.AsType[*workflow.ContinueAsNewError](s.GetWorkflowError())
	require.True(t, ok)
	var in StartSweep
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(fresh.Input, &in))
	require.Equal(t, 2, in.Resume.Page)

	rest := sweepUp(t, 1, s.pages...)
	rest.ExecuteWorkflow(contract.NightlySweepType, in)
	var out Swept
	require.NoError(t, rest.GetWorkflowResult(&out))
	assert.Equal(t, []any{501, 1, s.asked[0].To.UTC()}, []any{out.Transactions, out.Findings, out.Until.UTC()})
	assert.Len(t, rest.asked, 1)
}

func TestWhereTimePassesFasterTheReportReachesToNow(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 3600, steps.Compared{})
	s.run()
	assert.WithinDuration(t, night, s.asked[0].To, time.Second)
	assert.Equal(t, 10*time.Minute/3600, s.asked[0].Lag)
}

func TestSweepSeesToWhatIsUnderWayBeforeItAsksAPerson(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 1, steps.Compared{
		Payments: []steps.PaymentInFlight{paymentThere}, Refunds: []steps.RefundInFlight{refundThere}, Findings: []contract.Found{orphanThere},
	})
	s.run()
	assert.Equal(t, []string{"invoice/inv_1", "refund/ref_1", "exception/exc_1"}, s.order)
}

func TestSweepThatCannotAskAProcessToLookFails(t *testing.T) {
	t.Parallel()
	s := sweepUp(t, 1, steps.Compared{Refunds: []steps.RefundInFlight{refundThere}})
	s.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: contract.RefundID("ref_1")}) // so that there is one of that name already
	s.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&deaf{}}})
	s.ExecuteWorkflow(contract.NightlySweepType, contract.SweepPaymentService{CompanyID: "cmp_1", PaymentServiceID: "psv_1"})
	require.ErrorContains(t, s.GetWorkflowError(), "no answer")
}

// deaf is a Temporal that takes no signals.
type (
	deaf struct {
		interceptor.WorkerInterceptorBase
	}
	deafInbound struct {
		interceptor.WorkflowInboundInterceptorBase
	}
	deafOutbound struct {
		interceptor.WorkflowOutboundInterceptorBase
	}
)

func (deaf) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &deafInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

func (d *deafInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return d.Next.Init(&deafOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: next}})
}

func (deafOutbound) SignalExternalWorkflow(ctx workflow.Context, _, _, _ string, _ any) workflow.Future {
	failed, answer := workflow.NewFuture(ctx)
	answer.SetError(errors.New("no answer"))
	return failed
}
