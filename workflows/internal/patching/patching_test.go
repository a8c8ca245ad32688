package patching

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/internal/flow"
)

// firstVersion is the history of a letter that began under the first version: a day, then Send.
const firstVersion = `{"events": [
 {"eventId": "1", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED", "workflowExecutionStartedEventAttributes":
  {"workflowType": {"name": "SendTomorrow"}, "taskQueue": {"name": "example"}, "input": [{"to": "Demo SA"}]}},
 {"eventId": "2", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED", "workflowTaskScheduledEventAttributes": {"taskQueue": {"name": "example"}}},
 {"eventId": "3", "eventType": "EVENT_TYPE_WORKFLOW_TASK_STARTED", "workflowTaskStartedEventAttributes": {"scheduledEventId": "2"}},
 {"eventId": "4", "eventType": "EVENT_TYPE_WORKFLOW_TASK_COMPLETED", "workflowTaskCompletedEventAttributes": {"scheduledEventId": "2", "startedEventId": "3"}},
 {"eventId": "5", "eventType": "EVENT_TYPE_TIMER_STARTED", "timerStartedEventAttributes": {"timerId": "5", "startToFireTimeout": "86400s", "workflowTaskCompletedEventId": "4"}},
 {"eventId": "6", "eventType": "EVENT_TYPE_TIMER_FIRED", "timerFiredEventAttributes": {"timerId": "5", "startedEventId": "5"}},
 {"eventId": "7", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED", "workflowTaskScheduledEventAttributes": {"taskQueue": {"name": "example"}}},
 {"eventId": "8", "eventType": "EVENT_TYPE_WORKFLOW_TASK_STARTED", "workflowTaskStartedEventAttributes": {"scheduledEventId": "7"}},
 {"eventId": "9", "eventType": "EVENT_TYPE_WORKFLOW_TASK_COMPLETED", "workflowTaskCompletedEventAttributes": {"scheduledEventId": "7", "startedEventId": "8"}},
 {"eventId": "10", "eventType": "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED", "activityTaskScheduledEventAttributes":
  {"activityId": "10", "activityType": {"name": "Send"}, "taskQueue": {"name": "example"}, "input": [{"to": "Demo SA"}], "workflowTaskCompletedEventId": "9"}},
 {"eventId": "11", "eventType": "EVENT_TYPE_ACTIVITY_TASK_STARTED", "activityTaskStartedEventAttributes": {"scheduledEventId": "10"}},
 {"eventId": "12", "eventType": "EVENT_TYPE_ACTIVITY_TASK_COMPLETED", "activityTaskCompletedEventAttributes": {"scheduledEventId": "10", "startedEventId": "11"}},
 {"eventId": "13", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED", "workflowTaskScheduledEventAttributes": {"taskQueue": {"name": "example"}}},
 {"eventId": "14", "eventType": "EVENT_TYPE_WORKFLOW_TASK_STARTED", "workflowTaskStartedEventAttributes": {"scheduledEventId": "13"}},
 {"eventId": "15", "eventType": "EVENT_TYPE_WORKFLOW_TASK_COMPLETED", "workflowTaskCompletedEventAttributes": {"scheduledEventId": "13", "startedEventId": "14"}},
 {"eventId": "16", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED", "workflowExecutionCompletedEventAttributes": {"workflowTaskCompletedEventId": "15"}}
]}`

func replay(t *testing.T, run any) error {
	t.Helper()
	readable := temporalproto.CustomJSONUnmarshalOptions{Metadata: map[string]any{commonpb.EnablePayloadShorthandMetadataKey: true}}
	var history historypb.History
	require.NoError(t, readable.Unmarshal([]byte(firstVersion), &history))
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: "SendTomorrow"})
	return replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), &history)
}

func TestALetterOfTheFirstVersionGoesOnUnderThePatch(t *testing.T) {
	t.Parallel()
	require.NoError(t, replay(t, SendTomorrow))
}

func TestWithoutThePatchALetterOfTheFirstVersionCanNotGoOn(t *testing.T) {
	t.Parallel()
	err := replay(t, func(ctx workflow.Context, in Letter) error {
		flow.Sleep(ctx, 0, "")
		if err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, ""), post.StillWanted, in).Get(ctx, nil); err != nil {
			return err
		}
		return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Mail, ""), post.Send, in).Get(ctx, nil)
	})
	require.ErrorContains(t, err, "[TMPRL1100]", "Temporal's code for nondeterminism")
}

func TestANewLetterIsSentOnlyIfItIsStillWanted(t *testing.T) {
	t.Parallel()
	for _, wanted := range []bool{true, false} {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
		env := suite.NewTestWorkflowEnvironment()
		env.RegisterActivity(&Post{})
		sent := 0
		env.OnActivity(post.StillWanted, mock.Anything, mock.Anything).Return(Wanted{Yes: wanted}, nil)
		env.OnActivity(post.Send, mock.Anything, mock.Anything).Return(func(context.Context, Letter) error {
			sent++
			return nil
		}).Maybe()
		env.ExecuteWorkflow(SendTomorrow, Letter{To: "Demo SA"})
		require.NoError(t, env.GetWorkflowError())
		assert.Equal(t, wanted, sent == 1)
	}
}
