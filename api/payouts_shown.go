package api

import (
	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/settlement"
)

// mostTogether is how many lines the payouts of one list are shown with, and how many items.
const mostTogether = 1000

// shownPayouts returns payouts as a list shows them, which stays small however large they are.
func shownPayouts(payouts []settlement.Shown) []spec.Payout {
	shown := mapped(payouts, shownPayout)
	keepSmall(shown)
	return shown
}

// keepSmall leaves out what payouts are shown with that makes an answer with these lists of them too large.
func keepSmall(lists ...[]spec.Payout) {
	lines, items := mostTogether, mostTogether
	for _, list := range lists {
		for i := range list {
			p := &list[i]
			p.Lines = taken(p.Lines, &lines)
			p.Payments, p.Refunds, p.Others = taken(p.Payments, &items), taken(p.Refunds, &items), taken(p.Others, &items)
			for n, c := range p.Candidates {
				p.Candidates[n].Items = c.Items[:min(len(c.Items), settlement.MaxShown)]
			}
		}
	}
}

// taken returns the first of a list, and takes them off what is left.
func taken[T any](list []T, left *int) []T {
	list = list[:min(len(list), *left)]
	*left -= len(list)
	return list
}

func shownPayout(p settlement.Shown) spec.Payout {
	answer := spec.Payout{
		ID:             p.ID,
		State:          spec.PayoutState(p.State),
		Reference:      optional(p.Reference),
		Account:        optional(p.Account),
		Date:           date(p.Date),
		Currency:       spec.Currency(p.Net.Currency()),
		Gross:          p.ItemsGross.Value(),
		Fee:            p.Kept().Value(),
		Net:            p.Net.Value(),
		Total:          p.Total.Value(),
		Payments:       []spec.PayoutItem{},
		Refunds:        []spec.PayoutItem{},
		Others:         []spec.PayoutItem{},
		ItemCount:      p.ItemCount,
		Confidence:     optional(spec.PayoutConfidence(p.Confident)),
		Reason:         p.Reason,
		Candidates:     mapped(p.Choices, shownCandidate),
		Lines:          mapped(p.Lines, shownPayoutLine),
		LineCount:      p.LineCount,
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
		*list = append(*list, shownPayoutItem(i))
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
	return spec.PayoutCandidate{Items: c.Items, ItemCount: len(c.Items), Fee: shownAmount(c.Fee)}
}

func shownPayoutItem(i settlement.Item) spec.PayoutItem {
	return spec.PayoutItem{ID: i.Source.ID, OrderID: optional(i.OrderID), Account: i.Account, Gross: i.Gross.Value(), Fee: shownAmount(i.Fee)}
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
