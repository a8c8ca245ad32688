package settlement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// disputed reports whether the position stands for a dispute: less than 0 for one that was opened, more for one that was won.
func (q *Position) disputed() bool { return q.Source.Kind == ledger.FromDispute }

// charges reports whether the line takes the money of a dispute, or gives it back.
func (l Line) charges() bool { return l.Kind == ChargebackLine || l.Kind == ChargebackWonLine }

// about reports whether the file says that the line is about the dispute: it names the order of its payment, the acquirer's number of the
// case, or the authorization code and card of the payment.
func (l Line) about(q *Position) bool {
	switch {
	case l.OrderID != "":
		return l.OrderID == q.OrderID
	case q.Case != "" && l.mentions(q.Case):
		return true
	default:
		return l.Authorization != "" && l.Authorization == q.Authorization && sameCard(l.Card, q.Card)
	}
}

// mentions reports whether the acquirer writes the number of a case beside the line.
func (l Line) mentions(number string) bool {
	return l.Transaction == number || slices.Contains(strings.FieldsFunc(l.Text, func(r rune) bool { return strings.ContainsRune(" \t,;:()#", r) }), number)
}

// dispute returns the dispute over exactly the gross of a line that the line is about. It is doubtful when the file names neither payment
// nor case, and it is only the amount that fits no other dispute. Nil when there is none, or several. A chargeback may be told as a
// refund: it is one unless a refund of that payment waits.
func (m *Matcher) dispute(l Line, used map[ledger.Source]bool) (q *Position, doubtful bool) {
	if !l.charges() && (l.Kind != RefundLine || m.refundWaits(l, used)) {
		return nil, false
	}
	fitting := slices.DeleteFunc(slices.Clone(m.disputes), func(q *Position) bool { return used[q.Source] || q.Open.IsZero() || !q.Open.Equal(l.Gross) })
	if i := slices.IndexFunc(fitting, l.about); i >= 0 {
		return fitting[i], false
	}
	if !l.charges() || l.OrderID != "" || l.Authorization != "" || len(fitting) != 1 {
		return nil, false
	}
	return fitting[0], true
}

func (m *Matcher) refundWaits(l Line, used map[ledger.Source]bool) bool {
	at, problem := m.meant(l, used)
	return problem == "" && !at[0].Open.IsZero()
}

// chargebackProblem says why a line is about no dispute that stands: that one is over another amount, or else what to do.
func (m *Matcher) chargebackProblem(l Line, todo string) string {
	for _, q := range m.disputes {
		if l.about(q) && q.Open.IsNegative() == (l.Kind == ChargebackLine) && !q.Open.IsZero() && isSet(l.Gross) {
			return fmt.Sprintf("%s is %s, but the file says %s.", q.Source.ID, q.Open, l.Gross)
		}
	}
	return todo
}

// feeOfCase reports whether the line is what the acquirer asks for a dispute, apart from the chargeback itself: it names the case, and its
// amount is the fee of which the letter speaks.
func (m *Matcher) feeOfCase(l Line) bool {
	return l.Kind == ChargebackLine && isSet(l.Net) && slices.ContainsFunc(m.disputes, func(q *Position) bool {
		return q.Case != "" && l.mentions(q.Case) && isSet(q.Fee) && q.Fee.Equal(l.Net.Neg()) && !q.Amount.Equal(l.Gross)
	})
}

// makeFee makes a line one that is all fee.
func (p *Payout) makeFee(line int) {
	l := &p.Lines[line]
	fee := l.Net.Neg().Sub(l.Fee)
	l.Kind, l.Gross, l.Fee = FeeLine, money.Zero(fee.Currency()), l.Net.Neg()
	if isSet(p.FeeTold) {
		p.FeeTold = p.FeeTold.Add(fee)
	}
}

// stated returns what the letters about disputes say of fees that are in the payout: it is no more unusual then.
func (m *Matcher) stated(p *Payout, items []Item) money.Amount {
	sum := p.zero()
	for _, i := range items {
		if q := m.bySource[i.Source]; isSet(q.Fee) && isSet(i.Fee) && q.Fee.Equal(i.Fee) {
			sum = sum.Add(i.Fee)
		}
	}
	return sum
}

// withoutDisputes returns sales and refunds, and the disputes beside them.
func withoutDisputes(open []*Position) (sales, disputes []*Position) {
	for _, q := range open {
		if q.disputed() {
			disputes = append(disputes, q)
		} else {
			sales = append(sales, q)
		}
	}
	return sales, disputes
}

// lessDisputes adds to the sets those from which the acquirer keeps one dispute back, or all of them.
func lessDisputes(sets []batch, disputes []*Position) []batch {
	more := sets
	for _, b := range sets {
		if len(b.set) == 0 {
			continue
		}
		for _, q := range disputes {
			more = append(more, weigh(append(slices.Clone(b.set), q)))
		}
		if len(disputes) > 1 {
			more = append(more, weigh(slices.Concat(b.set, disputes)))
		}
	}
	return more
}
