package api

import (
	"context"
	"maps"
	"slices"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/text"
)

// PayoutsTx is what reading payouts needs of a transaction.
type PayoutsTx interface {
	Payouts(ctx context.Context, f listing.Payouts) (payouts []settlement.Shown, next string, err error)
	ShownPayout(ctx context.Context, id string) (settlement.Shown, error)
	PayoutLines(ctx context.Context, payoutID string, f listing.Part) (lines []settlement.Line, next string, err error)
	PayoutItems(ctx context.Context, payoutID string, f listing.Part) (items []settlement.Item, next string, err error)
}

// ListPayouts answers GET /payouts.
func (s *server) ListPayouts(ctx context.Context, r spec.ListPayoutsRequestObject) (spec.ListPayoutsResponseObject, error) {
	return answered(ctx, s, func(tx PayoutsTx) (spec.ListPayoutsResponseObject, error) {
		payouts, next, err := tx.Payouts(ctx, listing.Payouts{
			States: states(r.Params.State), Pays: deref(r.Params.Pays), SettlementID: deref(r.Params.SettlementID),
			Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit),
		})
		return spec.ListPayouts200JSONResponse{Data: shownPayouts(payouts), NextCursor: optional(next)}, err
	})
}

func states(state *spec.PayoutState) []settlement.State {
	if state == nil {
		return nil
	}
	return []settlement.State{settlement.State(*state)}
}

// GetPayout answers GET /payouts/{payout_id}.
func (s *server) GetPayout(ctx context.Context, r spec.GetPayoutRequestObject) (spec.GetPayoutResponseObject, error) {
	return answered(ctx, s, func(tx PayoutsTx) (spec.GetPayoutResponseObject, error) {
		p, err := tx.ShownPayout(ctx, r.PayoutID)
		return spec.GetPayout200JSONResponse(shownPayout(p)), err
	})
}

// ListPayoutLines answers GET /payouts/{payout_id}/lines.
func (s *server) ListPayoutLines(ctx context.Context, r spec.ListPayoutLinesRequestObject) (spec.ListPayoutLinesResponseObject, error) {
	return answered(ctx, s, func(tx PayoutsTx) (spec.ListPayoutLinesResponseObject, error) {
		lines, next, err := tx.PayoutLines(ctx, r.PayoutID, listing.Part{Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit)})
		return spec.ListPayoutLines200JSONResponse{Data: mapped(lines, shownPayoutLine), NextCursor: optional(next)}, err
	})
}

// ListPayoutItems answers GET /payouts/{payout_id}/items.
func (s *server) ListPayoutItems(ctx context.Context, r spec.ListPayoutItemsRequestObject) (spec.ListPayoutItemsResponseObject, error) {
	return answered(ctx, s, func(tx PayoutsTx) (spec.ListPayoutItemsResponseObject, error) {
		items, next, err := tx.PayoutItems(ctx, r.PayoutID, listing.Part{Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit)})
		return spec.ListPayoutItems200JSONResponse{Data: mapped(items, shownPayoutItem), NextCursor: optional(next)}, err
	})
}

// ConfirmPayout answers POST /payouts/{payout_id}/confirm.
func (s *server) ConfirmPayout(ctx context.Context, r spec.ConfirmPayoutRequestObject) (spec.ConfirmPayoutResponseObject, error) {
	body := deref(r.Body)
	decision := settlement.Decision{
		Items: deref(body.Items), Account: deref(body.Account), ExchangeAccount: deref(body.ExchangeAccount), Note: deref(body.Note),
	}
	answer, err := s.decidePayout(ctx, r.PayoutID, &decision.Note, decision.Items, func(tx MatchingTx, m *settlement.Matcher, p *settlement.Payout) error {
		if p.State == settlement.Booked && repeated(ctx) {
			return nil
		}
		if body.Fee != nil {
			fee, err := money.Parse(*body.Fee, p.Currency())
			if err != nil {
				return problem.InvalidFields(problem.Field{Name: "fee", Message: err.Error()})
			}
			decision.Fee = fee
		}
		if err := checkAccounts(ctx, tx, map[string]string{"account": decision.Account, "exchange_account": decision.ExchangeAccount}); err != nil {
			return err
		}
		return m.Confirm(p, decision)
	})
	return spec.ConfirmPayout200JSONResponse(answer), err
}

// DismissPayout answers POST /payouts/{payout_id}/dismiss.
func (s *server) DismissPayout(ctx context.Context, r spec.DismissPayoutRequestObject) (spec.DismissPayoutResponseObject, error) {
	note := deref(deref(r.Body).Note)
	answer, err := s.decidePayout(ctx, r.PayoutID, &note, nil, func(_ MatchingTx, m *settlement.Matcher, p *settlement.Payout) error {
		return m.Dismiss(p, note)
	})
	return spec.DismissPayout200JSONResponse(answer), err
}

// ReopenPayout answers POST /payouts/{payout_id}/reopen.
func (s *server) ReopenPayout(ctx context.Context, r spec.ReopenPayoutRequestObject) (spec.ReopenPayoutResponseObject, error) {
	note := deref(deref(r.Body).Note)
	answer, err := s.decidePayout(ctx, r.PayoutID, &note, nil, func(_ MatchingTx, m *settlement.Matcher, p *settlement.Payout) error {
		if p.State == settlement.Unmatched && repeated(ctx) {
			return nil
		}
		return m.Reopen(p, note)
	})
	return spec.ReopenPayout200JSONResponse(answer), err
}

func (s *server) decidePayout(ctx context.Context, payoutID string, note *string, items []string,
	fn func(MatchingTx, *settlement.Matcher, *settlement.Payout) error,
) (answer spec.Payout, err error) {
	if err := problem.InvalidFields(text.Lines("note", note, 0, 1000)...); err != nil {
		return answer, err
	}
	err = s.matching(ctx, func(m matching) error {
		p, err := m.decide(ctx, payoutID, items, func(matcher *settlement.Matcher, p *settlement.Payout) error { return fn(m.tx, matcher, p) })
		answer = shownPayout(p.Shown())
		return err
	})
	return answer, err
}

// checkAccounts returns an Invalid problem unless the chart has the accounts, by field; an empty one is none.
func checkAccounts(ctx context.Context, tx MatchingTx, accounts map[string]string) error {
	chart, err := tx.Accounts(ctx)
	if err != nil {
		return err
	}
	var fields []problem.Field
	for _, field := range slices.Sorted(maps.Keys(accounts)) {
		known := slices.ContainsFunc(chart, func(a ledger.Account) bool { return a.Number == accounts[field] })
		if accounts[field] != "" && !known {
			fields = append(fields, problem.Field{Name: field, Message: "must be an account of the chart, see GET /v1/accounts"})
		}
	}
	return problem.InvalidFields(fields...)
}
