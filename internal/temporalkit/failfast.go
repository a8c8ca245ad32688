package temporalkit

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
)

// How long a call of the client may take before the cluster is asked whether it is there, and how long that may take.
const (
	doubted    = 2 * time.Second
	reassuring = time.Second
)

// errAway is why a call was given up.
var errAway = errors.New("Temporal does not answer")

// FailFast gives up calls of a client with serviceerror.Unavailable soon after the cluster is gone. Otherwise they are repeated for a
// minute, while a person waits. A call that takes long because a workflow does is left alone. Alive returns nil when the cluster answers.
type FailFast struct {
	interceptor.ClientInterceptorBase

	Alive func(context.Context) error
}

// InterceptClient implements interceptor.ClientInterceptor.
func (f *FailFast) InterceptClient(next interceptor.ClientOutboundInterceptor) interceptor.ClientOutboundInterceptor {
	calls := &impatientCalls{alive: f.Alive}
	calls.Next = next
	return calls
}

type impatientCalls struct {
	interceptor.ClientOutboundInterceptorBase

	alive func(context.Context) error
}

// call makes the call, and gives it up once the cluster is gone.
func call[T any](ctx context.Context, c *impatientCalls, made func(context.Context) (T, error)) (T, error) {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	go func() {
		tick := time.NewTicker(doubted)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			asked, cancel := context.WithTimeout(ctx, reassuring)
			err := c.alive(asked)
			cancel()
			if err != nil {
				giveUp(errAway)
			}
		}
	}()
	answer, err := made(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errAway) {
		return answer, serviceerror.NewUnavailable(errAway.Error())
	}
	return answer, err
}

// ExecuteWorkflow starts a workflow.
func (c *impatientCalls) ExecuteWorkflow(ctx context.Context, in *interceptor.ClientExecuteWorkflowInput) (client.WorkflowRun, error) {
	return call(ctx, c, func(ctx context.Context) (client.WorkflowRun, error) { return c.Next.ExecuteWorkflow(ctx, in) })
}

// SignalWorkflow sends a signal.
func (c *impatientCalls) SignalWorkflow(ctx context.Context, in *interceptor.ClientSignalWorkflowInput) error {
	_, err := call(ctx, c, func(ctx context.Context) (struct{}, error) { return struct{}{}, c.Next.SignalWorkflow(ctx, in) })
	return err
}

// SignalWithStartWorkflow sends a signal to a workflow that is started unless it runs.
func (c *impatientCalls) SignalWithStartWorkflow(ctx context.Context, in *interceptor.ClientSignalWithStartWorkflowInput) (client.WorkflowRun, error) {
	return call(ctx, c, func(ctx context.Context) (client.WorkflowRun, error) { return c.Next.SignalWithStartWorkflow(ctx, in) })
}

// UpdateWorkflow sends an update.
func (c *impatientCalls) UpdateWorkflow(ctx context.Context, in *interceptor.ClientUpdateWorkflowInput) (client.WorkflowUpdateHandle, error) {
	return call(ctx, c, func(ctx context.Context) (client.WorkflowUpdateHandle, error) { return c.Next.UpdateWorkflow(ctx, in) })
}

// UpdateWithStartWorkflow sends an update to a workflow that is started unless it runs.
func (c *impatientCalls) UpdateWithStartWorkflow(ctx context.Context, in *interceptor.ClientUpdateWithStartWorkflowInput) (client.WorkflowUpdateHandle, error) {
	return call(ctx, c, func(ctx context.Context) (client.WorkflowUpdateHandle, error) {
		return c.Next.UpdateWithStartWorkflow(ctx, in)
	})
}

// QueryWorkflow asks a workflow.
func (c *impatientCalls) QueryWorkflow(ctx context.Context, in *interceptor.ClientQueryWorkflowInput) (converter.EncodedValue, error) {
	return call(ctx, c, func(ctx context.Context) (converter.EncodedValue, error) { return c.Next.QueryWorkflow(ctx, in) })
}
