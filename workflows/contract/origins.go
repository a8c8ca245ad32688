package contract

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/problem"
)

// A command says in a header of its own on whose behalf it comes. The header is sealed for the workflow, as the command is, and names
// the command. It stays in the history with it. The same command given once more is no danger: each names what it is about, so that it
// is known, and a reset gives commands again.
const originHeader = "origin"

// Origins has every command carry its origin, and every workflow refuse commands from those who may not give them. It belongs in the
// options of the client; the workers on that client check.
type Origins struct {
	interceptor.InterceptorBase
	// Converter seals.
	Converter converter.DataConverter
	Namespace string
	// Default is who commands where the context doesn't say. The zero value sends such a command without an origin, and it is refused.
	Default origin.Origin
}

var _ interceptor.Interceptor = (*Origins)(nil)

// sentFor is an origin with the update that it was sent with.
type sentFor struct {
	origin.Origin
	Update string `json:"update"`
}

// refusal returns why the command may not be given to a workflow of the company now; nil when it may. An empty company is one that the
// workflow doesn't know.
func (s sentFor) refusal(update, companyID string) *problem.Error {
	switch {
	case s.Kind == "" || s.Who == "":
		return problem.New(problem.Forbidden, "The command doesn't say on whose behalf it comes.")
	case s.Update != update:
		return problem.New(problem.Forbidden, "The command was %s when it was sent.", s.Update)
	case !mayCommand(s.Kind, update):
		return problem.New(problem.Forbidden, "A %s may not give the command %s.", s.Kind, update)
	case s.Kind == origin.Merchant && companyID != s.CompanyID:
		return problem.New(problem.Forbidden, "The command comes from another company.")
	default:
		return nil
	}
}

// mayCommand reports whether somebody of the kind may send the update at all. What they may do in their company, the API knows.
func mayCommand(kind origin.Kind, update string) bool {
	switch kind {
	case origin.Payer:
		return update == UpdatePayNow
	case origin.Merchant:
		return update != UpdateDecide // whether Worldline has approved is for operators to say
	case origin.Operator:
		return update != UpdateApprove // that is for a second person of the company
	case origin.Process:
		return update != UpdateDecide && update != UpdatePayNow && update != UpdateApprove
	default:
		return false
	}
}

// InterceptClient has the client's commands carry their origin.
func (o *Origins) InterceptClient(next interceptor.ClientOutboundInterceptor) interceptor.ClientOutboundInterceptor {
	return &commanding{ClientOutboundInterceptorBase: interceptor.ClientOutboundInterceptorBase{Next: next}, origins: o}
}

type commanding struct {
	interceptor.ClientOutboundInterceptorBase
	origins *Origins
}

// UpdateWorkflow adds the origin.
func (c *commanding) UpdateWorkflow(ctx context.Context, in *interceptor.ClientUpdateWorkflowInput) (client.WorkflowUpdateHandle, error) {
	if err := c.origins.note(ctx, in.WorkflowID, in.UpdateName); err != nil {
		return nil, err
	}
	return c.Next.UpdateWorkflow(ctx, in)
}

// UpdateWithStartWorkflow adds the origin.
func (c *commanding) UpdateWithStartWorkflow(ctx context.Context, in *interceptor.ClientUpdateWithStartWorkflowInput) (client.WorkflowUpdateHandle, error) {
	if err := c.origins.note(ctx, in.UpdateOptions.WorkflowID, in.UpdateOptions.UpdateName); err != nil {
		return nil, err
	}
	return c.Next.UpdateWithStartWorkflow(ctx, in)
}

// note writes the header of the command that goes out with ctx.
func (o *Origins) note(ctx context.Context, workflowID, update string) error {
	from, known := origin.Of(ctx)
	if !known {
		from = o.Default
	}
	sealed, err := o.of(workflowID).ToPayload(sentFor{Origin: from, Update: update})
	if err != nil {
		return fmt.Errorf("seal the origin of %s: %w", update, err)
	}
	interceptor.Header(ctx)[originHeader] = sealed
	return nil
}

func (o *Origins) of(workflowID string) converter.DataConverter {
	return converter.WithDataConverterSerializationContext(o.Converter, converter.WorkflowSerializationContext{Namespace: o.Namespace, WorkflowID: workflowID})
}

// read opens the header of a command; the zero value when there is none.
func (o *Origins) read(workflowID string, header map[string]*commonpb.Payload) (sent sentFor, err error) {
	if sealed := header[originHeader]; sealed != nil {
		err = o.of(workflowID).FromPayload(sealed, &sent)
	}
	return sent, err
}

// InterceptWorkflow has the workflow check the origins of its commands.
func (o *Origins) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &commanded{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, origins: o}
}

type commanded struct {
	interceptor.WorkflowInboundInterceptorBase
	origins *Origins
}

// ValidateUpdate refuses a command from somebody who may not give it. What a command is refused for leaves no trace in the history.
func (c *commanded) ValidateUpdate(ctx workflow.Context, in *interceptor.UpdateInput) error {
	sent, err := c.origins.read(workflow.GetInfo(ctx).WorkflowExecution.ID, interceptor.WorkflowHeader(ctx))
	if err != nil {
		return fmt.Errorf("the origin of %s can't be read: %w", in.Name, err)
	}
	companyID, _ := workflow.GetTypedSearchAttributes(ctx).GetKeyword(CompanyID)
	if refusal := sent.refusal(in.Name, companyID); refusal != nil {
		workflow.GetLogger(ctx).Warn("command refused", "update", in.Name, "by", sent.Who, "request_id", sent.RequestID, "why", refusal.Detail)
		return Refuse(refusal)
	}
	if err := c.Next.ValidateUpdate(ctx, in); err != nil {
		return err
	}
	workflow.GetLogger(ctx).Info("command taken", "update", in.Name, "by", sent.Who, "request_id", sent.RequestID)
	return nil
}
