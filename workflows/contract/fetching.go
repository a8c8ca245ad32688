package contract

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// FetchSettlements asks to look for new settlement files of a company.
type FetchSettlements struct {
	CompanyID string `json:"company_id"`
}

// FetchSettlements looks for new settlement files of the company, unless that is in flight, and returns at once.
func (c Commands) FetchSettlements(ctx context.Context, companyID string) error {
	_, err := c.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: SettlementFetchID(companyID), TaskQueue: PaymentsQueue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		Priority:              PriorityOf(companyID, ForImports),
		StaticSummary:         "Settlement files of " + companyID,
		StaticDetails:         c.details(companyID, "Looks into the folder of the SFTP server of company `%s`, and imports each new file once.", companyID),
		TypedSearchAttributes: temporal.NewSearchAttributes(CompanyID.ValueSet(companyID), NeedsAttention.ValueSet(false)),
	}, SettlementFetchType, FetchSettlements{CompanyID: companyID})
	return Problem(err)
}
