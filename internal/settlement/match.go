package settlement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// What an acquirer plausibly keeps: at most 5 % and 0.50 per transaction, which is above every published Swiss price for cards
// and TWINT, and at least nothing. In hundredths: of an amount, and of the smallest unit.
const (
	highestRate  = 5
	highestFixed = 50 * 100
)

// plausible reports whether an acquirer may plausibly keep that fee for those items.
func plausible(fee money.Amount, items []Item) bool {
	var b batch
	for _, i := range items {
		b.add(i.Gross, money.Amount{})
	}
	return b.keeps(fee.Minor())
}

// matchOrders matches a payout by the orders that a file names. Certain lines are booked. If the file says how much of the
// payout the other lines are, they become a part of their own, which waits for a person.
func (m *Matcher) matchOrders(p *Payout) {
	used := map[ledger.Source]bool{}
	var sure, unsure []Line
	var items []Item
	pairs, how, doubts := m.pairLines(p), byOrders, map[int]Item{}
	p.Lines = slices.Clone(p.Lines)
	for i, l := range p.Lines {
		if m.feeOfCase(l) {
			p.makeFee(i)
			l = p.Lines[i]
		}
		if l.Kind == FeeLine {
			sure = append(sure, l)
			continue
		}
		item, problem := m.matchLine(p, l, used, pairs[i].Position)
		l.Problem, p.Lines[i].Problem = problem, problem
		if problem != "" {
			unsure = append(unsure, l)
			continue
		}
		if used[item.Source] = true; pairs[i].doubtful {
			doubts[i] = item
			continue
		}
		if pairs[i].Position != nil {
			how = byLines
		}
		sure, items = append(sure, l), append(items, item)
	}
	for i, l := range p.Lines {
		item, doubtful := doubts[i]
		switch {
		case !doubtful:
		case len(unsure) == 0:
			items = append(items, item)
		default:
			p.Lines[i].Problem = fmt.Sprintf("It may be %s, but not all lines of that brand and day are payments that wait.", item.Source.ID)
			l.Problem = p.Lines[i].Problem
			unsure = append(unsure, l)
		}
	}
	switch {
	case len(unsure) == 0:
		m.settlePairs(p, items, how, len(doubts) > 0)
	case len(sure) > 0 && m.divisible(p):
		m.split(p, sure, unsure)
		m.settle(p, items, how)
	default:
		m.leave(p, unsure, items)
	}
}

// matchLine returns the position that a line of a payout pays, or why there is none, as a sentence.
func (m *Matcher) matchLine(p *Payout, l Line, used map[ledger.Source]bool, paired *Position) (Item, string) {
	at, problem := []*Position{paired}, ""
	if paired == nil {
		at, problem = m.meant(l, used)
	}
	if problem != "" {
		return Item{}, problem
	}
	q := at[0]
	switch {
	case used[q.Source]:
		return Item{}, "The same order stands in another line."
	case q.Open.IsZero():
		return Item{}, fmt.Sprintf("Nothing stands on a receipt account for %s any more. It was paid out before, or taken back.%s", q.Source.ID, m.paidBy(q))
	case q.Open.Currency() != p.paid().Currency():
		return Item{}, fmt.Sprintf("%s is in %s.", q.Source.ID, q.Open.Currency())
	case isSet(l.Gross) && !l.Gross.Equal(q.Open):
		return Item{}, fmt.Sprintf("%s is %s, but the file says %s.", q.Source.ID, q.Open, l.Gross)
	}
	item := q.item()
	if isSet(l.Net) {
		item.Fee = q.Open.Sub(l.Net)
	}
	if isSet(l.Net) && !isSet(l.Fee) && !plausible(item.Fee, []Item{item}) {
		return Item{}, fmt.Sprintf("%s is %s; a fee of %s can't be.", q.Source.ID, q.Open, item.Fee)
	}
	return item, ""
}

