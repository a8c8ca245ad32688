package flow

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// Clock is the time of a workflow in which days may pass faster than outside. It bends only how long timers run, so a history
// replays under any scale.
type Clock struct {
	// Scale is how many seconds of a long wait pass in one second: 1 except in a local stack.
	Scale int64

	epoch time.Time // when the workflow began, in both times
}

// NewClock returns the clock of the running workflow. A scale below 1 counts as 1.
func NewClock(ctx workflow.Context, scale int64) Clock {
	return Clock{epoch: workflow.GetInfo(ctx).WorkflowStartTime, Scale: max(scale, 1)}
}

// Now returns the time of the workflow.
func (c Clock) Now(ctx workflow.Context) time.Time {
	return c.epoch.Add(workflow.Now(ctx).Sub(c.epoch) * time.Duration(c.Scale))
}

// Until returns how long a timer must run until t, a time of the workflow, is reached. It never rings too early.
func (c Clock) Until(ctx workflow.Context, t time.Time) time.Duration {
	return c.Shorten(t.Sub(c.Now(ctx))) + 1
}

// Shorten turns a span of the workflow into one of a timer.
func (c Clock) Shorten(d time.Duration) time.Duration { return d / time.Duration(c.Scale) }
