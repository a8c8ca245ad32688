package refunding

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exchange"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/workflows/contract"
)

// ApprovalTx is what it takes to find out whether a refund needs a second person.
type ApprovalTx interface {
	ExchangeRates(ctx context.Context, month time.Time) ([]exchange.Rate, error)
}

// needsApproval reports whether a second person has to release a refund of the amount.
func needsApproval(ctx context.Context, tx ApprovalTx, limit decimal.NullDecimal, refunds []refund.Refund, amount money.Amount, at time.Time) (bool, error) {
	if !limit.Valid {
		return false, nil
	}
	today := calendar.Day(at)
	rates, err := tx.ExchangeRates(ctx, today.AddDate(0, 0, 1-today.Day()))
	if err != nil {
		return false, err
	}
	var rate decimal.NullDecimal
	for _, r := range rates {
		if r.Currency == amount.Currency() {
			rate = decimal.NewNullDecimal(r.Value)
		}
	}
	return refund.NeedsApproval(limit, refunds, amount, rate), nil
}

// Decided is what a person decided about a refund that awaits approval.
type Decided struct {
	activities.RefundRef
	contract.DecideRefund
}

// DecideRefund records that a refund was released or refused, and returns where it stands. Problems: refund-not-awaiting-approval,
// second-person-needed.
func (a *Activities) DecideRefund(ctx context.Context, in Decided) (state refund.State, err error) {
	err = a.change(ctx, in.RefundRef, func(r *refund.Refund) ([]event.Type, error) {
		before := r.State
		if err := r.Decide(in.Release, in.Decider, a.Now()); err != nil {
			return nil, err
		}
		if state = r.State; state == refund.Failed && before != state {
			return []event.Type{event.RefundFailed}, nil
		}
		return nil, nil
	})
	return state, err
}