// meant returns the positions that a line may be, the likeliest first, or why there are none, as a sentence.
func (m *Matcher) meant(l Line, used map[ledger.Source]bool) (at []*Position, problem string) {
	switch {
	case l.Kind == ChargebackLine:
		return nil, m.chargebackProblem(l, "A chargeback. Record the dispute of its payment, or say on which account the claim stands now.")
	case l.Kind == ChargebackWonLine:
		return nil, m.chargebackProblem(l, "A chargeback that was won: the money comes back. Record that its dispute was won, or say on which account the claim stood.")
	case l.Kind == AdjustmentLine:
		return nil, fmt.Sprintf("An adjustment of the acquirer (%q). Say on which account it goes.", l.Text)
	case l.Kind == CarriedLine:
		return nil, "A balance that is carried over between two notices. Quittance does not know the other one."
	case l.sells():
		return nil, m.lineProblem(l)
	case l.OrderID == "" && (l.Transaction != "" || l.Authorization != ""):
		return m.byTransaction(l, used)
	case l.OrderID == "":
		return nil, "The file doesn't say which order this is."
	case l.refund():
		at = m.refunds(l, used)
	default:
		at = m.byOrder[l.OrderID]
	}
	if len(at) == 0 {
		return nil, "Quittance knows no payment or refund with this order."
	}
	return at, ""
}

// paidBy names the payout that has paid a position, in a sentence of its own; empty when it is not at hand.
func (m *Matcher) paidBy(q *Position) string {
	i := slices.IndexFunc(m.payouts, func(p *Payout) bool {
		return p.State == Booked && slices.ContainsFunc(p.Items, func(i Item) bool { return i.Source == q.Source })
	})
	if i < 0 {
		return ""
	}
	return fmt.Sprintf(" See payout %s.", m.payouts[i].name())
}

// refund reports whether the line takes money away.
func (l Line) refund() bool {
	return l.Kind == RefundLine || isSet(l.Gross) && l.Gross.IsNegative() || !isSet(l.Gross) && isSet(l.Net) && l.Net.IsNegative()
}

