package reconciliation

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/reconciliation"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/contract"
)

// bookReceipts runs the booking of bank receipts, of which each step answers the next of the answers. It returns what was asked
// for, and how long it took.
func bookReceipts(t *testing.T, answers ...steps.BookedReceipts) (done BookedReceipts, asked []string, took time.Duration) {
	t.Helper()
	e := receiptBooking(t, &asked, answers...)
	began := e.Now()
	e.ExecuteWorkflow(contract.BankReceiptsType, contract.BookBankReceipts{CompanyID: "cmp_1"})
	require.NoError(t, e.GetWorkflowError())
	require.NoError(t, e.GetWorkflowResult(&done))
	return done, asked, e.Now().Sub(began)
}

func receiptBooking(t *testing.T, asked *[]string, answers ...steps.BookedReceipts) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	e := suite.NewTestWorkflowEnvironment()
	e.SetTestTimeout(20 * time.Second)
	register(e, 1)
	e.RegisterActivity(&steps.Activities{})
	e.OnActivity(do.BookBankReceipts, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.WaitingReceipts) (steps.BookedReceipts, error) {
		next := answers[0]
		if next.Why == "broken" {
			answers[0].Why = ""
			return next, errors.New("the database is gone")
		}
		answers = answers[1:]
		*asked = append(*asked, in.After)
		return next, nil
	})
	return e
}

func TestEveryBankReceiptThatWaitsIsBooked(t *testing.T) {
	t.Parallel()
	done, asked, took := bookReceipts(t, steps.BookedReceipts{Booked: 50, Next: "rcp_50"}, steps.BookedReceipts{Booked: 3})
	assert.Equal(t, 53, done.Booked)
	assert.Equal(t, []string{"", "rcp_50"}, asked)
	assert.Less(t, took, time.Minute)
}

func TestBankReceiptWhoseInvoiceIsBusyIsBookedLater(t *testing.T) {
	t.Parallel()
	left := steps.BookedReceipts{Booked: 49, Left: 1, Why: "A payment of the invoice is being booked.", Next: "rcp_50"}
	done, asked, took := bookReceipts(t, left, steps.BookedReceipts{Booked: 3}, steps.BookedReceipts{Booked: 1, Why: "broken"})
	assert.Equal(t, 53, done.Booked, "the one that is left keeps no other waiting")
	assert.Equal(t, []string{"", "rcp_50", ""}, asked)
	assert.GreaterOrEqual(t, took, time.Minute)
}

func TestOperatorsAreToldOfBankReceiptsThatWaitForAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	for rounds, want := range map[int][]string{4: nil, 5: {"true 15m0s", "false 31m0s"}} {
		var asked, listed []string
		answers := make([]steps.BookedReceipts, rounds+1)
		for i := range rounds {
			answers[i] = steps.BookedReceipts{Left: 1, Why: "A payment of the invoice is being booked."}
		}
		e := receiptBooking(t, &asked, answers...)
		began := e.Now()
		e.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
			needed, _ := args[0].(temporal.SearchAttributes).GetBool(contract.NeedsAttention)
			listed = append(listed, fmt.Sprint(needed, " ", e.Now().Sub(began).Round(time.Second)))
		}).Return(nil).Maybe()
		e.ExecuteWorkflow(contract.BankReceiptsType, contract.BookBankReceipts{CompanyID: "cmp_1"})
		require.NoError(t, e.GetWorkflowError())
		assert.Equal(t, want, listed)
	}
}

func TestALongWaitForBankReceiptsContinuesAsNewAfterARest(t *testing.T) {
	t.Parallel()
	var asked []string
	e := receiptBooking(t, &asked, steps.BookedReceipts{Left: 1})
	began := e.Now()
	e.SetContinueAsNewSuggested(true)
	e.ExecuteWorkflow(contract.BankReceiptsType, contract.BookBankReceipts{CompanyID: "cmp_1"})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, e.GetWorkflowError(), &again)
	assert.WithinDuration(t, began.Add(receiptRest), e.Now(), time.Second)
}
