package settlement

import (
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

const (
	maxLate  = 10 // sales of a late evening that the acquirer may count to the next day
	maxSplit = 16 // payments of a brand and day that are tried in every combination
)

// tellsSales reports whether the bank says brand and gross of all sales that the payout pays, see Sales.
func (p *Payout) tellsSales() bool {
	return len(p.Lines) > 0 && !slices.ContainsFunc(p.Lines, func(l Line) bool { return l.Brand == "" })
}

// batchOf is what payouts pay together: the sales of a brand and day. No day is any.
type batchOf struct {
	brand    string // Saferpay's name
	day      time.Time
	currency money.Currency
}

// sold is a payout, and what the bank says of its sales.
type sold struct {
	*Payout
	told Line
}

// matchSales matches payouts of which the bank says brand, day and gross of the sales. These are the payments of that brand and day
// which wait for their payout and make exactly the gross: no fee is searched for. It is certain
//
//   - if one payout pays all of them, or several together do and there is only one way to deal them out: debit cards stand by
//     themselves on a statement, and Saferpay counts them with their brand.
//
// Else it is proposed what is the only way
//
//   - to leave out the last ones of that day, and to take the last ones of the day before: sales close to midnight count to the
//     next day at times. So it is strict first, and tolerant second.
//   - or to make it of some payments of that brand and day, if there are not too many.
func (m *Matcher) matchSales(waiting []*Payout) {
	var order []batchOf
	batches := map[batchOf][]sold{}
	for _, p := range waiting {
		if !p.State.Waits() || p.ordered() || !p.tellsSales() {
			continue
		}
		if len(p.Lines) > 1 {
			m.matchCollective(p)
			continue
		}
		b := batchOf{payment.BrandAtSaferpay(p.Lines[0].Brand), p.Lines[0].Day, p.paid().Currency()}
		if batches[b] == nil {
			order = append(order, b)
		}
		batches[b] = append(batches[b], sold{p, p.Lines[0]})
	}
	for _, b := range order {
		if b.day.IsZero() {
			for _, p := range batches[b] {
				m.matchDays(p, b)
			}
		} else {
			m.matchDay(batches[b], b)
		}
	}
}

// kinds are what acquirers pay out together: sales and refunds; sales only, since they keep refunds back from another payout at times; or
// everything with disputes.
var kinds = []func(*Position) bool{
	func(q *Position) bool { return !q.disputed() },
	func(q *Position) bool { return q.Amount.IsPositive() && !q.disputed() },
	func(q *Position) bool { return q.Amount.IsNegative() && !q.disputed() },
	func(*Position) bool { return true },
}

// standing returns what of that kind stands on a receipt account of that brand, day and currency.
func (m *Matcher) standing(b batchOf, kind func(*Position) bool) []*Position {
	return slices.DeleteFunc(slices.Clone(m.positions), func(q *Position) bool {
		return q.Open.IsZero() || q.Open.Currency() != b.currency || q.brand() != b.brand || !b.day.IsZero() && !q.Day.Equal(b.day) || !kind(q)
	})
}

// matchDay matches the payouts of one brand and day.
func (m *Matcher) matchDay(payouts []sold, b batchOf) {
	for _, kind := range kinds {
		set := m.standing(b, kind)
		whole, told, all := weigh(set).gross, int64(0), []sold{}
		for _, p := range payouts {
			told += p.told.Gross.Minor()
			if p.told.Gross.Minor() == whole {
				all = append(all, p)
			}
		}
		if parts := deal(payouts, set); told == whole && parts != nil {
			for i, p := range payouts {
				m.settle(p.Payout, itemsOf(parts[i]), bySales)
			}
			return
		}
		if len(set) > 0 && (len(all) == 1 || len(all) > 1 && m.takenBackBetween(all)) {
			m.settle(all[0].Payout, itemsOf(set), bySales)
			payouts = slices.DeleteFunc(slices.Clone(payouts), func(p sold) bool { return p.Payout == all[0].Payout })
			break
		}
	}
	for _, p := range payouts {
		same := 0
		for _, other := range payouts {
			if other.told.Gross.Equal(p.told.Gross) {
				same++
			}
		}
		m.guessSales(p, b, same > 1)
	}
}

// takenBackBetween reports whether the bank took back every one of these payouts but the last, so that each pays the same sales again.
func (m *Matcher) takenBackBetween(all []sold) bool {
	first, last, back := all[0], all[len(all)-1], 0
	for _, p := range m.payouts {
		if p.State.Waits() && p.reversal() && p.Account == first.Account && p.Net.Equal(first.Net.Neg()) && !p.Date.After(last.Date) &&
			takesBack(m.tellings(p), m.tellings(first.Payout)) >= 0 {
			back++
		}
	}
	return back >= len(all)-1
}

// deal returns which positions of a set each payout pays, if there is only one way in which they pay all of them.
func deal(payouts []sold, set []*Position) [][]*Position {
	if len(payouts) == 1 && len(set) > 0 && payouts[0].told.Gross.Minor() == weigh(set).gross {
		return [][]*Position{set}
	}
	if len(payouts) < 2 || len(set) > maxSplit {
		return nil
	}
	parts, all := exact(set, payouts[0].told.Gross)
	var only [][]*Position
	for _, part := range parts {
		rest := slices.DeleteFunc(slices.Clone(set), func(q *Position) bool { return slices.Contains(part, q) })
		dealt := deal(payouts[1:], rest)
		if dealt == nil {
			continue
		}
		if only != nil {
			return nil
		}
		only = append([][]*Position{part}, dealt...)
	}
	if !all {
		return nil
	}
	return only
}

// exact returns the sets that make exactly that gross, and whether these are all.
func exact(open []*Position, gross money.Amount) (sets [][]*Position, all bool) {
	told := gross.Minor()
	return combinations(open, func(b batch) bool { return len(b.set) > 0 && b.gross == told }, len(open), told, told)
}

// guessSales proposes the only set that makes exactly what a payout is said to pay. Doubtful is one that another payout may pay.
func (m *Matcher) guessSales(p sold, b batchOf, doubtful bool) {
	makes := func(set batch) bool { return len(set.set) > 0 && set.gross == p.told.Gross.Minor() }
	late, all := explaining(m.closeToMidnight(b), makes)
	if len(late) > 0 {
		m.proposeSales(p, late, all && !doubtful, Likely, "These are all payments of their brand and day, when some are counted to the next day")
		return
	}
	today := slices.DeleteFunc(slices.Clone(m.positions), func(q *Position) bool {
		unknown := q.Brand == "" && q.Method == payment.MethodOfBrand(b.brand)
		return q.Open.IsZero() || q.Open.Currency() != b.currency || !q.Day.Equal(b.day) || q.brand() != b.brand && !unknown
	})
	if len(today) <= maxSplit {
		some, all := exact(today, p.told.Gross)
		m.proposeSales(p, some, all && !doubtful, Possible, "No other payments of their brand and day make exactly this")
		return
	}
	m.proposeSales(p, nil, false, "", "")
}

// closeToMidnight returns what the acquirer may count to a day if it counts the last sales of a day to the next one.
func (m *Matcher) closeToMidnight(b batchOf) (sets []batch) {
	before := b
	before.day = b.day.AddDate(0, 0, -1)
	for _, kind := range kinds {
		yesterday, today := m.standing(before, kind), m.standing(b, kind)
		for taken := range min(len(yesterday), maxLate) + 1 {
			for left := range min(len(today), maxLate) + 1 {
				if taken+left > 0 {
					sets = append(sets, weigh(slices.Concat(yesterday[len(yesterday)-taken:], today[:len(today)-left])))
				}
			}
		}
	}
	return sets
}

// matchDays matches a payout of which the bank says brand and gross, but no day: only days in a row can explain it, and one day
// before several.
func (m *Matcher) matchDays(p sold, b batchOf) {
	first := calendarDay(m.Calendar.AddBusinessDays(p.Date, -m.longestWait()))
	open := slices.DeleteFunc(m.standing(b, kinds[0]), func(q *Position) bool { return q.Day.Before(first) || q.Day.After(p.Date) })
	makes := func(set batch) bool { return len(set.set) > 0 && set.gross == p.told.Gross.Minor() }
	sets, all := explaining(runs(open), func(set batch) bool {
		return makes(set) && set.set[0].Day.Equal(set.set[len(set.set)-1].Day)
	})
	if len(sets) == 0 {
		sets, all = explaining(runs(open), makes)
	}
	m.proposeSales(p, sets, all, Likely, "These are all payments of their brand and days, and they make exactly this")
}

// matchCollective matches a payout that pays the sales of several brands or days.
func (m *Matcher) matchCollective(p *Payout) {
	var items []Item
	p.Lines = slices.Clone(p.Lines)
	problems := 0
	for i, l := range p.Lines {
		p.Lines[i].Problem = ""
		set := itemsOf(m.standing(batchOf{payment.BrandAtSaferpay(l.Brand), l.Day, p.paid().Currency()}, kinds[0]))
		again := slices.ContainsFunc(set, func(i Item) bool { return slices.Contains(ids(items), i.Source.ID) })
		if l.Day.IsZero() || again || !grossOf(set, l.Gross.Currency()).Equal(l.Gross) {
			p.Lines[i].Problem = m.saleProblem(l)
			problems++
			continue
		}
		items = append(items, set...)
	}
	if problems > 0 {
		m.leave(p, slices.DeleteFunc(slices.Clone(p.Lines), func(l Line) bool { return l.Problem == "" }), items)
		return
	}
	m.settle(p, items, bySales)
}

// proposeSales proposes the only set, offers several if they are all, or else leaves the payout to a person with what is told.
func (m *Matcher) proposeSales(p sold, sets [][]*Position, all bool, confidence Confidence, reason string) {
	reserved := m.reservedBy(func(other *Payout) bool { return other != p.Payout && other.tellsSales() })
	sets = slices.DeleteFunc(sets, func(set []*Position) bool {
		return slices.ContainsFunc(set, func(q *Position) bool { return reserved[q.Source] })
	})
	switch {
	case len(sets) == 1 && all:
		m.propose(p.Payout, itemsOf(sets[0]), confidence, reason)
	case len(sets) == 1:
		m.offer(p.Payout, sets, "Another payout says the same of its sales, and only one of them is of these payments.")
	case len(sets) > 0 && len(sets) < maxShown:
		m.offer(p.Payout, sets, severalExplain)
	default:
		p.forget()
		m.move(p.Payout, Unmatched, "%s", m.saleProblem(p.told))
	}
}

// saleProblem says what the bank tells of sales, and why no payments fit it.
func (m *Matcher) saleProblem(l Line) string {
	of, which := l.Brand, "that brand"
	if !l.Day.IsZero() {
		of, which = l.Brand+" of "+l.Day.Format(time.DateOnly), "that brand and day"
	}
	open := itemsOf(m.standing(batchOf{payment.BrandAtSaferpay(l.Brand), l.Day, l.Gross.Currency()}, kinds[0]))
	return fmt.Sprintf("The bank says that this pays sales of %s: %s less a fee of %s. The payments and refunds of %s that wait for their payout make %s.",
		of, l.Gross, l.Fee, which, grossOf(open, l.Gross.Currency()))
}

func grossOf(items []Item, currency money.Currency) money.Amount {
	sum := money.Zero(currency)
	for _, i := range items {
		sum = sum.Add(i.Gross)
	}
	return sum
}
