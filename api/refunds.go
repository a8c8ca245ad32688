package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
)

// RefundsTx is what the calls for refunds need of a transaction.
type RefundsTx interface {
	Refunds(ctx context.Context, f listing.Refunds) (refunds []refund.Refund, next string, err error)
	Refund(ctx context.Context, id string) (refund.Refund, error)
	RefundsOf(ctx context.Context, paymentID string) ([]refund.Refund, error)
	Payment(ctx context.Context, id string) (payment.Payment, error)
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
}

// RequestRefund answers POST /payments/{payment_id}/refunds. The refund's workflow records the request, since it also keeps
// two refunds from giving the same money back; what can be refused without it is refused here.
func (s *server) RequestRefund(ctx context.Context, r spec.RequestRefundRequestObject) (spec.RequestRefundResponseObject, error) {
	invalid := problem.InvalidFields(text.Line("reason", &r.Body.Reason, 1, 200)...)
	companyID := callerOf(ctx).companyID
	request := contract.RequestRefund{
		CompanyID: companyID, RefundID: newID(ctx, id.Refund), PaymentID: r.PaymentID, OrderID: id.NewOrder(), Reason: r.Body.Reason,
		By: callerOf(ctx).actor(),
	}
	if repeated(ctx) { // what was left of the payment then is gone if the first try came through
		if requested, err := s.refund(ctx, request.RefundID); problem.CodeOf(err) != problem.NotFound {
			return spec.RequestRefund202JSONResponse(shownRefund(requested)), err
		}
	}
	var inv invoice.Invoice
	err := inCompany(ctx, s.Store, companyID, func(tx RefundsTx) error {
		p, err := tx.Payment(ctx, r.PaymentID)
		if err != nil {
			return err
		}
		refunds, err := tx.RefundsOf(ctx, p.ID)
		if err != nil {
			return err
		}
		amount := refund.Left(p, refunds)
		if r.Body.Amount != nil {
			amount, err = parseAmount(*r.Body.Amount, string(p.Amount.Currency()))
			request.Amount = amount
		}
		if err := problem.Together(invalid, err); err != nil {
			return err
		}
		if err := refund.Allow(p, refunds, amount, s.now()); err != nil {
			return err
		}
		inv, err = tx.Invoice(ctx, p.InvoiceID)
		return err
	})
	if err != nil {
		return nil, err
	}
	commandCtx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	if err := s.Refunding.RequestRefund(commandCtx, request, inv.Number); err != nil {
		return nil, err
	}
	requested, err := s.refund(ctx, request.RefundID)
	return spec.RequestRefund202JSONResponse(shownRefund(requested)), err
}

// ReleaseRefund answers POST /refunds/{refund_id}/release.
func (s *server) ReleaseRefund(ctx context.Context, r spec.ReleaseRefundRequestObject) (spec.ReleaseRefundResponseObject, error) {
	released, err := s.decideRefund(ctx, r.RefundID, true)
	return spec.ReleaseRefund200JSONResponse(shownRefund(released)), err
}

// RefuseRefund answers POST /refunds/{refund_id}/refuse.
func (s *server) RefuseRefund(ctx context.Context, r spec.RefuseRefundRequestObject) (spec.RefuseRefundResponseObject, error) {
	refused, err := s.decideRefund(ctx, r.RefundID, false)
	return spec.RefuseRefund200JSONResponse(shownRefund(refused)), err
}

// keyUser is the user of sessions that a key opens at the sign-in of the console. It stands for no person.
const keyUser = "key"

// decideRefund has the workflow of a refund take the decision of a person in the console.
func (s *server) decideRefund(ctx context.Context, refundID string, release bool) (refund.Refund, error) {
	c := callerOf(ctx)
	decision := contract.DecideRefund{Decider: refund.Decider{By: c.actor(), UserID: c.session.User.ID}, Release: release}
	before, err := s.refund(ctx, refundID)
	if err == nil {
		err = before.MayDecide(release, decision.Decider)
	}
	if err == nil && release && c.session.User.ID == keyUser {
		err = problem.New(problem.SecondPersonNeeded, "This session was opened with a key, which stands for no person. Sign in as yourself to release a refund.")
	}
	if err != nil {
		return before, err
	}
	commandCtx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	err = s.Refunding.DecideRefund(commandCtx, refundID, decision)
	if problem.CodeOf(err) == problem.NotFound {
		err = s.takeUpRefund(commandCtx, refundID)
	}
	if err != nil {
		return before, err
	}
	return s.refund(ctx, refundID)
}

