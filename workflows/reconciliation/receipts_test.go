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
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/workflows/contract"
)

// bookReceipts runs the booking of bank receipts, of which each step answers the next of the answers. It returns what was asked
// for, and how long it took.
func bookReceipts(t *testing.T, answers ...steps.BookedReceipts) (done BookedReceipts, asked []string, took time.Duration) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	e := suite.NewTestWorkflowEnvironment()
	e.SetTestTimeout(20 * time.Second)
	register(e, 1)
	e.RegisterActivity(&steps.Activities{})
	e.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Maybe()
	e.OnActivity(do.BookBankReceipts, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.WaitingReceipts) (steps.BookedReceipts, error) {
		next := answers[0]
		if next.Why == "broken" {
			answers[0].Why = ""
			return next, errors.New("the database is gone")
		}
		answers = answers[1:]
		asked = append(asked, in.After)
		return next, nil
	})
	began := e.Now()
	e.ExecuteWorkflow(contract.BankReceiptsType, contract.BookBankReceipts{CompanyID: "cmp_1"})
	require.NoError(t, e.GetWorkflowError())
	require.NoError(t, e.GetWorkflowResult(&done))
	return done, asked, e.Now().Sub(began)
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
