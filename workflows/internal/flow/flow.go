package flow

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Refusal returns the problem with which an activity said no, in the form in which it leaves a workflow. It is nil when err is
// nil or something else.
func Refusal(err error) error {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && app.Type() != "" && app.NonRetryable() {
		return app
	}
	return nil
}

// Cause returns what went wrong, without the names that Temporal wraps around it.
func Cause(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Message()
	}
	return err.Error()
}

// RetryDelay returns how long an activity asks to be left alone before it runs again; 0 when it does not.
func RetryDelay(err error) time.Duration {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.NextRetryDelay()
	}
	return 0
}

// Upsert sets search attributes; without any it does nothing.
func Upsert(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) {
	if len(updates) == 0 {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes not set", "error", err)
	}
}

// Minute writes a time as operators read it.
func Minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
