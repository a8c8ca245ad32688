package temporalkit

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// Count returns how many workflows a query of Temporal's visibility finds.
func Count(ctx context.Context, c client.Client, query string) (int, error) {
	answer, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return 0, fmt.Errorf("count the workflows where %s: %w", query, err)
	}
	return int(answer.GetCount()), nil
}

// Backlog is what waits in a task queue for workers, of all their versions.
type Backlog struct {
	Tasks  int
	Oldest time.Duration // for how long the first of them has waited
}

// BacklogOf returns what waits in the task queue: workflow tasks and activities.
func BacklogOf(ctx context.Context, c client.Client, namespace, queue string) (b Backlog, err error) {
	for _, kind := range []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY} {
		answer, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: kind, ReportStats: true,
		})
		if err != nil {
			return b, fmt.Errorf("measure what waits in the task queue %s: %w", queue, err)
		}
		b.Tasks += int(answer.GetStats().GetApproximateBacklogCount())
		b.Oldest = max(b.Oldest, answer.GetStats().GetApproximateBacklogAge().AsDuration())
	}
	return b, nil
}