// refunds returns the refunds that a line may be, which names the refund's own order or that of its payment: the first one that
// still stands on its account comes first.
func (m *Matcher) refunds(l Line, used map[ledger.Source]bool) []*Position {
	var all []*Position
	for _, q := range m.byOrder[l.OrderID] {
		if q.Amount.IsNegative() {
			all = append(all, q)
			continue
		}
		for _, r := range m.refundsOf[q.PaymentID] {
			if (!isSet(l.Gross) || r.Amount.Equal(l.Gross)) && !used[r.Source] {
				all = append(all, r)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *Position) int {
		switch {
		case a.Open.IsZero() == b.Open.IsZero():
			return 0
		case a.Open.IsZero():
			return 1
		default:
			return -1
		}
	})
	return all
}

func (q *Position) item() Item {
	return Item{Source: q.Source, OrderID: q.OrderID, Account: q.Account, Gross: q.Open}
}

// How it is certain what a payout pays.
const (
	byOrders = "Matched by the orders that the file names."
	byLines  = "Matched by the orders, cards, or brands, days and gross amounts that the list names."
	bySales  = "Matched by the brand, the day and the gross amount that the bank tells."
)

// settle books a payout of which it is certain what it pays, and how, unless a person should look at its amounts or its date.
func (m *Matcher) settle(p *Payout, items []Item, how string) {
	before := ids(p.Items)
	p.forget()
	p.Items, p.Confident = items, Certain
	if !slices.Equal(before, ids(items)) {
		m.touch(p)
	}
	fee := p.Gross().Sub(p.paid())
	early := slices.IndexFunc(items, func(i Item) bool { // the letter about a chargeback may come after it
		return m.bySource[i.Source].Day.After(p.Date) && i.Source.Kind != ledger.FromDispute
	})
	if isSet(p.Exchanged) {
		p.ExchangeTo = ledger.Transit
		how += fmt.Sprintf(" The bank exchanged %s into %s.", p.Exchanged, p.Net)
	}
	switch {
	case isSet(p.FeeTold) && !p.FeeTold.Equal(fee):
		p.Fee, p.Rest = p.FeeTold, p.FeeTold.Sub(fee)
		p.RestTo = accountFor(p.Rest, items)
		m.move(p, Proposed, "The payments are certain. But %s less a fee of %s is not %s: %s is left over.", p.Gross(), p.Fee, p.paid(), p.Rest)
	case !plausible(fee.Sub(p.adjusted()).Sub(m.stated(p, items)), items):
		p.Fee = fee
		m.move(p, Proposed, "The payments are certain. But a fee of %s for %s is unusual.", fee, p.Gross())
	case early >= 0:
		p.Fee = fee
		m.move(p, Proposed, "The payments are certain. But the payout is of %s, and %s of %s is later.", p.Date.Format(time.DateOnly), items[early].Source.ID,
			m.bySource[items[early].Source].Day.Format(time.DateOnly))
	case p.Date.After(calendar.Day(m.Now).AddDate(0, 0, p.announced())):
		p.Fee = fee
		m.move(p, Proposed, "The payments are certain. But the payout is of %s, which is in the future.", p.Date.Format(time.DateOnly))
	default:
		p.Fee = fee
		m.book(p, "", how)
	}
}

// accountFor returns the account that a difference most likely belongs to: rounding makes at most 0.05 per transaction.
func accountFor(rest money.Amount, items []Item) string {
	if rest.Decimal().Abs().LessThanOrEqual(decimal.New(int64(5*len(items)), -2)) {
		return ledger.Rounding
	}
	return ledger.Unclear
}

// divisible reports whether the file says how much of the payout each line is.
func (m *Matcher) divisible(p *Payout) bool {
	if isSet(p.Exchanged) || slices.ContainsFunc(p.Lines, func(l Line) bool { return !isSet(l.Net) }) {
		return false
	}
	return sum(p.Lines, Line.net).Equal(p.Net)
}

// split moves the lines that need a person into a part of their own.
func (m *Matcher) split(p *Payout, sure, unsure []Line) {
	x := m.open(Transfer{Reference: p.Reference, Account: p.Account, Date: p.Date, Net: p.Total, Lines: unsure})
	x.PartOf, x.Seen = cmp.Or(p.PartOf, p.ID), slices.Clone(p.Seen)
	x.Net, x.FeeTold = sum(unsure, Line.net), feeOf(unsure)
	p.Net, p.FeeTold = sum(sure, Line.net), feeOf(sure)
	m.leave(x, unsure, nil)
}

func (l Line) net() money.Amount { return l.Net }
func (l Line) fee() money.Amount { return l.Fee }

// feeOf returns the sum of the fees in the file; the zero value when a line has none.
func feeOf(lines []Line) money.Amount {
	if slices.ContainsFunc(lines, func(l Line) bool { return !isSet(l.Fee) }) {
		return money.Amount{}
	}
	return sum(lines, Line.fee)
}

// sum adds up an amount of every line; there is at least one.
func sum(lines []Line, of func(Line) money.Amount) money.Amount {
	total := of(lines[0])
	for _, l := range lines[1:] {
		total = total.Add(of(l))
	}
	return total
}

// leave lets a payout wait for a person. sure is what is certain about it.
func (m *Matcher) leave(p *Payout, unsure []Line, sure []Item) {
	p.forget()
	if len(sure) > 0 {
		p.Choices = []Candidate{{Items: ids(sure)}}
	}
	var reasons []string
	for _, l := range unsure[:min(len(unsure), 3)] {
		reasons = append(reasons, fmt.Sprintf("Line %d, order %s: %s", l.Number, cmp.Or(l.OrderID, "unknown"), l.Problem))
	}
	if len(unsure) > 3 {
		reasons = append(reasons, fmt.Sprintf("And %d more lines.", len(unsure)-3))
	}
	m.move(p, Unmatched, "%s", strings.Join(reasons, " "))
}

func ids(items []Item) []string {
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = item.Source.ID
	}
	return all
}
