package contract

import (
	"context"
	"encoding/json"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/exception"
)

// Stored returns the finding as its exception keeps it, see FindingOf: without the texts that stand there already. Nil remains nil.
func (f *OpenFinding) Stored() ([]byte, error) {
	if f == nil {
		return nil, nil
	}
	kept := *f
	kept.Found.Subject, kept.Found.Detail, kept.Found.Choices = "", "", nil
	stored, err := json.Marshal(kept)
	if err != nil {
		return nil, fmt.Errorf("write finding %s: %w", f.Found.ExceptionID, err)
	}
	return stored, nil
}

// FindingOf returns the finding that an exception is about. Known is false when the exception doesn't keep it: it is about something else, or
// was raised by an earlier version.
func FindingOf(e exception.Exception) (f OpenFinding, known bool, err error) {
	if len(e.Finding) == 0 {
		return f, false, nil
	}
	if err := json.Unmarshal(e.Finding, &f); err != nil {
		return f, false, fmt.Errorf("read finding %s: %w", e.ID, err)
	}
	f.Found.Subject, f.Found.Detail, f.Found.Choices = e.Subject, e.Detail, e.Choices
	return f, true, nil
}

// TakeUpFinding starts the workflow of a finding again when it was ended from outside. One that runs is left alone.
func (c Commands) TakeUpFinding(ctx context.Context, f OpenFinding) error {
	_, err := c.Temporal.ExecuteWorkflow(ctx, c.findingOptions(f), FindingType, f)
	return Problem(err)
}

// DecideFinding hands a decision to the workflow of a finding, or to a new one when there is none, and returns when it is carried out and
// recorded.
func (c Commands) DecideFinding(ctx context.Context, f OpenFinding, in ResolveException) error {
	return c.updateWithStart(ctx, begun{c.findingOptions(f), FindingType, f}, client.UpdateWorkflowOptions{UpdateName: UpdateResolve, Args: []any{in}}, &Acknowledged{})
}

func (c Commands) findingOptions(f OpenFinding) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: FindingID(f.Found.ExceptionID), TaskQueue: PaymentsQueue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		Priority:      PriorityOf(f.CompanyID, ForPeople),
		StaticSummary: fmt.Sprintf("%s · %s", f.Found.Kind, f.Found.Amount),
		StaticDetails: c.details(f.Found.ExceptionID, "%s", f.Found.Detail),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			CompanyID.ValueSet(f.CompanyID), PaymentServiceID.ValueSet(f.PaymentServiceID), NeedsAttention.ValueSet(true)),
	}
}
