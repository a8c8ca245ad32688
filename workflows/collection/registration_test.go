package collection

import (
	"testing"

	steps "github.com/quittance/quittance/activities/collection"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/escalation"
	"github.com/quittance/quittance/workflows/refunding"
)

// register registers the workflow, and the refunds that it starts.
func register(r worker.WorkflowRegistry, timeScale int64) {
	r.RegisterWorkflowWithOptions(Workflow{TimeScale: timeScale}.InvoicePayment, workflow.RegisterOptions{Name: contract.InvoicePaymentType})
	r.RegisterWorkflowWithOptions(refunding.Workflow{TimeScale: timeScale}.Refund, workflow.RegisterOptions{Name: contract.RefundType})
}

func TestNoArgumentOrResultIsABareString(t *testing.T) {
	t.Parallel()
	var p *invoicePayment
	flowtest.NoBareStrings(t, map[string]any{
		contract.InvoicePaymentType: Workflow{}.InvoicePayment, contract.UpdateIssue: p.issue, contract.UpdatePayNow: p.payNow,
		contract.UpdateCancel: p.cancel, contract.UpdateReceipt: p.recordReceipt, contract.UpdateBankReceipt: p.bookBankReceipt, contract.UpdateResolve: (&escalation.Escalations{}).Resolve,
	}, &steps.Activities{})
}
