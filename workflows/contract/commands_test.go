package contract

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// How Temporal answers an update whose workflow is ended: before it took the update, and after.
var (
	errNotTaken     = serviceerror.NewNotFound("workflow update was aborted by closing workflow")
	errNotCompleted = temporal.NewNonRetryableApplicationError("Workflow Update failed because the Workflow completed before the Update completed.",
		"AcceptedUpdateCompletedWorkflow", nil)
)

// issuing issues an invoice, to which Temporal answers that.
func issuing(t *testing.T, answers ...error) error {
	t.Helper()
	c := mocks.NewClient(t)
	c.On("NewWithStartWorkflowOperation", mock.Anything, InvoicePaymentType, mock.Anything).Return(nil)
	for _, answer := range answers {
		handle := mocks.NewWorkflowUpdateHandle(t)
		handle.On("Get", mock.Anything, mock.Anything).Return(answer)
		c.On("UpdateWithStartWorkflow", mock.Anything, mock.Anything).Return(client.WorkflowUpdateHandle(handle), nil).Once()
	}
	return Commands{Temporal: c}.Issue(t.Context(), invoice.Invoice{ID: "inv_1", CompanyID: "cmp_1", Number: "R-1", Amount: money.MustParse("108.00", money.CHF)}, "")
}

func TestAnInvoiceIsIssuedAlthoughItsWorkflowIsEndedMeanwhile(t *testing.T) {
	t.Parallel()
	require.NoError(t, issuing(t, errNotTaken, errNotCompleted, nil))
	assert.Equal(t, problem.Unavailable, problem.CodeOf(issuing(t, errNotTaken, errNotTaken, errNotCompleted)), "not for ever")
	refused := issuing(t, Refuse(problem.New(problem.InvoiceNotOpen, "Invoice R-1 is cancelled.")))
	assert.Equal(t, problem.InvoiceNotOpen, problem.CodeOf(refused), "a refusal is an answer")
}
