package settlement

import (
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/payment"
)

// single reports whether the line is one transaction of a list or notice of the acquirer. Lines of a bank have no kind: they stand for
// all sales of a payout.
func (l Line) single() bool { return l.Kind != UnknownLine }

// sells reports whether the line is one sale or refund of which the file names neither order nor id, but brand and day.
func (l Line) sells() bool {
	return l.OrderID == "" && l.Transaction == "" && (l.Kind == PaymentLine || l.Kind == RefundLine) && l.Brand != "" && !l.Day.IsZero()
}

// pair is the payment or refund that fits a line. It is doubtful when another may fit as well.
type pair struct {
	*Position
	doubtful bool
}

// pairLines pairs lines that name no order with payments and refunds, by the index of the line: by authorization code and card if the
// file has both, else by brand, day and exact gross, as the bank's texts are matched. That is certain when the lines of a brand and
// day, of all payouts that wait, pair up with everything that stands there of them. Else it is doubtful: another till may have the same sale, and a sale
// close to midnight may count to the day before or after.
func (m *Matcher) pairLines(p *Payout) map[int]pair {
	pairs := map[int]pair{}
	used := map[ledger.Source]bool{}
	var order []batchOf
	batches := map[batchOf][]int{}
	for i, l := range p.Lines {
		for _, q := range m.byOrder[l.OrderID] {
			used[q.Source] = used[q.Source] || l.OrderID != ""
		}
		if q, doubtful := m.dispute(l, used); q != nil {
			pairs[i], used[q.Source] = pair{q, doubtful}, true
			continue
		}
		if !l.sells() {
			continue
		}
		if q := m.byCard(l, used); q != nil {
			pairs[i], used[q.Source] = pair{q, false}, true
			continue
		}
		b := l.batch()
		if batches[b] == nil {
			order = append(order, b)
		}
		batches[b] = append(batches[b], i)
	}
	for _, b := range order {
		m.pairDay(p, b, batches[b], used, pairs)
	}
	for _, b := range order {
		for _, i := range batches[b] {
			if _, paired := pairs[i]; !paired {
				m.pairLate(p.Lines[i], b, i, used, pairs)
			}
		}
	}
	return pairs
}

// byCard returns what stands of the payment or refund with the authorization code and card of a line; nil when the line has not both,
// or nothing has.
func (m *Matcher) byCard(l Line, used map[ledger.Source]bool) *Position {
	if l.Authorization == "" || l.Card == "" {
		return nil
	}
	at, problem := m.byTransaction(l, used)
	if problem != "" || at[0].Open.IsZero() || used[at[0].Source] {
		return nil
	}
	return at[0]
}

// pairDay pairs the lines of a brand and day with what stands there of them.
func (m *Matcher) pairDay(p *Payout, b batchOf, lines []int, used map[ledger.Source]bool, pairs map[int]pair) {
	free := slices.DeleteFunc(m.standing(b, kinds[0]), func(q *Position) bool { return used[q.Source] })
	certain := true
	take := func(l Line) *Position {
		q := l.fitting(free)
		certain = certain && q != nil
		free = slices.DeleteFunc(free, func(other *Position) bool { return other == q })
		return q
	}
	for _, i := range lines {
		if q := take(p.Lines[i]); q != nil {
			pairs[i], used[q.Source] = pair{q, false}, true
		}
	}
	for _, other := range m.sellers()[b] {
		if other.Payout != p && other.State.Waits() {
			take(other.told)
		}
	}
	if certain && len(free) == 0 {
		return
	}
	for _, i := range lines {
		if found, ok := pairs[i]; ok {
			found.doubtful = true
			pairs[i] = found
		}
	}
}

// sellers returns the lines of all payouts that tell one sale each, by brand and day.
func (m *Matcher) sellers() map[batchOf][]sold {
	if m.selling == nil {
		m.selling = map[batchOf][]sold{}
		for _, p := range m.payouts {
			for _, l := range p.Lines {
				if p.State.Waits() && l.sells() {
					m.selling[l.batch()] = append(m.selling[l.batch()], sold{p, l})
				}
			}
		}
	}
	return m.selling
}

// batch is what a line belongs to that sells.
func (l Line) batch() batchOf {
	return batchOf{payment.BrandAtSaferpay(l.Brand), l.Day, l.Gross.Currency()}
}

// pairLate pairs a line with a payment of the day before or after.
func (m *Matcher) pairLate(l Line, b batchOf, i int, used map[ledger.Source]bool, pairs map[int]pair) {
	for _, days := range []int{-1, 1} {
		near := b
		near.day = b.day.AddDate(0, 0, days)
		free := slices.DeleteFunc(m.standing(near, kinds[0]), func(q *Position) bool { return used[q.Source] })
		if q := l.fitting(free); q != nil {
			pairs[i], used[q.Source] = pair{q, true}, true
			return
		}
	}
}

// fitting returns the first position over the gross of the line, rather one with its authorization code, and none with another; nil
// when there is none.
func (l Line) fitting(free []*Position) (fits *Position) {
	for _, q := range free {
		same := l.Authorization != "" && q.Authorization == l.Authorization
		other := l.Authorization != "" && q.Authorization != "" && !same
		if !q.Open.Equal(l.Gross) || other {
			continue
		}
		if same {
			return q
		}
		if fits == nil {
			fits = q
		}
	}
	return fits
}

// lineProblem says why a line that names no order pays nothing that stands.
func (m *Matcher) lineProblem(l Line) string {
	return fmt.Sprintf("The file names no order, and no payment or refund of %s with %s of %s waits for its payout.", l.Gross, l.Brand, l.Day.Format(time.DateOnly))
}

// settlePairs books a payout whose lines are all matched, or proposes it when one of them is doubtful.
func (m *Matcher) settlePairs(p *Payout, items []Item, how string, doubtful bool) {
	if !doubtful {
		m.settle(p, items, how)
		return
	}
	m.propose(p, items, Likely, "Every line has a payment of its brand and gross on its day or the next, but these are not all that wait of that brand and day")
}
