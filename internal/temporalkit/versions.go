package temporalkit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	batchpb "go.temporal.io/api/batch/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Version is a version of the worker.
type Version = worker.WorkerDeploymentVersion

// polledWithin is how long ago the last poll of a worker that lives can be: one lasts a minute.
const polledWithin = 90 * time.Second

// running finds the workflows of the task queues that run and are bound to a version (Pinned), or go with the current one (AutoUpgrade).
// There may be workflows of others in the namespace.
func running(behavior string, queues []string) string {
	return "ExecutionStatus = 'Running' AND TemporalWorkflowVersioningBehavior = '" + behavior + "' AND TaskQueue IN ('" + strings.Join(queues, "', '") + "')"
}

// NameOf returns the name of the version as Temporal's search attributes have it.
func NameOf(v Version) string { return v.DeploymentName + ":" + v.BuildID }

// Deployment describes the deployment of that name; the zero value when no worker of it has come yet.
func Deployment(ctx context.Context, c client.Client, name string) (client.WorkerDeploymentDescribeResponse, error) {
	described, err := c.WorkerDeploymentClient().GetHandle(name).Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return client.WorkerDeploymentDescribeResponse{}, nil
	}
	if err != nil {
		return described, fmt.Errorf("describe the worker deployment %s: %w", name, err)
	}
	return described, nil
}

// Unserved returns for which of the task queues no worker of the version asks, and for which of their tasks.
func Unserved(ctx context.Context, c client.Client, namespace string, v Version, queues []string) (lacking []string, err error) {
	kinds := []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY}
	for _, queue := range queues {
		//nolint:staticcheck // deprecated, but the only way to the pollers of a version on all partitions; the server itself asks in it
		answer, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: enumspb.TASK_QUEUE_TYPE_WORKFLOW,
			ApiMode: enumspb.DESCRIBE_TASK_QUEUE_MODE_ENHANCED, TaskQueueTypes: kinds, ReportPollers: true,
			Versions: &taskqueuepb.TaskQueueVersionSelection{BuildIds: []string{NameOf(v)}},
		})
		if err != nil {
			return nil, fmt.Errorf("ask who serves the task queue %s: %w", queue, err)
		}
		//nolint:staticcheck // as above
		types := answer.GetVersionsInfo()[NameOf(v)].GetTypesInfo()
		for _, kind := range kinds {
			if !polled(types[int32(kind)].GetPollers()) {
				lacking = append(lacking, queue+map[enumspb.TaskQueueType]string{
					enumspb.TASK_QUEUE_TYPE_WORKFLOW: " (workflows)", enumspb.TASK_QUEUE_TYPE_ACTIVITY: " (activities)",
				}[kind])
			}
		}
	}
	return lacking, nil
}

func polled(pollers []*taskqueuepb.PollerInfo) bool {
	for _, p := range pollers {
		if time.Since(p.GetLastAccessTime().AsTime()) < polledWithin {
			return true
		}
	}
	return false
}

// Stranded counts the workflows of the task queues that run and that no worker takes on: those bound to a version without workers, and all that go with the
// current version when that has none.
func Stranded(ctx context.Context, c client.Client, namespace, deployment string, queues []string) (stranded int, err error) {
	pinned := running("Pinned", queues)
	if stranded, err = Count(ctx, c, pinned); err != nil {
		return 0, err
	}
	described, err := Deployment(ctx, c, deployment)
	if err != nil {
		return 0, err
	}
	current := described.Info.RoutingConfig.CurrentVersion
	for _, v := range described.Info.VersionSummaries {
		isCurrent := current != nil && v.Version == *current
		bound := 0
		if stranded > 0 {
			if bound, err = Count(ctx, c, pinned+" AND TemporalWorkerDeploymentVersion = '"+NameOf(v.Version)+"'"); err != nil {
				return 0, err
			}
		}
		if bound == 0 && !isCurrent {
			continue
		}
		lacking, err := Unserved(ctx, c, namespace, v.Version, queues)
		if err != nil {
			return 0, err
		}
		switch {
		case len(lacking) == 0:
			stranded -= bound
		case isCurrent:
			with, err := Count(ctx, c, running("AutoUpgrade", queues))
			if err != nil {
				return 0, err
			}
			stranded += with
		}
	}
	return max(stranded, 0), nil // what ends between two counts is counted once
}

// Unbind has the workflows of the task queues that are bound to a version go with the current one from their next step on, and returns how
// many there are. The server does it in a batch operation of that id, and goes on with it by itself.
func Unbind(ctx context.Context, c client.Client, namespace, id string, queues []string) (int, error) {
	pinned := running("Pinned", queues)
	bound, err := Count(ctx, c, pinned)
	if err != nil || bound == 0 {
		return 0, err
	}
	_, err = c.WorkflowService().StartBatchOperation(ctx, &workflowservice.StartBatchOperationRequest{
		Namespace: namespace, JobId: id, VisibilityQuery: pinned, Reason: "They go with the current version of the worker.",
		Operation: &workflowservice.StartBatchOperationRequest_UpdateWorkflowOptionsOperation{
			UpdateWorkflowOptionsOperation: &batchpb.BatchOperationUpdateWorkflowExecutionOptions{
				WorkflowExecutionOptions: &workflowpb.WorkflowExecutionOptions{
					VersioningOverride: &workflowpb.VersioningOverride{Override: &workflowpb.VersioningOverride_AutoUpgrade{AutoUpgrade: true}},
				},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"versioning_override"}},
			},
		},
	})
	if err != nil {
		return bound, fmt.Errorf("have %d workflows go with the current version: %w", bound, err)
	}
	return bound, nil
}
