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
	Payouts(ctx context.Context, f listing.Payouts) (payouts []settlement.Payout, next string, err error)
	Payout(ctx context.Context, id string) (settlement.Payout, error)
}

// ListPayouts answers GET /payouts.
func (s *server) ListPayouts(ctx context.Context, r spec.ListPayoutsRequestObject) (spec.ListPayoutsResponseObject, error) {
	return answered(ctx, s, func(tx PayoutsTx) (spec.ListPayoutsResponseObject, error) {
		payouts, next, err := tx.Payouts(ctx, listing.Payouts{
			States: states(r.Params.State), Pays: deref(r.Params.Pays), Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit),
		})
		return spec.ListPayouts200JSONResponse{Data: mapped(payouts, shownPayout), NextCursor: optional(next)}, err
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
		p, err := tx.Payout(ctx, r.PayoutID)
		return spec.GetPayout200JSONResponse(shownPayout(p)), err
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
		answer = shownPayout(p)
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

func shownPayout(p settlement.Payout) spec.Payout {
	answer := spec.Payout{
		ID:             p.ID,
		State:          spec.PayoutState(p.State),
		Reference:      optional(p.Reference),
		Account:        optional(p.Account),
		Date:           date(p.Date),
		Currency:       spec.Currency(p.Net.Currency()),
		Gross:          p.Gross().Value(),
		Fee:            p.Kept().Value(),
		Net:            p.Net.Value(),
		Total:          p.Total.Value(),
		Payments:       []spec.PayoutItem{},
		Refunds:        []spec.PayoutItem{},
		Others:         []spec.PayoutItem{},
		Confidence:     optional(spec.PayoutConfidence(p.Confident)),
		Reason:         p.Reason,
		Candidates:     mapped(p.Choices, shownCandidate),
		Lines:          mapped(p.Lines, shownPayoutLine),
		PartOf:         optional(p.PartOf),
		Returns:        optional(p.Returns),
		JournalEntryID: optional(p.EntryID),
		SeenIn:         mapped(p.Seen, shownSighting),
		Timeline: mapped(p.Timeline, func(step settlement.Step) spec.PayoutStep {
			return spec.PayoutStep{At: step.At, State: spec.PayoutState(step.State), Note: step.Note, By: optional(step.By)}
		}),
		CreatedAt: p.CreatedAt,
	}
	for _, i := range p.Items {
		list := map[ledger.SourceKind]*[]spec.PayoutItem{ledger.FromPayment: &answer.Payments, ledger.FromRefund: &answer.Refunds}[i.Source.Kind]
		if list == nil {
			list = &answer.Others
		}
		*list = append(*list, spec.PayoutItem{
			ID: i.Source.ID, OrderID: optional(i.OrderID), Account: i.Account, Gross: i.Gross.Value(), Fee: shownAmount(i.Fee),
		})
	}
	if shownAmount(p.Rest) != nil {
		answer.Rest = &spec.PayoutRest{Amount: p.Rest.Value(), Account: p.RestTo}
	}
	if shownAmount(p.Exchanged) != nil {
		answer.Exchanged = &spec.ExchangedAmount{
			Currency: spec.Currency(p.Exchanged.Currency()), Amount: p.Exchanged.Value(), Account: optional(p.ExchangeTo),
		}
	}
	return answer
}

// shownAmount leaves out what nobody told.
func shownAmount(a money.Amount) *string {
	if a.Currency() == "" {
		return nil
	}
	return optional(a.Value())
}

func shownCandidate(c settlement.Candidate) spec.PayoutCandidate {
	return spec.PayoutCandidate{Items: c.Items, Fee: shownAmount(c.Fee)}
}

func shownPayoutLine(l settlement.Line) spec.PayoutLine {
	line := spec.PayoutLine{
		Line: l.Number, Type: optional(spec.PayoutLineType(l.Kind)), OrderID: optional(l.OrderID), Gross: shownAmount(l.Gross),
		Fee: shownAmount(l.Fee), Net: shownAmount(l.Net), Problem: optional(l.Problem), Brand: optional(l.Brand),
		TransactionID: optional(l.Transaction), AuthorizationCode: optional(l.Authorization), Card: optional(l.Card), Text: optional(l.Text),
	}
	if !l.Day.IsZero() {
		day := date(l.Day)
		if line.SalesDate = &day; l.Kind != settlement.UnknownLine {
			line.Date, line.SalesDate = &day, nil
		}
	}
	return line
}

func shownSighting(s settlement.Sighting) spec.PayoutSighting {
	return spec.PayoutSighting{
		SettlementID: s.SettlementID, Format: spec.PayoutSightingFormat(s.Format), Line: s.Line, Reference: optional(s.Reference),
		Date: date(s.Date), Known: s.Known,
	}
}
