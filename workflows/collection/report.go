package collection

import (
	"cmp"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// report tells operators where the invoice stands: current details, and the search attributes when they changed.
func (p *invoicePayment) report(ctx workflow.Context) {
	number, _ := workflow.GetTypedSearchAttributes(ctx).GetKeyword(contract.InvoiceNumber) // the static summary is lost when a workflow continues as new
	details := fmt.Sprintf("Invoice %s is **%s**, %s is due. %s", text.Literal(number), p.InvoiceStatus, p.Due, p.mailing)
	attention := false
	for _, a := range p.Attempts {
		details += "\n- " + a.describe()
		attention = attention || a.OperatorNote != ""
	}
	switch {
	case p.refusal != nil:
		details = "Issuing was refused: " + flow.Cause(p.refusal)
	case p.inFlight() == nil && p.InvoiceStatus.Payable():
		details += "\n\nWaiting for somebody to press *Pay now* on the online document, or for the invoice to be cancelled."
	}
	workflow.SetCurrentDetails(ctx, details)
	var changed []temporal.SearchAttributeUpdate
	if attention != p.Attention {
		p.Attention = attention
		changed = append(changed, contract.NeedsAttention.ValueSet(attention))
	}
	if p.InvoiceStatus != p.Shown && p.refusal == nil {
		p.Shown = p.InvoiceStatus
		changed = append(changed, contract.PaymentState.ValueSet(string(p.Shown)))
	}
	flow.Upsert(ctx, changed...)
}

// describe says where one payment stands.
func (a *attempt) describe() string {
	line := fmt.Sprintf("%s by %s, order `%s` at Saferpay: **%s**", a.PaymentID, a.Method, a.OrderID, cmp.Or(a.Notice.End, a.State))
	switch {
	case a.Progress != "":
		return line + ", " + a.Progress
	case a.OperatorNote != "":
		return line + ". " + a.OperatorNote
	case a.State == payment.Redirected:
		return line + ", the page is open until " + a.ExpiresAt.UTC().Format("2006-01-02 15:04:05") + " UTC; waiting for the payer's return or Saferpay's notification"
	case a.State == payment.Pending:
		return line + ", the provider decides later; waiting for Saferpay's notification"
	default:
		return line
	}
}
