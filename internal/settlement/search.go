package settlement

import (
	"math"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// How far the search for an explanation goes.
const (
	monthly     = 15      // business days after a payment on which payouts by the month are expected, at least
	leastWait   = 10      // business days between a payment and its payout for which the search looks at least
	moreWait    = 8       // business days that a payout comes later than expected
	maxCombined = 40      // payments that are tried in every combination
	maxTogether = 3       // of them together, while the fee is open
	maxSteps    = 200_000 // of the search for combinations
	maxShown    = 5       // explanations
)

// matchAmount searches for payments and refunds that explain the amount of a payout, when nothing else is known about it. It
// proposes them when there is exactly one explanation. Acquirers pay out whole days. So it tries what is due on the day of the
// payout first, then any days in a row, of all methods or of one, and then any set that is small enough to be sure that there
// is no other.
func (m *Matcher) matchAmount(p *Payout) {
	open := m.within(p)
	sales, disputes := withoutDisputes(open)
	if items, ok := matchDetails(p, sales); ok {
		m.propose(p, items, Likely, "Each transaction that the file lists fits one payment only")
		return
	}
	due, months, batches := lessDisputes(m.due(p, sales), disputes), lessDisputes(m.months(p, sales), disputes), lessDisputes(batches(sales), disputes)
	for _, attempt := range []struct {
		confidence Confidence
		reason     string
		found      func() (sets [][]*Position, all bool)
	}{
		{Likely, "This is what was due on this day", func() ([][]*Position, bool) { return explaining(due, p.plausibly) }},
		{Likely, "These are all payments of a month", func() ([][]*Position, bool) { return explaining(months, p.plausibly) }},
		{Likely, "These are all payments of their days, and they make exactly this", func() ([][]*Position, bool) { return explaining(batches, p.exactly) }},
		{Likely, "These are all payments of their days; no other days fit", func() ([][]*Position, bool) { return explaining(batches, p.plausibly) }},
		{Possible, "No other payments make exactly this", func() ([][]*Position, bool) { return combinations(open, p.exactly, maxCombined, p.owed(), p.owed()) }},
		{Possible, "No other payments fit", func() ([][]*Position, bool) {
			return combinations(open, p.plausibly, maxTogether, p.owed(), math.MaxInt64)
		}},
	} {
		sets, all := attempt.found()
		switch {
		case len(sets) == 1 && all:
			m.propose(p, itemsOf(sets[0]), attempt.confidence, attempt.reason)
			return
		case len(sets) > 0:
			m.offer(p, sets, severalExplain)
			return
		}
	}
	p.forget()
	m.move(p, Unmatched, "The payments and refunds of the %d business days before that still wait for their payout do not explain it.", m.longestWait())
}

// longestWait is how many business days a payment waits for its payout at most: those that the company expects, and some more.
func (s Setting) longestWait() int { return max(leastWait, s.PayoutDays+moreWait) }

// within returns what the payout may pay: what stands on a receipt account in its currency, came not long before it, and is not
// proposed for another payout.
func (m *Matcher) within(p *Payout) []*Position {
	reserved, first := m.reserved(), calendarDay(m.Calendar.AddBusinessDays(p.Date, -m.longestWait()))
	return slices.DeleteFunc(slices.Clone(m.positions), func(q *Position) bool {
		return q.Open.IsZero() || q.Open.Currency() != p.paid().Currency() || q.Day.Before(first) || q.Day.After(p.Date) || reserved[q.Source]
	})
}

// methods are what acquirers pay out together: everything, or one method at a time.
var methods = append([]payment.Method{""}, payment.Methods...)

func of(method payment.Method, open []*Position) []*Position {
	return slices.DeleteFunc(slices.Clone(open), func(q *Position) bool { return method != "" && q.Method != method })
}

// due returns what is usually paid out on the day of the payout, of all methods and of each.
func (m *Matcher) due(p *Payout, open []*Position) (sets []batch) {
	for _, method := range methods {
		sets = append(sets, weigh(slices.DeleteFunc(of(method, open), func(q *Position) bool { return !m.Expected(q.Day).Equal(p.Date) })))
	}
	return sets
}

// months returns what came in the month of the payout and in the one before it, of all methods and of each, if the company is paid
// out by the month.
func (m *Matcher) months(p *Payout, open []*Position) (sets []batch) {
	if m.PayoutDays < monthly {
		return nil
	}
	first := time.Date(p.Date.Year(), p.Date.Month(), 1, 0, 0, 0, 0, time.UTC)
	for _, method := range methods {
		for _, from := range []time.Time{first.AddDate(0, -1, 0), first} {
			sets = append(sets, weigh(slices.DeleteFunc(of(method, open), func(q *Position) bool {
				return q.Day.Before(from) || !q.Day.Before(from.AddDate(0, 1, 0))
			})))
		}
	}
	return sets
}

// calendarDay returns the day of t, which is in Zurich, as midnight UTC.
func calendarDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// batch is a set of positions and what it adds up to, in the smallest unit of its currency; what an acquirer may plausibly keep of
// it is in hundredths of that.
type batch struct {
	set         []*Position
	gross       int64
	least, most int64 // of the fee
}

// add takes a position into the sums. Stated is the fee of a dispute, if its letter says one.
func (b *batch) add(gross, stated money.Amount) {
	minor := gross.Minor()
	b.gross += minor
	b.most += max(minor, -minor)*highestRate + highestFixed
	if isSet(stated) {
		b.most += 100 * stated.Minor()
	}
	if minor < 0 { // of a refund the acquirer may give back what it kept of the payment
		b.least -= -minor*highestRate + highestFixed
	}
}

func weigh(set []*Position) batch {
	b := batch{set: set}
	for _, q := range set {
		b.add(q.Open, q.Fee)
	}
	return b
}

// batches returns everything that came on days in a row, of all methods and of each. Open is in the order of its days.
func batches(open []*Position) (sets []batch) {
	for _, m := range methods {
		sets = append(sets, runs(of(m, open))...)
	}
	return sets
}

// runs returns all of what came on days in a row.
func runs(chosen []*Position) (sets []batch) {
	for from := range chosen {
		if from > 0 && chosen[from-1].Day.Equal(chosen[from].Day) {
			continue
		}
		days := batch{}
		for to, q := range chosen[from:] {
			days.add(q.Open, q.Fee)
			if last := from + to + 1; last == len(chosen) || !chosen[last].Day.Equal(q.Day) {
				days.set = chosen[from:last]
				sets = append(sets, days)
			}
		}
	}
	return sets
}

// owed is what a set has to make with the fee that the file tells, or without any, in the smallest unit.
func (p *Payout) owed() int64 {
	if isSet(p.FeeTold) {
		return p.paid().Add(p.FeeTold).Minor()
	}
	return p.paid().Minor()
}

// exactly reports whether the set makes the very amount.
func (p *Payout) exactly(b batch) bool { return len(b.set) > 0 && b.gross == p.owed() }

// plausibly lets the acquirer keep what it usually does, unless the file tells the fee.
func (p *Payout) plausibly(b batch) bool {
	return p.exactly(b) || len(b.set) > 0 && !isSet(p.FeeTold) && b.keeps(b.gross-p.owed())
}

// keeps reports whether the acquirer may plausibly keep that fee of the set.
func (b batch) keeps(fee int64) bool { return fee*100 >= b.least && fee*100 <= b.most }

// explaining returns the sets that explain a payout, each once and at most maxShown; all says that there are no others.
func explaining(sets []batch, explains func(batch) bool) (found [][]*Position, all bool) {
	for _, b := range sets {
		if !explains(b) || slices.ContainsFunc(found, func(f []*Position) bool { return slices.Equal(f, b.set) }) {
			continue
		}
		if len(found) == maxShown {
			return found, false
		}
		found = append(found, b.set)
	}
	return found, true
}

// combinations returns the sets of at most that many positions that explain a payout, and make between least and highest; all
// says that there are no others.
func combinations(open []*Position, explains func(batch) bool, together int, least, highest int64) (found [][]*Position, all bool) {
	all = len(open) <= maxCombined
	open = open[:min(len(open), maxCombined)]
	// What the positions from each on can add and take at most, so that hopeless sets are left early.
	adds, takes := make([]int64, len(open)+1), make([]int64, len(open)+1)
	for i, q := range slices.Backward(open) {
		adds[i], takes[i] = adds[i+1]+max(q.Open.Minor(), 0), takes[i+1]+min(q.Open.Minor(), 0)
	}
	steps := 0
	var search func(from int, b batch)
	search = func(from int, b batch) {
		if steps++; steps > maxSteps || len(found) > maxShown {
			all = false
			return
		}
		if explains(b) {
			found = append(found, slices.Clone(b.set))
		}
		if len(b.set) == together {
			return
		}
		for i := from; i < len(open) && b.gross+adds[i] >= least && b.gross+takes[i] <= highest; i++ {
			more := b
			more.set = append(b.set, open[i])
			more.add(open[i].Open, open[i].Fee)
			search(i+1, more)
		}
	}
	search(0, batch{})
	return found[:min(len(found), maxShown)], all
}

// matchDetails matches the transactions of a file that names no orders by their amounts: as many payments of an amount must be
// open as the file lists.
func matchDetails(p *Payout, open []*Position) (items []Item, ok bool) {
	if len(p.Lines) < 2 || slices.ContainsFunc(p.Lines, func(l Line) bool { return !isSet(l.Gross) && !isSet(l.Net) }) {
		return nil, false
	}
	taken := map[ledger.Source]bool{}
	for _, l := range p.Lines {
		same := 0
		for _, other := range p.Lines {
			if l.Gross.Equal(other.Gross) && l.Net.Equal(other.Net) {
				same++
			}
		}
		fitting := slices.DeleteFunc(slices.Clone(open), func(q *Position) bool { return !l.fits(q) })
		free := slices.IndexFunc(fitting, func(q *Position) bool { return !taken[q.Source] })
		if len(fitting) != same || free < 0 {
			return nil, false
		}
		item := fitting[free].item()
		if isSet(l.Net) {
			item.Fee = item.Gross.Sub(l.Net)
		}
		taken[item.Source] = true
		items = append(items, item)
	}
	return items, true
}

// fits reports whether a line without an order may be about the position.
func (l Line) fits(q *Position) bool {
	if isSet(l.Gross) {
		return l.Gross.Equal(q.Open)
	}
	item := q.item()
	return l.Net.IsNegative() == item.Gross.IsNegative() && plausible(item.Gross.Sub(l.Net), []Item{item})
}

func itemsOf(set []*Position) []Item {
	items := make([]Item, len(set))
	for i, q := range set {
		items[i] = q.item()
	}
	return items
}

// propose asks a person to confirm a payout's only explanation.
func (m *Matcher) propose(p *Payout, items []Item, confidence Confidence, reason string) {
	before := ids(p.Items)
	p.forget()
	p.Items, p.Confident = items, confidence
	if !slices.Equal(before, ids(items)) {
		m.touch(p)
	}
	p.Fee = p.Gross().Sub(p.paid())
	if isSet(p.Exchanged) {
		p.ExchangeTo = ledger.Transit
	}
	m.move(p, Proposed, "%s: %s, less a fee of %s.", reason, p.Gross(), p.Fee)
}

// severalExplain is why a person has to choose.
const severalExplain = "Several sets of payments explain it."

// offer asks a person to choose between a payout's explanations, for that reason.
func (m *Matcher) offer(p *Payout, sets [][]*Position, reason string) {
	p.forget()
	for _, set := range sets {
		fee := money.FromMinor(weigh(set).gross, p.Currency()).Sub(p.paid())
		p.Choices = append(p.Choices, Candidate{Items: ids(itemsOf(set)), Fee: fee})
	}
	m.touch(p)
	m.move(p, Unmatched, "%s", reason)
}
