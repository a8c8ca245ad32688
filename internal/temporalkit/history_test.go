package temporalkit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	querypb "go.temporal.io/api/query/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// collect does each thing once that leaves a value or a text in a history.
func collect(ctx workflow.Context, who customer) (customer, error) {
	workflow.SetCurrentDetails(ctx, "**Waits** for the payer")
	activities := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, Summary: "Captures the payment"})
	capture := workflow.ExecuteActivity(activities, "Capture", who)
	due := workflow.NewTimerWithOptions(ctx, time.Hour, workflow.TimerOptions{Summary: "The invoice is due"})
	_ = workflow.SideEffect(ctx, func(workflow.Context) any { return who }).Get(&who)
	if err := workflow.UpsertMemo(ctx, map[string]any{"customer": who}); err != nil {
		return customer{}, err
	}
	if err := workflow.SignalExternalWorkflow(ctx, "invoice/inv_2", "", "Paid", who).Get(ctx, nil); err != nil {
		return customer{}, err
	}
	_ = due.Get(ctx, nil)
	return who, capture.Get(ctx, nil)
}

// capture heartbeats the customer, and fails with the customer in the details when there is no name.
func capture(ctx context.Context, who customer) (customer, error) {
	activity.RecordHeartbeat(ctx, customer{name})
	if who.Name == "" {
		return customer{}, temporal.NewApplicationErrorWithCause("the card was declined", "Declined", errors.New("code 51"), customer{name})
	}
	return who, nil
}

func startWorker(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, "payments", worker.Options{MaxConcurrentWorkflowTaskPollers: 2, DisableEagerActivities: true, WorkerStopTimeout: time.Second})
	w.RegisterWorkflowWithOptions(collect, workflow.RegisterOptions{Name: "Collect"})
	w.RegisterActivityWithOptions(capture, activity.RegisterOptions{Name: "Capture"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

// firstTask is the first task of a Collect workflow for the customer.
func firstTask(t *testing.T, dc converter.DataConverter) *workflowservice.PollWorkflowTaskQueueResponse {
	t.Helper()
	input, err := dc.ToPayloads(customer{name})
	require.NoError(t, err)
	queue := &taskqueuepb.TaskQueue{Name: "payments"}
	now := timestamppb.Now()
	return &workflowservice.PollWorkflowTaskQueueResponse{
		TaskToken: []byte("token"), WorkflowExecution: execution(), WorkflowType: &commonpb.WorkflowType{Name: "Collect"},
		StartedEventId: 3, Attempt: 1, ScheduledTime: now, StartedTime: now,
		History: &historypb.History{Events: []*historypb.HistoryEvent{
			{EventId: 1, EventTime: now, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
				WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
					WorkflowType: &commonpb.WorkflowType{Name: "Collect"}, TaskQueue: queue, Input: input, Attempt: 1,
					OriginalExecutionRunId: execution().GetRunId(), FirstExecutionRunId: execution().GetRunId(),
					WorkflowTaskTimeout: durationpb.New(10 * time.Second),
				},
			}},
			{EventId: 2, EventTime: now, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, Attributes: &historypb.HistoryEvent_WorkflowTaskScheduledEventAttributes{
				WorkflowTaskScheduledEventAttributes: &historypb.WorkflowTaskScheduledEventAttributes{TaskQueue: queue, Attempt: 1, StartToCloseTimeout: durationpb.New(10 * time.Second)},
			}},
			{EventId: 3, EventTime: now, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, Attributes: &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{
				WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{ScheduledEventId: 2},
			}},
		}},
	}
}

func answer[T proto.Message](t *testing.T, f *frontend) T {
	t.Helper()
	select {
	case got := <-f.answered:
		typed, ok := got.(T)
		require.True(t, ok, "the worker answered %T: %v", got, got)
		return typed
	case <-time.After(20 * time.Second):
		t.Fatal("the worker gave no answer")
		panic("unreachable")
	}
}

func plain(t *testing.T, payload *commonpb.Payload) string {
	t.Helper()
	var text string
	require.NoError(t, converter.GetDefaultDataConverter().FromPayload(payload, &text), "an operator's browser has no key")
	return text
}

func TestAHistoryShowsWhatAWorkflowWaitsForAndHidesWhatItCarries(t *testing.T) {
	t.Parallel()
	f := startFrontend(t)
	keyring := newKeyring(t)
	startWorker(t, f.dial(t, keyring))
	f.workflowTasks <- firstTask(t, converterOf(keyring, "invoice/inv_1"))
	completed := answer[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)

	summaries := map[enumspb.CommandType]string{}
	var kinds []enumspb.CommandType
	for _, command := range completed.GetCommands() {
		kinds = append(kinds, command.GetCommandType())
		if summary := command.GetUserMetadata().GetSummary(); summary != nil {
			summaries[command.GetCommandType()] = plain(t, summary)
		}
	}
	assert.ElementsMatch(t, []enumspb.CommandType{
		enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK, enumspb.COMMAND_TYPE_START_TIMER, enumspb.COMMAND_TYPE_RECORD_MARKER,
		enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES, enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
	}, kinds)
	assert.Equal(t, map[enumspb.CommandType]string{
		enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK: "Captures the payment",
		enumspb.COMMAND_TYPE_START_TIMER:            "The invoice is due",
	}, summaries)
	assert.Equal(t, "binary/encrypted", encodingOf(memo(completed.GetCommands())["customer"]), "memos pass the converter too")
	assert.NotContains(t, f.wire(t), name)
}

