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
	longestWait = 10      // business days between a payment and its payout
	maxCombined = 40      // payments that are tried in every combination
	maxTogether = 3       // of them together, while the fee is open
	maxSteps    = 200_000 // of the search for combinations
	maxShown    = 5       // explanations
)

// matchAmount looks for the payments and refunds that explain a payout of which only the amount is known, and proposes them when
// there is exactly one explanation. Acquirers pay out whole days: what is due on the day of the payout comes first, then any
// days in a row, of all methods or of one, and then any set that is small enough to be sure that there is no other.
func (d *Desk) matchAmount(p *Payout) {
	open := d.within(p)
	if items, ok := matchDetails(p, open); ok {
		d.propose(p, items, Likely, "Each transaction that the file lists fits one payment only")
		return
	}
	due, batches := d.due(p, open), batches(open)
	for _, attempt := range []struct {
		confidence Confidence
		reason     string
		found      func() (sets [][]*Position, all bool)
	}{
		{Likely, "This is what was due on this day", func() ([][]*Position, bool) { return explaining(p, due, plausibly) }},
		{Likely, "These are all payments of their days, and they make exactly this", func() ([][]*Position, bool) { return explaining(p, batches, exactly) }},
		{Likely, "These are all payments of their days; no other days fit", func() ([][]*Position, bool) { return explaining(p, batches, plausibly) }},
		{Possible, "No other payments make exactly this", func() ([][]*Position, bool) { return combinations(p, open, exactly, maxCombined) }},
		{Possible, "No other payments fit", func() ([][]*Position, bool) { return combinations(p, open, plausibly, maxTogether) }},
	} {
		sets, all := attempt.found()
		switch {
		case len(sets) == 1 && all:
			d.propose(p, itemsOf(sets[0]), attempt.confidence, attempt.reason)
			return
		case len(sets) > 0:
			d.offer(p, sets)
			return
		}
	}
	p.forget()
	d.move(p, Unmatched, "Nothing that came in the %d business days before, and still waits for its payout, explains it.", longestWait)
}

// within returns what the payout may pay: what stands on a receipt account in its currency, came not long before it, and is not
// proposed for another payout.
func (d *Desk) within(p *Payout) []*Position {
	reserved, first := d.reserved(), calendarDay(d.Calendar.AddBusinessDays(p.Date, -longestWait))
	return slices.DeleteFunc(slices.Clone(d.positions), func(q *Position) bool {
		return q.Open.IsZero() || q.Open.Currency() != p.paid().Currency() || q.Day.Before(first) || q.Day.After(p.Date) || reserved[q.Source]
	})
}

// methods are what acquirers pay out together: everything, or one method at a time.
var methods = append([]payment.Method{""}, payment.Methods...)

func of(method payment.Method, open []*Position) []*Position {
	return slices.DeleteFunc(slices.Clone(open), func(q *Position) bool { return method != "" && q.Method != method })
}

// due returns what is usually paid out on the day of the payout, of all methods and of each.
func (d *Desk) due(p *Payout, open []*Position) (sets [][]*Position) {
	for _, m := range methods {
		sets = append(sets, slices.DeleteFunc(of(m, open), func(q *Position) bool { return !d.Expected(q.Day).Equal(p.Date) }))
	}
	return sets
}

// calendarDay returns the day of t, which is in Zurich, as midnight UTC.
func calendarDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// batches returns everything that came on days in a row, of all methods and of each. Open is in the order of its days.
func batches(open []*Position) (sets [][]*Position) {
	for _, m := range methods {
		chosen := of(m, open)
		for from := range chosen {
			if from > 0 && chosen[from-1].Day.Equal(chosen[from].Day) {
				continue
			}
			for to := from + 1; to <= len(chosen); to++ {
				if to == len(chosen) || !chosen[to].Day.Equal(chosen[to-1].Day) {
					sets = append(sets, chosen[from:to])
				}
			}
		}
	}
	return sets
}

// rule says whether a set explains a payout.
type rule func(p *Payout, set []*Position) bool

// exactly asks for the very amount, with the fee that the file tells or none.
func exactly(p *Payout, set []*Position) bool {
	fee := p.FeeTold
	if !told(fee) || fee.Currency() != p.paid().Currency() {
		fee = p.zero()
	}
	return len(set) > 0 && gross(p, set).Equal(p.paid().Add(fee))
}

