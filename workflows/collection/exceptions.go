package collection

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/escalation"
	"github.com/quittance/quittance/workflows/internal/flow"
)

var either = []exception.Choice{exception.TryAgain, exception.DidNotHappen}

// What can go wrong with a payment so that a person must look.
var (
	outcomeUnclear = escalation.ExceptionSpec{
		Kind: exception.OutcomeUnclear, Choices: either,
		Title:        "Saferpay could not be asked what became of the payment",
		OperatorNote: "Look for the order in the Saferpay Backoffice.",
		Mismatch:     &capturedOther,
	}
	releaseUnclear = escalation.ExceptionSpec{
		Kind: exception.ReleaseUnclear, Choices: either,
		Title:        "The money is authorized and could not be given back",
		OperatorNote: "Cancel the transaction in the Saferpay Backoffice, then choose it_did_not.",
		Mismatch:     &capturedOther,
	}
	pendingOverdue = escalation.ExceptionSpec{
		Kind: exception.PendingOverdue, Choices: either,
		Title:        "The provider has not decided in its time",
		OperatorNote: "Look at the transaction in the Saferpay Backoffice.",
	}
	doublePayment = escalation.ExceptionSpec{
		Kind: exception.DoublePayment, Choices: []exception.Choice{exception.GiveBack, exception.Keep},
		Title:        "A payment came for an invoice of which less was due",
		OperatorNote: "Refund it, or keep it as a prepayment.",
	}
	refundNotStarted = escalation.ExceptionSpec{
		Kind: exception.BookingFailed, Choices: []exception.Choice{exception.Acknowledge},
		Title:        "The refund that was decided could not be started",
		OperatorNote: "Ask for it by POST /v1/payments/{payment_id}/refunds.",
	}
	authorizedOther = escalation.ExceptionSpec{
		Kind: exception.AnswerMismatch, Choices: []exception.Choice{exception.Acknowledge},
		Title:        "Saferpay authorized something else than was asked for",
		OperatorNote: "The money was given back. Find out why before it happens again.",
	}
	waitingDeadline = escalation.ExceptionSpec{
		Kind: exception.CaptureDeadline, Choices: escalation.CaptureDeadline.Choices, Title: escalation.CaptureDeadline.Title,
		OperatorNote: "Decide on the exception about that payment first: if its money can't be captured, this one's is.",
	}
	capturedOther = escalation.ExceptionSpec{
		Kind: exception.AnswerMismatch, Choices: either,
		Title:        "Saferpay captured something else than was asked for",
		OperatorNote: "Refund it in the Saferpay Backoffice, or book it by a manual entry; then choose it_did_not, which ends the payment here without a receipt.",
	}
)

// notices are what a person only has to take note of, by kind.
var notices = map[exception.Kind]escalation.ExceptionSpec{authorizedOther.Kind: authorizedOther, refundNotStarted.Kind: refundNotStarted}

// captureUnclear says until when the money that was authorized can be taken.
func (p *invoicePayment) captureUnclear(ctx workflow.Context, a *attempt) escalation.ExceptionSpec {
	lostAt := p.lostAt(ctx, a)
	return escalation.ExceptionSpec{
		Kind: exception.CaptureUnclear, Choices: either, LostAt: lostAt, Mismatch: &capturedOther,
		Title: "The money is authorized but could not be captured",
		OperatorNote: fmt.Sprintf("It is lost on %s. Capture it in the Saferpay Backoffice and choose try_again; if it can't be captured, choose it_did_not.",
			flow.Minute(lostAt)),
	}
}

// lostAt returns until when the money that was authorized can be taken.
func (p *invoicePayment) lostAt(ctx workflow.Context, a *attempt) time.Time {
	authorizedAt := a.Outcome.AuthorizedAt
	if authorizedAt.IsZero() {
		authorizedAt = workflow.Now(ctx)
	}
	return authorizedAt.Add(p.clock.Shorten(a.Method.CaptureWindow()))
}

// notice puts something before a person that nobody can change any more. A payment that is at its end waits until the person has
// seen it, and stands on the operators' list until then.
func (p *invoicePayment) notice(ctx workflow.Context, a *attempt, spec escalation.ExceptionSpec, what string) {
	if !a.State.Final() {
		p.escalations.Raise(ctx, &a.Escalation, spec, what, false)
		return
	}
	a.Notice, a.State, a.Next = notice{spec.Kind, what, a.State}, payment.Authorized, toNotice
}

// awaitSeen ends the payment once somebody has seen the notice.
func (p *invoicePayment) awaitSeen(ctx workflow.Context, a *attempt) {
	p.escalations.Decide(ctx, &a.Escalation, notices[a.Notice.Kind], a.Notice.What, escalation.Never)
	a.State = a.Notice.End
}

// refund starts a refund of the whole payment, which goes on by itself.
func (p *invoicePayment) refund(ctx workflow.Context, a *attempt) {
	var made contract.RequestRefund
	err := workflow.SideEffect(ctx, func(workflow.Context) any {
		return contract.RequestRefund{
			CompanyID: p.in.CompanyID, RefundID: id.New(id.Refund), OrderID: id.NewOrder(), PaymentID: a.PaymentID, Reason: "Paid twice",
		}
	}).Get(&made)
	if err == nil {
		err = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: contract.RefundID(made.RefundID), ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
			Priority:              contract.PriorityOf(p.in.CompanyID, contract.ForMoney),
			StaticSummary:         "Refund of a payment that came twice",
			TypedSearchAttributes: temporal.NewSearchAttributes(contract.CompanyID.ValueSet(p.in.CompanyID), contract.NeedsAttention.ValueSet(false)),
		}), contract.RefundType, made).GetChildWorkflowExecution().Get(ctx, nil)
	}
	if err != nil {
		p.notice(ctx, a, refundNotStarted, flow.Cause(err)+".")
	}
}
