// Package actions counts what Temporal Cloud bills (https://docs.temporal.io/cloud/actions).
package actions

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// beatsAfter is how long an activity runs between two of its heartbeats, as a part of its heartbeat timeout (activities.Heartbeats).
const beatsAfter = 2

// Of returns how many actions the run of a workflow is, by its history, and with the start by its schedule if it has one. Heartbeats leave no
// event: there are as many as fit into an activity. Queries leave none either, and are not counted.
func Of(history *historypb.History) (n int) {
	beats := map[int64]time.Duration{} // by the event that scheduled the activity
	began := map[int64]*timestamppb.Timestamp{}
	marked := map[int64]bool{}
	for _, e := range history.GetEvents() {
		switch e.GetEventType() { //nolint:exhaustive // the others are free
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
			started := e.GetWorkflowExecutionStartedEventAttributes()
			if n++; started.GetSearchAttributes().GetIndexedFields()["TemporalScheduledById"] != nil && started.GetContinuedExecutionRunId() == "" {
				n += 2
			}
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			beats[e.GetEventId()] = e.GetActivityTaskScheduledEventAttributes().GetHeartbeatTimeout().AsDuration() / beatsAfter
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			started := e.GetActivityTaskStartedEventAttributes()
			n += int(started.GetAttempt())
			began[started.GetScheduledEventId()] = e.GetEventTime()
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			of := e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()
			if every := beats[of]; every > 0 {
				n += int(e.GetEventTime().AsTime().Sub(began[of].AsTime()) / every)
			}
		case enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: // the start of the child itself is counted with the child
			n++
		case enumspb.EVENT_TYPE_TIMER_STARTED, enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
			enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
			n++
		case enumspb.EVENT_TYPE_MARKER_RECORDED: // all of a task together
			if task := e.GetMarkerRecordedEventAttributes().GetWorkflowTaskCompletedEventId(); !marked[task] {
				n, marked[task] = n+1, true
			}
		}
	}
	return n
}