// plausibly lets the acquirer keep what it usually does, unless the file tells the fee.
func plausibly(p *Payout, set []*Position) bool {
	if exactly(p, set) {
		return true
	}
	return len(set) > 0 && !told(p.FeeTold) && plausible(gross(p, set).Sub(p.paid()), itemsOf(set))
}

func gross(p *Payout, set []*Position) money.Amount {
	sum := p.zero()
	for _, q := range set {
		sum = sum.Add(q.Open)
	}
	return sum
}

// explaining returns the sets that explain the payout, each once and at most maxShown; all says that there are no others.
func explaining(p *Payout, sets [][]*Position, explains rule) (found [][]*Position, all bool) {
	for _, set := range sets {
		if !explains(p, set) || slices.ContainsFunc(found, func(f []*Position) bool { return slices.Equal(f, set) }) {
			continue
		}
		if len(found) == maxShown {
			return found, false
		}
		found = append(found, set)
	}
	return found, true
}

// combinations returns the sets of at most that many positions that explain the payout; all says that there are no others.
func combinations(p *Payout, open []*Position, explains rule, most int) (found [][]*Position, all bool) {
	all = len(open) <= maxCombined
	open = open[:min(len(open), maxCombined)]
	// What the positions from each on can add and take at most, so that hopeless sets are left early.
	adds, takes := make([]int64, len(open)+1), make([]int64, len(open)+1)
	for i, q := range slices.Backward(open) {
		adds[i], takes[i] = adds[i+1]+max(q.Open.Minor(), 0), takes[i+1]+min(q.Open.Minor(), 0)
	}
	least, highest := p.paid().Minor(), int64(math.MaxInt64)
	if told(p.FeeTold) {
		least += p.FeeTold.Minor()
	}
	if most == maxCombined {
		highest = least // the sum is known
	}
	steps := 0
	var search func(from int, sum int64, set []*Position)
	search = func(from int, sum int64, set []*Position) {
		if steps++; steps > maxSteps || len(found) > maxShown {
			all = false
			return
		}
		if sum >= least && sum <= highest && explains(p, set) {
			found = append(found, slices.Clone(set))
		}
		if len(set) == most {
			return
		}
		for i := from; i < len(open) && sum+adds[i] >= least && sum+takes[i] <= highest; i++ {
			search(i+1, sum+open[i].Open.Minor(), append(set, open[i]))
		}
	}
	search(0, 0, nil)
	return found[:min(len(found), maxShown)], all
}

// matchDetails matches the transactions of a file that names no orders by their amounts: as many payments of an amount must be
// open as the file lists.
func matchDetails(p *Payout, open []*Position) (items []Item, ok bool) {
	if len(p.Lines) < 2 || slices.ContainsFunc(p.Lines, func(l Line) bool { return !told(l.Gross) && !told(l.Net) }) {
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
		if told(l.Net) {
			item.Fee = item.Gross.Sub(l.Net)
		}
		taken[item.Source] = true
		items = append(items, item)
	}
	return items, true
}

// fits tells whether a line without an order may be about the position.
func (l Line) fits(q *Position) bool {
	if told(l.Gross) {
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

// propose puts a payout before a person with its only explanation.
func (d *Desk) propose(p *Payout, items []Item, confidence Confidence, reason string) {
	p.forget()
	p.Items, p.Confident = items, confidence
	p.Fee = p.Gross().Sub(p.paid())
	if told(p.Exchanged) {
		p.ExchangeTo = ledger.ExchangeLosses
	}
	d.move(p, Proposed, "%s: %s, less a fee of %s.", reason, p.Gross(), p.Fee)
}

// offer puts a payout before a person with several explanations.
func (d *Desk) offer(p *Payout, sets [][]*Position) {
	p.forget()
	for _, set := range sets {
		p.Choices = append(p.Choices, Candidate{Items: ids(itemsOf(set)), Fee: gross(p, set).Sub(p.paid())})
	}
	d.touch(p)
	d.move(p, Unmatched, "Several sets of payments explain it.")
}
