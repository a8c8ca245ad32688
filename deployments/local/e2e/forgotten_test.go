package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/quittance/quittance/workflows/contract"
)

// The workflow is set back to before the page was opened, as when Temporal's database is restored from an earlier moment, or
// the worker dies after the page was recorded and before Temporal knows.
func TestPaymentThatTemporalForgotIsCollectedAllTheSame(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	page := inv.payNow("card")
	temporal, id := operator(t, shared), contract.InvoicePaymentID(inv.ID)
	events := temporal.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for {
		e, err := events.Next()
		require.NoError(t, err)
		if e.GetEventType() != enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		_, err = temporal.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
			Namespace: "default", WorkflowExecution: &common.WorkflowExecution{WorkflowId: id}, Reason: "restored", RequestId: inv.ID,
			WorkflowTaskFinishEventId: e.GetEventId(),
			ResetReapplyExcludeTypes:  []enums.ResetReapplyExcludeType{enums.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE, enums.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL},
		})
		require.NoError(t, err)
		break
	}
	page.pay(visa)
	inv.requireCollectedOnce("108.00")
	assert.Equal(t, 1, page.asserts())
	keepHistory(t, shared, id, "invoice-paid-after-temporal-forgot-its-payment")
}
