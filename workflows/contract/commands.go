package contract

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// Commands sends what users and Saferpay want to the workflows. Every method returns a *problem.Error where the caller
// can do something about it: the refusals of the workflows, problem.NotFound when there is no such workflow, and
// problem.Unavailable when Temporal or a worker did not answer in time (the command may still take effect).
type Commands struct {
	Temporal client.Client
	// Console is where operators work, such as https://pay.example.ch/operator. The details of workflows lead there, as the console
	// leads to Temporal Web; empty for no links.
	Console string
	// TimeScale is how many seconds of a long wait pass in one second: 1, or 0, except in a local stack.
	TimeScale int64
}

// details are the static details of a workflow, with the way back to what it is about.
func (c Commands) details(subject, format string, args ...any) string {
	said := fmt.Sprintf(format, args...)
	if c.Console == "" {
		return said
	}
	return said + fmt.Sprintf("\n\n[In the console](%s/search?q=%s)", c.Console, subject)
}

// Resolve hands a decision to the workflow that waits for it, and returns when it is recorded.
func (c Commands) Resolve(ctx context.Context, workflowID string, in ResolveException) error {
	return c.update(ctx, client.UpdateWorkflowOptions{WorkflowID: workflowID, UpdateName: UpdateResolve, Args: []any{in}}, &Acknowledged{})
}

// TryAgain has the process of a payment or refund run the step that failed once more, if one has. A process that has ended in
// the meantime is fine.
func (c Commands) TryAgain(ctx context.Context, u merchant.InFlight) error {
	workflowID := InvoicePaymentID(u.InvoiceID)
	if u.RefundID != "" {
		workflowID = RefundID(u.RefundID)
	}
	err := Problem(c.Temporal.SignalWorkflow(ctx, workflowID, "", SignalTryAgain, PaymentHint{PaymentID: u.PaymentID, OnlyFailed: true}))
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}

// Runs reports whether a workflow runs.
func (c Commands) Runs(ctx context.Context, workflowID string) (bool, error) {
	described, err := c.Temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return false, nil
	}
	return described.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, err
}

// begun is a workflow that is started unless it runs.
type begun struct {
	options      client.StartWorkflowOptions
	workflowType string
	in           any
}

// updateWithStart starts the workflow unless it runs, and sends it the update. The update has no id of its own: with one,
// Temporal would answer with the outcome of an earlier run for as long as it remembers that. It names the workflow, for which its
// arguments are sealed. A workflow that ends before it has answered, such as one that is ended from outside, leaves the update to the next one.
func (c Commands) updateWithStart(ctx context.Context, b begun, update client.UpdateWorkflowOptions, out any) (err error) {
	update.WorkflowID, update.WaitForStage = b.options.ID, client.WorkflowUpdateStageCompleted
	for range startsOfAnUpdate {
		start := c.Temporal.NewWithStartWorkflowOperation(b.options, b.workflowType, b.in)
		var handle client.WorkflowUpdateHandle
		handle, err = c.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{StartWorkflowOperation: start, UpdateOptions: update})
		if err == nil {
			err = handle.Get(ctx, out)
		}
		if _, notTaken := errors.AsType[*serviceerror.NotFound](err); !notTaken && !givenUp(err) {
			break
		}
	}
	return Problem(err)
}

// startsOfAnUpdate is how often an update is sent whose workflow ends before it has answered.
const startsOfAnUpdate = 3

// givenUp reports whether the workflow ended after it had taken an update, and before it answered: by a failure of Temporal's own
// (go.temporal.io/server v1.32.0, service/history/workflow/update).
func givenUp(err error) bool {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && app.Type() == "AcceptedUpdateCompletedWorkflow"
}

func (c Commands) update(ctx context.Context, options client.UpdateWorkflowOptions, out any) error {
	options.WaitForStage = client.WorkflowUpdateStageCompleted
	handle, err := c.Temporal.UpdateWorkflow(ctx, options)
	if err != nil {
		return Problem(err)
	}
	return Problem(handle.Get(ctx, out))
}

// Refuse returns the form in which a problem leaves a workflow; Problem reads it again.
func Refuse(p *problem.Error) error {
	return temporal.NewNonRetryableApplicationError(p.Detail, string(p.Code), nil, p.Fields)
}

// Problem turns an error that came through Temporal back into the problem that caused it.
func Problem(err error) error {
	if err == nil {
		return nil
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && app.Type() != "" && !givenUp(err) {
		p := &problem.Error{Code: problem.Code(app.Type()), Detail: app.Message()}
		if app.HasDetails() {
			if err := app.Details(&p.Fields); err != nil {
				return fmt.Errorf("the fields of problem %s can't be read: %w", app.Type(), err)
			}
		}
		return p
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return problem.New(problem.NotFound, "Nothing is under way for it any more.")
	}
	if notAnswered(err) {
		return fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "It was not answered in time and may still be done; look again in a moment."), err)
	}
	return err
}

func notAnswered(err error) bool {
	_, update := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err)
	_, unavailable := errors.AsType[*serviceerror.Unavailable](err)
	_, deadline := errors.AsType[*serviceerror.DeadlineExceeded](err)
	return update || unavailable || deadline || givenUp(err) || errors.Is(err, context.DeadlineExceeded)
}
