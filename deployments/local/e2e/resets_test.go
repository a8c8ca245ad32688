package e2e

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/workflows/contract"
)

// points returns where a run can be reset to: the end of each of its workflow tasks.
func points(h *history.History) (ids []int64) {
	for _, e := range h.GetEvents() {
		if e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			ids = append(ids, e.GetEventId())
		}
	}
	return ids
}

// reset sets a run of a workflow back to a point, as an operator does in Temporal Web. What was told the workflow later, it is told again
// unless forgetting.
func reset(t *testing.T, c client.Client, workflowID, runID string, point int64, forgetting bool) {
	t.Helper()
	r := &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: "default", WorkflowExecution: &common.WorkflowExecution{WorkflowId: workflowID, RunId: runID}, Reason: "test", RequestId: id.NewSecret(),
		WorkflowTaskFinishEventId: point,
	}
	if forgetting {
		r.ResetReapplyExcludeTypes = []enums.ResetReapplyExcludeType{enums.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE, enums.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL}
	}
	_, err := c.ResetWorkflowExecution(t.Context(), r)
	require.NoError(t, err)
}

// TestWhateverIsResetMoneyMovesOnce resets the processes of a payment and of its refunds to every point of their lives.
func TestWhateverIsResetMoneyMovesOnce(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	temporal := operator(t, shared)
	inv := c.issue("108.00")
	inv.payNow("card").pay(visa)
	paid := inv.requireCollectedOnce("108.00").Payments[0].ID
	part := c.refund(paid, object{"amount": "8.00", "reason": "One loaf was stale."}).becomes(c, "captured")
	journal := c.journal(inv)
	resets := 0
	for _, workflowID := range []string{contract.InvoicePaymentID(inv.ID), contract.RefundID(part.ID)} {
		first := temporal.GetWorkflow(t.Context(), workflowID, "")
		require.NoError(t, first.Get(t.Context(), nil))
		for _, point := range points(eventsOf(t, temporal, workflowID, first.GetRunID())) {
			for _, forgetting := range []bool{false, true} {
				reset(t, temporal, workflowID, first.GetRunID(), point, forgetting)
				if forgetting { // it doesn't know what it was told, until it looks
					_, err := temporal.WorkflowService().SignalWorkflowExecution(t.Context(), &workflowservice.SignalWorkflowExecutionRequest{
						Namespace: "default", WorkflowExecution: &common.WorkflowExecution{WorkflowId: workflowID}, SignalName: contract.SignalTryAgain,
					})
					if _, ended := errors.AsType[*serviceerror.NotFound](err); !ended { // there was nothing to look for
						require.NoError(t, err)
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				require.NoError(t, temporal.GetWorkflow(ctx, workflowID, "").Get(ctx, nil), "%s, reset to %d, forgetting: %t", workflowID, point, forgetting)
				cancel()
				resets++
			}
		}
	}
	t.Logf("%d resets moved nothing", resets)
	assert.Equal(t, journal, c.journal(inv))
	assert.Equal(t, "captured", part.now(c).State)
	c.requireBooksAgree()
	assert.Empty(t, c.open(paid))
	assert.Empty(t, c.open(part.ID))
}

// While Saferpay takes its time with a refund, its process is reset to before it was asked for.
func TestRefundWhoseProcessIsResetWhileItIsBeingSentIsSentOnce(t *testing.T) { //nolint:paralleltest // the fault hits the next refund
	c := newMerchant(t, shared)
	temporal := operator(t, shared)
	inv := c.issue("108.00")
	inv.payNow("card").pay(visa)
	paid := inv.requireCollectedOnce("108.00").Payments[0].ID
	calls := func() int { return saferpayCalls(t, shared)["Transaction/Refund"] }
	before := calls()
	armFault(t, shared, object{"operation": "Transaction/Refund", "kind": "slow", "times": 1, "delay_ms": 1500})
	back := c.refund(paid, object{"reason": "All of it was stale."})
	await(t, patience, calls, func(now int) bool { return now > before })
	workflowID := contract.RefundID(back.ID)
	run := temporal.GetWorkflow(t.Context(), workflowID, "").GetRunID()
	reset(t, temporal, workflowID, run, points(eventsOf(t, temporal, workflowID, run))[0], false)

	back.becomes(c, "authorized") // the first attempt came through; the process looks for it once Saferpay's data have caught up
	var now struct{ Timeline []struct{ State string } }
	c.call("GET", "/refunds/"+back.ID, nil).gives(200, &now)
	require.Len(t, now.Timeline, 3)
	assert.Equal(t, "unknown", now.Timeline[1].State, "the second attempt found that there was one")
	assert.Equal(t, before+1, calls())
}
