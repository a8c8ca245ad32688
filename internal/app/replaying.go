package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	sdklog "go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/temporalkit"
	"github.com/quittance/quittance/worker"
	"github.com/quittance/quittance/workflows/contract"
)

// ages are at which age of a workflow another sample begins: the older it is, the more may have been different when it began.
var ages = []time.Duration{0, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 90 * 24 * time.Hour}

// begun is how many events a workflow has at least that has taken its first step.
const begun = 4

// replay runs this code over workflows that are open, so many of each type and age. What it can't follow, the version could not take on.
func (p promoting) replay(ctx context.Context, most int32) error {
	if most == 0 {
		return nil
	}
	replayer, err := sdkworker.NewWorkflowReplayerWithOptions(sdkworker.WorkflowReplayerOptions{
		DataConverter: temporalkit.DataConverter(p.keyring), DisableDeadlockDetection: true, // a machine that is busy says nothing about the code
	})
	if err != nil {
		return err
	}
	replayed, failed := 0, 0
	var first error
	for _, name := range worker.Register(replayer, p.timeScale, contract.Queues...) {
		open, err := p.sample(ctx, name, most)
		if err != nil {
			return err
		}
		for _, e := range open {
			did, err := p.replayOne(ctx, replayer, e)
			if did {
				replayed++
			}
			if err != nil {
				failed++
				first = cmp.Or(first, fmt.Errorf("%s: %w", e.ID, err))
			}
		}
	}
	if failed > 0 {
		return fmt.Errorf("this code can't take on %d of %d open workflows, such as %w (see workflows/README.md)", failed, replayed, first)
	}
	p.log.InfoContext(ctx, "open workflows replayed", "build", p.version.BuildID, "workflows", replayed)
	return nil
}

// sample returns open workflows of the type, the newest of each age.
func (p promoting) sample(ctx context.Context, name string, most int32) (open []workflow.Execution, err error) {
	at := time.Now()
	for i, age := range ages {
		query := "ExecutionStatus = 'Running' AND WorkflowType = '" + name + "'"
		if age > 0 {
			query += " AND StartTime <= '" + at.Add(-age).UTC().Format(time.RFC3339) + "'"
		}
		if i+1 < len(ages) {
			query += " AND StartTime > '" + at.Add(-ages[i+1]).UTC().Format(time.RFC3339) + "'"
		}
		list, err := p.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: most, Query: query})
		if err != nil {
			return nil, fmt.Errorf("list the open workflows of the type %s: %w", name, err)
		}
		for _, w := range list.GetExecutions() {
			open = append(open, workflow.Execution{ID: w.GetExecution().GetWorkflowId(), RunID: w.GetExecution().GetRunId()})
		}
	}
	return open, nil
}

// replayOne replays a workflow, unless it has not begun or is gone.
func (p promoting) replayOne(ctx context.Context, replayer sdkworker.WorkflowReplayer, e workflow.Execution) (did bool, err error) {
	now, err := p.temporal.DescribeWorkflowExecution(ctx, e.ID, e.RunID)
	if err == nil && now.GetWorkflowExecutionInfo().GetHistoryLength() < begun {
		return false, nil
	}
	if err == nil {
		err = replayer.ReplayWorkflowExecution(ctx, p.temporal.WorkflowService(), sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), p.namespace, e)
	}
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return false, nil
	}
	return true, err
}