func memo(commands []*commandpb.Command) map[string]*commonpb.Payload {
	for _, command := range commands {
		if fields := command.GetModifyWorkflowPropertiesCommandAttributes().GetUpsertedMemo().GetFields(); fields != nil {
			return fields
		}
	}
	return nil
}

func TestTheCurrentDetailsCanBeReadWithoutTheKey(t *testing.T) {
	t.Parallel()
	f := startFrontend(t)
	keyring := newKeyring(t)
	startWorker(t, f.dial(t, keyring))
	task := firstTask(t, converterOf(keyring, "invoice/inv_1"))
	task.Query = &querypb.WorkflowQuery{QueryType: "__temporal_workflow_metadata"}
	task.StartedEventId = 0
	f.workflowTasks <- task
	result := answer[*workflowservice.RespondQueryTaskCompletedRequest](t, f)
	require.Empty(t, result.GetErrorMessage())
	var metadata sdkpb.WorkflowMetadata
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(result.GetQueryResult(), &metadata))
	assert.Equal(t, "**Waits** for the payer", metadata.GetCurrentDetails())
}

func TestActivitiesHideResultsHeartbeatsAndErrorDetailsButShowTheMessage(t *testing.T) {
	t.Parallel()
	f := startFrontend(t)
	keyring := newKeyring(t)
	dc := converterOf(keyring, "invoice/inv_1")
	startWorker(t, f.dial(t, keyring))
	task := func(who customer) *workflowservice.PollActivityTaskQueueResponse {
		input, err := dc.ToPayloads(who)
		require.NoError(t, err)
		now := timestamppb.Now()
		return &workflowservice.PollActivityTaskQueueResponse{
			TaskToken: []byte("token"), WorkflowExecution: execution(), WorkflowType: &commonpb.WorkflowType{Name: "Collect"}, WorkflowNamespace: "default",
			ActivityId: "1", ActivityType: &commonpb.ActivityType{Name: "Capture"}, Input: input, Attempt: 1,
			ScheduledTime: now, CurrentAttemptScheduledTime: now, StartedTime: now,
			StartToCloseTimeout: durationpb.New(time.Minute), ScheduleToCloseTimeout: durationpb.New(time.Minute), HeartbeatTimeout: durationpb.New(10 * time.Second),
		}
	}

	f.activityTasks <- task(customer{name})
	completed := answer[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
	var who customer
	require.NoError(t, dc.FromPayloads(completed.GetResult(), &who))
	assert.Equal(t, name, who.Name)

	f.activityTasks <- task(customer{})
	failed := answer[*workflowservice.RespondActivityTaskFailedRequest](t, f)
	assert.Contains(t, failed.GetFailure().GetMessage(), "the card was declined")
	details := failed.GetFailure().GetApplicationFailureInfo().GetDetails().GetPayloads()
	require.Len(t, details, 1)
	assert.Equal(t, "binary/encrypted", encodingOf(details[0]))

	beats := received[*workflowservice.RecordActivityTaskHeartbeatRequest](f)
	require.NotEmpty(t, beats)
	assert.Equal(t, "binary/encrypted", encodingOf(beats[0].GetDetails().GetPayloads()[0]))
	assert.NotContains(t, f.wire(t), name)
}

func TestAClientHidesArgumentsAndMemosButShowsSummaries(t *testing.T) {
	t.Parallel()
	f := startFrontend(t)
	c := f.dial(t, newKeyring(t))
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "invoice/inv_1", TaskQueue: "payments", StaticSummary: "Invoice 2026-001", StaticDetails: "CHF 108.00 of Demo SA",
		Memo: map[string]any{"customer": customer{name}},
	}, "Collect", customer{name})
	require.NoError(t, err)
	require.NoError(t, c.SignalWorkflow(t.Context(), run.GetID(), "", "PayerReturned", customer{name}))
	queried, err := c.QueryWorkflow(t.Context(), run.GetID(), "", "State", customer{name})
	require.NoError(t, err)
	var who customer
	require.NoError(t, queried.Get(&who))
	assert.Equal(t, name, who.Name)
	update, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), UpdateName: "PayNow", Args: []any{customer{name}}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	require.NoError(t, update.Get(t.Context(), &who))
	assert.Equal(t, name, who.Name)

	assert.NotContains(t, f.wire(t), name)
	assert.Contains(t, f.wire(t), `"Invoice 2026-001"`)
	assert.Contains(t, f.wire(t), `"CHF 108.00 of Demo SA"`)
}
