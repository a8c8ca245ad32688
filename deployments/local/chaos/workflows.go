package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/workflows/contract"
)

// meddled are the types of workflows of which some are reset and terminated from outside, as by an operator who slips in Temporal Web.
var meddled = []string{
	contract.InvoicePaymentType, contract.RefundType, contract.OnboardingType, contract.EventDeliveryType, contract.BankReceiptsType,
	contract.SweepBucketType, contract.NightlySweepType,
}

const (
	// justClosed is how long ago a workflow may have ended that is reset.
	justClosed = 30 * time.Second
	// meddleAgain is the pause before a workflow is looked for once more: some last for a part of a second.
	meddleAgain = 50 * time.Millisecond
)

var errNoneThere = errors.New("there is no such workflow at the moment")

// newOperator is a client of Temporal beside the links, for somebody who needs no payloads.
func (c *cluster) newOperator() (client.Client, error) {
	return client.NewLazyClient(client.Options{
		HostPort: local(c.ports.temporal), Namespace: namespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
}

// meddle resets or terminates a workflow of the type in the fault. Its chance decides which one of those that are there. It waits until there is
// one and Temporal answers, and reports whether that came before ctx ended.
func (c *cluster) meddle(ctx context.Context, f Fault) (done bool) {
	what := c.terminate
	if f.Kind == faultReset {
		what = c.reset
	}
	for ctx.Err() == nil {
		if err := what(ctx, f); err == nil {
			return true
		}
		pause(ctx, meddleAgain)
	}
	return false
}

func (c *cluster) terminate(ctx context.Context, f Fault) error {
	chosen, err := c.choose(ctx, f, "ExecutionStatus = 'Running'")
	if err != nil {
		return err
	}
	return c.operator.TerminateWorkflow(ctx, chosen.GetWorkflowId(), chosen.GetRunId(), "Somebody slipped.")
}

// reset sets a workflow that runs or has just ended back to the end of one of its workflow tasks. What it was told later it is told again, unless
// the fault is a forgetting one.
func (c *cluster) reset(ctx context.Context, f Fault) error {
	chosen, err := c.choose(ctx, f, fmt.Sprintf("(ExecutionStatus = 'Running' OR CloseTime > '%s')", time.Now().Add(-justClosed).UTC().Format(time.RFC3339)))
	if err != nil {
		return err
	}
	var points []int64
	history := c.operator.GetWorkflowHistory(ctx, chosen.GetWorkflowId(), chosen.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		e, err := history.Next()
		if err != nil {
			return err
		}
		if e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			points = append(points, e.GetEventId())
		}
	}
	if len(points) == 0 {
		return errNoneThere
	}
	request := &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: namespace, WorkflowExecution: chosen, Reason: "Somebody slipped.", RequestId: id.NewSecret(),
		WorkflowTaskFinishEventId: points[f.Chance>>32%uint64(len(points))],
	}
	if f.Name == forgetting {
		request.ResetReapplyExcludeTypes = []enumspb.ResetReapplyExcludeType{enumspb.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE, enumspb.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL}
	}
	_, err = c.operator.ResetWorkflowExecution(ctx, request)
	return err
}

// choose returns the workflow that the fault meets.
func (c *cluster) choose(ctx context.Context, f Fault, which string) (*commonpb.WorkflowExecution, error) {
	found, err := c.workflows(ctx, fmt.Sprintf("WorkflowType = '%s' AND %s", f.Target, which))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errNoneThere
	}
	slices.SortFunc(found, func(a, b *commonpb.WorkflowExecution) int {
		return strings.Compare(a.GetWorkflowId()+a.GetRunId(), b.GetWorkflowId()+b.GetRunId())
	})
	return found[f.Chance%uint64(len(found))], nil
}

func (c *cluster) workflows(ctx context.Context, query string) (found []*commonpb.WorkflowExecution, err error) {
	list, err := c.operator.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, PageSize: 1000, Query: query})
	for _, e := range list.GetExecutions() {
		found = append(found, e.GetExecution())
	}
	return found, err
}

// stuck says which workflows can't go on, because their tasks fail.
func (c *cluster) stuck(ctx context.Context) string {
	found, err := c.workflows(ctx, "TemporalReportedProblems IS NOT NULL AND ExecutionStatus = 'Running'")
	if err != nil {
		return err.Error()
	}
	if len(found) > 0 {
		return fmt.Sprintf("the tasks of %d workflows fail, such as of %s", len(found), found[0].GetWorkflowId())
	}
	return ""
}

// failed returns the workflows that ended by a mistake. Sweeps may fail, since the next one makes up for it.
func (c *cluster) failed(ctx context.Context) (differences []string, err error) {
	found, err := c.workflows(ctx, fmt.Sprintf("ExecutionStatus IN ('Failed', 'TimedOut') AND WorkflowType IN ('%s')", strings.Join([]string{
		contract.InvoicePaymentType, contract.RefundType, contract.OnboardingType, contract.EventDeliveryType, contract.BankReceiptsType,
	}, "', '")))
	for _, w := range found {
		differences = append(differences, fmt.Sprintf("the workflow %s failed, run %s", w.GetWorkflowId(), w.GetRunId()))
	}
	return differences, err
}