// RecordRefund answers POST /refunds/{refund_id}/record. Whether the refund waits for a person is for its workflow to say;
// one that has ended has no workflow any more.
func (s *server) RecordRefund(ctx context.Context, r spec.RecordRefundRequestObject) (spec.RecordRefundResponseObject, error) {
	before, err := s.refund(ctx, r.RefundID)
	if err != nil {
		return nil, err
	}
	if before.State == refund.Recorded {
		return spec.RecordRefund200JSONResponse(shownRefund(before)), nil
	}
	if before.State.Final() {
		return nil, problem.New(problem.RefundNotRecordable, "Refund %s is %s. Only a refund that waits for a person can be recorded.", before.ID, before.State)
	}
	commandCtx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	err = s.Refunding.RecordRefund(commandCtx, r.RefundID, contract.RefundRecorded{By: callerOf(ctx).actor()})
	if problem.CodeOf(err) == problem.NotFound {
		err = s.takeUpRefund(commandCtx, r.RefundID)
	}
	if err != nil {
		return nil, err
	}
	recorded, err := s.refund(ctx, r.RefundID)
	return spec.RecordRefund200JSONResponse(shownRefund(recorded)), err
}

// GetRefund answers GET /refunds/{refund_id}.
func (s *server) GetRefund(ctx context.Context, r spec.GetRefundRequestObject) (spec.GetRefundResponseObject, error) {
	found, err := s.refund(ctx, r.RefundID)
	return spec.GetRefund200JSONResponse(shownRefund(found)), err
}

// ListRefunds answers GET /refunds.
func (s *server) ListRefunds(ctx context.Context, r spec.ListRefundsRequestObject) (spec.ListRefundsResponseObject, error) {
	return answered(ctx, s, func(tx RefundsTx) (spec.ListRefundsResponseObject, error) {
		refunds, next, err := tx.Refunds(ctx, listing.Refunds{
			PaymentID: deref(r.Params.PaymentID),
			State:     refund.State(deref(r.Params.State)),
			Cursor:    deref(r.Params.Cursor),
			Limit:     deref(r.Params.Limit),
		})
		return spec.ListRefunds200JSONResponse{Data: mapped(refunds, shownRefund), NextCursor: optional(next)}, err
	})
}

func (s *server) refund(ctx context.Context, refundID string) (refund.Refund, error) {
	return answered(ctx, s, func(tx RefundsTx) (refund.Refund, error) { return tx.Refund(ctx, refundID) })
}

func shownRefund(r refund.Refund) spec.Refund {
	answer := spec.Refund{
		ID:            r.ID,
		PaymentID:     r.PaymentID,
		InvoiceID:     r.InvoiceID,
		State:         spec.RefundState(r.State),
		Amount:        r.Amount.Value(),
		Currency:      spec.Currency(r.Amount.Currency()),
		Reason:        r.Reason,
		AskedBy:       optional(r.AskedBy),
		Saferpay:      spec.SaferpayReferences{OrderID: r.OrderID, TransactionID: optional(r.TransactionID)},
		BookedAccount: optional(r.BookedAccount),
		Email:         shownPayerEmail(r.Mail),
		Timeline: mapped(r.Timeline, func(step refund.Step) spec.RefundStep {
			return spec.RefundStep{At: step.At, State: spec.RefundState(step.State), Note: optional(step.Note)}
		}),
		WorkflowID: contract.RefundID(r.ID),
		CreatedAt:  r.CreatedAt,
	}
	if r.Failure.Name != "" {
		answer.Failure = &spec.PaymentFailure{Name: r.Failure.Name, PayerMessage: optional(r.Failure.PayerMessage)}
	}
	return answer
}
