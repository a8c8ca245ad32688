package api

import (
	"context"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
)

// DisputesTx is what reading and booking disputes needs of a transaction.
type DisputesTx interface {
	booking.DisputeTx
	Disputes(ctx context.Context, f listing.Disputes) (disputes []dispute.Dispute, next string, err error)
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
}

// OpenDispute answers POST /disputes. Nothing about the invoice changes, so that no workflow carries it. Payouts that waited for the
// dispute are looked at again in the same transaction.
func (s *server) OpenDispute(ctx context.Context, r spec.OpenDisputeRequestObject) (spec.OpenDisputeResponseObject, error) {
	var opened dispute.Dispute
	var isNew bool
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx DisputesTx) error {
		p, err := tx.Payment(ctx, r.Body.PaymentID)
		if err != nil {
			return err
		}
		wanted, err := s.wantedDispute(ctx, p, r.Body)
		if err != nil {
			return err
		}
		if opened, isNew, err = booking.OpenDispute(ctx, tx, wanted, callerOf(ctx).actor(), s.now()); err != nil {
			return err
		}
		return s.lookAgain(ctx, tx, isNew)
	})
	if err != nil {
		return nil, err
	}
	if !isNew && !repeated(ctx) {
		return spec.OpenDispute200JSONResponse(shownDispute(opened)), nil
	}
	return spec.OpenDispute201JSONResponse(shownDispute(opened)), nil
}

func (s *server) wantedDispute(ctx context.Context, p payment.Payment, body *spec.NewDispute) (dispute.Dispute, error) {
	d := dispute.Dispute{
		ID: newID(ctx, id.Dispute), PaymentID: p.ID, Reason: body.Reason, Reference: deref(body.Reference), OpenedOn: s.dayOr(body.OpenedOn),
		RespondBy: deref(body.RespondBy).Time,
	}
	var fields []problem.Field
	parse := func(name string, value *string) (a money.Amount) {
		if value == nil {
			return a
		}
		a, err := money.Parse(*value, p.Amount.Currency())
		if err != nil {
			fields = append(fields, problem.Field{Name: name, Message: err.Error()})
		}
		return a
	}
	d.Amount, d.Fee = parse("amount", body.Amount), parse("fee", body.Fee)
	return d, problem.Together(problem.InvalidFields(fields...), d.Check(p, today(s.now())))
}

// dayOr returns the day, or today.
func (s *server) dayOr(day *spec.Date) time.Time {
	if day == nil {
		return today(s.now())
	}
	return day.Time
}

// lookAgain looks at what waits once more, if there is something new on a receipt account.
func (s *server) lookAgain(ctx context.Context, tx DisputesTx, isNew bool) error {
	if !isNew {
		return nil
	}
	m, err := s.matchingIn(ctx, any(tx).(MatchingTx)) // the same
	if err != nil {
		return err
	}
	return m.lookAgain(ctx)
}

