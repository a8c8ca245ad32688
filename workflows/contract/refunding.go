package contract

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/text"
)

// RequestRefund starts a refund and returns when it is recorded. invoiceNumber is only for operators to read.
func (c Commands) RequestRefund(ctx context.Context, in RequestRefund, invoiceNumber string) error {
	return c.updateWithStart(ctx, begun{c.refundOptions(in, invoiceNumber), RefundType, in}, client.UpdateWorkflowOptions{UpdateName: UpdateRefund}, &Acknowledged{})
}

func (c Commands) refundOptions(in RequestRefund, invoiceNumber string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       RefundID(in.RefundID),
		TaskQueue:                PaymentsQueue,
		Priority:                 PriorityOf(in.CompanyID, ForMoney),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("Refund for invoice %s", text.Literal(invoiceNumber)),
		StaticDetails:            c.details(in.RefundID, "Gives money of payment `%s` back to its payer.", in.PaymentID),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			CompanyID.ValueSet(in.CompanyID), InvoiceNumber.ValueSet(invoiceNumber), NeedsAttention.ValueSet(false)),
	}
}

// TakeUpRefund starts the workflow of a refund again when it was ended from outside. It first looks whether Saferpay has the
// refund. One that still runs is left alone.
func (c Commands) TakeUpRefund(ctx context.Context, r refund.Refund, invoiceNumber string) error {
	return c.RequestRefund(ctx, takeUpRefund(r), invoiceNumber)
}

// RecordRefund records that the merchant gave the money back in the Saferpay Backoffice, and returns when it is booked.
func (c Commands) RecordRefund(ctx context.Context, refundID string, in RefundRecorded) error {
	return c.update(ctx, client.UpdateWorkflowOptions{
		WorkflowID: RefundID(refundID), UpdateName: UpdateRecorded, Args: []any{in},
	}, &Acknowledged{})
}

// DecideRefund releases or refuses a refund that awaits approval, and returns when that is recorded.
func (c Commands) DecideRefund(ctx context.Context, refundID string, in DecideRefund) error {
	return c.update(ctx, client.UpdateWorkflowOptions{
		WorkflowID: RefundID(refundID), UpdateName: UpdateApprove, Args: []any{in},
	}, &Acknowledged{})
}

// RestoredRefund sees to it that a refund that has not ended is looked after by a new workflow, which first looks whether
// Saferpay has it. One that was restored from before the refund was asked for would ask for it, and so give the money back a
// second time: it is ended.
func (c Commands) RestoredRefund(ctx context.Context, r refund.Refund, invoiceNumber string) error {
	err := Problem(c.Temporal.TerminateWorkflow(ctx, RefundID(r.ID), "", "A database was restored: the refund is looked for before it is asked for again."))
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return err
	}
	in := takeUpRefund(r)
	_, err = c.Temporal.ExecuteWorkflow(ctx, c.refundOptions(in, invoiceNumber), RefundType, in)
	return Problem(err)
}

func takeUpRefund(r refund.Refund) RequestRefund {
	return RequestRefund{
		CompanyID: r.CompanyID, RefundID: r.ID, PaymentID: r.PaymentID, OrderID: r.OrderID, Amount: r.Amount, Reason: r.Reason, TakeUp: true,
	}
}