// UpdateDispute answers PATCH /disputes/{dispute_id}.
func (s *server) UpdateDispute(ctx context.Context, r spec.UpdateDisputeRequestObject) (spec.UpdateDisputeResponseObject, error) {
	return answered(ctx, s, func(tx DisputesTx) (spec.UpdateDisputeResponseObject, error) {
		d, err := tx.Dispute(ctx, r.DisputeID)
		if err != nil {
			return nil, err
		}
		p, err := tx.LockPayment(ctx, d.PaymentID)
		if err != nil {
			return nil, err
		}
		others, err := tx.DisputesOf(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		if d, err = tx.LockDispute(ctx, r.DisputeID); err != nil {
			return nil, err
		}
		if err := d.MustBeOpen(); err != nil {
			return nil, err
		}
		if r.Body.Reason != nil {
			d.Reason = *r.Body.Reason
		}
		if r.Body.Reference != nil {
			d.Reference = *r.Body.Reference
		}
		if r.Body.RespondBy != nil {
			d.RespondBy = r.Body.RespondBy.Time
		}
		if err := problem.Together(d.Check(p, today(s.now())), d.OnlyCase(others)); err != nil {
			return nil, err
		}
		if err := tx.SaveDispute(ctx, d); err != nil {
			return nil, err
		}
		return spec.UpdateDispute200JSONResponse(shownDispute(d)), s.lookAgain(ctx, tx, r.Body.Reference != nil)
	})
}

// WinDispute answers POST /disputes/{dispute_id}/win. The invoice stays what it is.
func (s *server) WinDispute(ctx context.Context, r spec.WinDisputeRequestObject) (spec.WinDisputeResponseObject, error) {
	on := s.dayOr(deref(r.Body).On)
	return answered(ctx, s, func(tx DisputesTx) (spec.WinDisputeResponseObject, error) {
		won, err := booking.WinDispute(ctx, tx, r.DisputeID, on, callerOf(ctx).actor(), s.now())
		if err != nil {
			return nil, err
		}
		return spec.WinDispute200JSONResponse(shownDispute(won)), s.lookAgain(ctx, tx, true)
	})
}

// LoseDispute answers POST /disputes/{dispute_id}/lose. When the invoice is owed again, its workflow books that, as it booked the
// payment; a paid invoice has none any more and gets a new one.
func (s *server) LoseDispute(ctx context.Context, r spec.LoseDisputeRequestObject) (spec.LoseDisputeResponseObject, error) {
	companyID := callerOf(ctx).companyID
	lost := booking.LostDispute{DisputeID: r.DisputeID, Claim: dispute.Claim(r.Body.Claim), On: s.dayOr(r.Body.On), By: callerOf(ctx).actor()}
	var d dispute.Dispute
	var inv invoice.Invoice
	var decided bool
	err := inCompany(ctx, s.Store, companyID, func(tx DisputesTx) (err error) {
		if lost.Claim == dispute.AsLoss {
			_, d, err = booking.LoseDispute(ctx, tx, lost, s.now())
			return err
		}
		if d, err = tx.Dispute(ctx, r.DisputeID); err != nil {
			return err
		}
		p, err := tx.Payment(ctx, d.PaymentID)
		if err != nil {
			return err
		}
		if inv, err = tx.Invoice(ctx, d.InvoiceID); err != nil {
			return err
		}
		if d, err = tx.Dispute(ctx, r.DisputeID); err != nil { // another request may have lost it before the invoice was read
			return err
		}
		lostThen, without := d, inv // the workflow does it for good
		decided, err = booking.Lose(&lostThen, p, &without, lost, s.now())
		return err
	})
	if err == nil && decided {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		err = s.Collection.LoseDispute(ctx, inv, contract.LoseDispute{DisputeID: lost.DisputeID, On: lost.On, By: lost.By})
		if err == nil {
			d, err = s.dispute(ctx, r.DisputeID)
		}
	}
	return spec.LoseDispute200JSONResponse(shownDispute(d)), err
}

// GetDispute answers GET /disputes/{dispute_id}.
func (s *server) GetDispute(ctx context.Context, r spec.GetDisputeRequestObject) (spec.GetDisputeResponseObject, error) {
	found, err := s.dispute(ctx, r.DisputeID)
	return spec.GetDispute200JSONResponse(shownDispute(found)), err
}

// ListDisputes answers GET /disputes.
func (s *server) ListDisputes(ctx context.Context, r spec.ListDisputesRequestObject) (spec.ListDisputesResponseObject, error) {
	return answered(ctx, s, func(tx DisputesTx) (spec.ListDisputesResponseObject, error) {
		disputes, next, err := tx.Disputes(ctx, listing.Disputes{
			PaymentID: deref(r.Params.PaymentID),
			InvoiceID: deref(r.Params.InvoiceID),
			State:     dispute.State(deref(r.Params.State)),
			Sort:      listing.DisputeOrder(deref(r.Params.Sort)),
			Cursor:    deref(r.Params.Cursor),
			Limit:     deref(r.Params.Limit),
		})
		return spec.ListDisputes200JSONResponse{Data: mapped(disputes, shownDispute), NextCursor: optional(next)}, err
	})
}

func (s *server) dispute(ctx context.Context, disputeID string) (dispute.Dispute, error) {
	return answered(ctx, s, func(tx DisputesTx) (dispute.Dispute, error) { return tx.Dispute(ctx, disputeID) })
}

func shownDay(day time.Time) *spec.Date {
	if day.IsZero() {
		return nil
	}
	shown := date(day)
	return &shown
}

func shownDispute(d dispute.Dispute) spec.Dispute {
	answer := spec.Dispute{
		ID:              d.ID,
		PaymentID:       d.PaymentID,
		InvoiceID:       d.InvoiceID,
		State:           spec.DisputeState(d.State),
		Amount:          d.Amount.Value(),
		Currency:        spec.Currency(d.Amount.Currency()),
		Reason:          d.Reason,
		Reference:       optional(d.Reference),
		OpenedOn:        date(d.OpenedOn),
		RespondBy:       shownDay(d.RespondBy),
		Fee:             shownAmount(d.Fee),
		Claim:           optional(spec.DisputeClaim(d.Claim)),
		DecidedOn:       shownDay(d.DecidedOn),
		EntryID:         d.EntryID,
		DecisionEntryID: optional(d.DecisionEntryID),
		Timeline: mapped(d.Timeline, func(step dispute.Step) spec.DisputeStep {
			return spec.DisputeStep{At: step.At, State: spec.DisputeState(step.State), By: optional(step.By)}
		}),
		CreatedAt: d.CreatedAt,
	}
	return answer
}
