package settlement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// whole reports whether the payout is what a bank may tell: a whole transfer that was paid, or its first part.
func (p *Payout) whole() bool { return p.PartOf == "" && p.State != Carried && !p.test() }

// test reports whether the payout was only ever told by a test file.
func (p *Payout) test() bool { return len(p.Seen) > 0 && p.Seen[0].Format == MRXTest }

// noticeDays is how many days before its value date an MRX may tell of a payout.
const noticeDays = 7

// announced returns for how many days a payout may lie in the future.
func (p *Payout) announced() int {
	if slices.ContainsFunc(p.Seen, func(s Sighting) bool { return s.Format == MRX }) {
		return noticeDays
	}
	return 0
}

// adjusted returns what adjustments add to the fee.
func (p *Payout) adjusted() money.Amount {
	sum := p.zero()
	for _, l := range p.Lines {
		if l.Kind == FeeLine {
			sum = sum.Add(l.Fee)
		}
	}
	return sum
}

// takeNotices takes in what of an MRX is no new payout, and returns the rest: the transfers that may be known from other files. What is
// carried over books nothing: it waits for the payout that brings it. A payout that a test file tells is held: nothing of it is ever
// booked. Of another file everything is the rest.
func (m *Matcher) takeNotices(settlementID string, f File) (rest []Transfer) {
	for _, t := range f.Transfers {
		told := m.toldBefore(f.Format, t)
		switch {
		case !f.Format.isNotice():
			rest = append(rest, t)
		case t.More:
			m.takeMore(settlementID, f.Format, t)
		case told != nil:
			m.see(told, settlementID, f.Format, t, true)
		case f.Format == MRXTest:
			p := m.open(t)
			p.Held = true
			m.move(p, Unmatched, "The file says that it is a test (productionFlag T). It books nothing; dismiss it.")
			m.see(p, settlementID, f.Format, t, false)
		case t.Carried != "":
			m.see(m.carry(t), settlementID, f.Format, t, false)
		default:
			rest = append(rest, t)
		}
	}
	return rest
}

// toldBefore returns the payout that another MRX of the same kind, or another place in it, told with the same payment number, the
// same amount and the same account, or nil. A carried balance may have become a part of a payout since.
func (m *Matcher) toldBefore(format Format, t Transfer) *Payout {
	if !format.isNotice() {
		return nil
	}
	for _, p := range slices.Concat(m.payouts, m.carried) {
		same := slices.ContainsFunc(p.Seen, func(seen Sighting) bool {
			return seen.Format == format && seen.Reference == t.Reference && seen.Account == t.Account
		})
		if same && (t.Carried != "" || p.PartOf == "" && p.Total.Equal(t.Net)) {
			return p
		}
	}
	return nil
}

// told reports whether the payout has its lines from the transfer.
func (p *Payout) told(t Transfer) bool {
	return len(p.Lines) == len(t.Lines) && (len(t.Lines) == 0 || p.Lines[0].Transaction == t.Lines[0].Transaction)
}

// takeMore takes in more lines of a transfer, as a part of their own, unless the transfer was known before.
func (m *Matcher) takeMore(settlementID string, format Format, t Transfer) {
	var first *Payout
	for _, p := range slices.Concat(m.payouts, m.carried) {
		if p.PartOf == "" && slices.ContainsFunc(p.Seen, func(seen Sighting) bool {
			return seen.SettlementID == settlementID && seen.Line == t.Line && seen.Reference == t.Reference && seen.Account == t.Account
		}) {
			first = p
		}
	}
	if first == nil || !first.ordered() || first.toldByAnother(settlementID, format) {
		return
	}
	p := m.open(t)
	p.PartOf, p.Held = first.ID, first.Held
	t.Reference = "" // it stands for the first part, and all parts are not looked up with it
	m.see(p, settlementID, format, t, false)
	switch {
	case first.State == Carried:
		m.move(p, Carried, "%s", first.Reason)
		m.setAside(p)
	case first.Held:
		m.move(p, Unmatched, "%s", first.Reason)
	}
}

func (p *Payout) toldByAnother(settlementID string, format Format) bool {
	return slices.ContainsFunc(p.Seen, func(seen Sighting) bool { return seen.Format == format && seen.SettlementID != settlementID })
}

// setAside keeps a payout among those that are carried over.
func (m *Matcher) setAside(p *Payout) {
	m.payouts = slices.DeleteFunc(m.payouts, func(q *Payout) bool { return q == p })
	m.carried = append(m.carried, p)
}

// carry keeps what was not paid out. Its net is what it adds to what was carried over before; its total is what is carried over after it.
func (m *Matcher) carry(t Transfer) *Payout {
	p := m.open(t)
	if !isSet(t.Opening) {
		m.toldAgain(m.carriedOn(p), p)
	}
	if len(p.Lines) == 0 && p.Net.IsZero() {
		m.move(p, Dismissed, "%s It only carries %s over that came before it.", t.Carried, t.Net)
		return p
	}
	m.move(p, Carried, "%s %s is carried over into a later payout.", t.Carried, t.Net)
	m.setAside(p)
	return p
}

// carriedOn returns what is carried over on the payout's account until its day, without itself.
func (m *Matcher) carriedOn(p *Payout) []*Payout {
	return slices.DeleteFunc(slices.Clone(m.carried), func(c *Payout) bool {
		return c == p || c.Account != p.Account || c.Net.Currency() != p.Net.Currency() || c.Date.After(p.Date)
	})
}

// addCarried adds a balance that nothing explains to what the payout is made of.
func (p *Payout) addCarried(amount money.Amount) {
	if amount.IsZero() {
		return
	}
	p.Lines = append(slices.Clone(p.Lines), Line{Number: p.lineOfNotice(), Kind: CarriedLine, Gross: amount, Fee: money.Zero(amount.Currency()), Net: amount})
	p.Net = p.Net.Add(amount)
}

func (p *Payout) lineOfNotice() int {
	if len(p.Lines) == 0 {
		return 1
	}
	return p.Lines[0].Number
}

// bring makes parts of a payout of what was carried over into it. Nothing is brought that doesn't make the opening balance: the rest
// waits for a person.
func (m *Matcher) bring(p *Payout, t Transfer) {
	if !isSet(t.Part) || !p.told(t) || !p.State.Waits() {
		return // no MRX, or nothing new
	}
	if len(t.Lines) == 0 && !isSet(p.Exchanged) {
		p.forget()
		p.Net, p.FeeTold = t.Part, t.Fee
	}
	if p.Held {
		p.addCarried(opened(t))
		return
	}
	if isSet(t.Opening) {
		p.addCarried(t.Opening)
	} else {
		m.toldAgain(m.carriedOn(p), p)
	}
	if isSet(t.Remainder) {
		p.addCarried(t.Remainder.Neg())
	}
}

// explainBalances makes parts of the payouts that wait of the notices that explain the balances with which they open.
func (m *Matcher) explainBalances() {
	for _, p := range slices.Clone(m.payouts) {
		if p.State.Waits() && !p.test() {
			m.explainBalance(p)
		}
	}
}

// explainBalance finds the last notice that closed with the balance with which a payout opens, then the one before that, and so on. What
// they do not explain waits for a person, or for a notice that comes later.
func (m *Matcher) explainBalance(p *Payout) {
	i := slices.IndexFunc(p.Lines, func(l Line) bool { return l.Kind == CarriedLine })
	if i < 0 {
		return
	}
	balance, explained := p.Lines[i].Net, false
	for !balance.IsZero() {
		notice := m.closedWith(balance, p)
		if len(notice) == 0 {
			break
		}
		own := sumNet(notice, balance)
		balance, p.Net, explained = balance.Sub(own), p.Net.Sub(own), true
		for _, part := range notice {
			m.becomePart(part, p)
		}
	}
	if !explained {
		return
	}
	p.Lines = slices.Clone(p.Lines)
	if p.Lines[i].Gross, p.Lines[i].Net = balance, balance; balance.IsZero() {
		p.Lines = slices.Delete(p.Lines, i, i+1)
	}
	p.forget()
	m.touch(p)
	if len(p.Lines) == 0 {
		m.move(p, Dismissed, "Everything that it pays was carried over: see the parts of it.")
	}
}

// closedWith returns the last notice before a payout that carried that balance over, with all its parts, or nothing.
func (m *Matcher) closedWith(balance money.Amount, p *Payout) (notice []*Payout) {
	before := m.carriedOn(p)
	var last *Payout
	for _, c := range before {
		if c.PartOf == "" && c.Total.Equal(balance) && (last == nil || !c.Date.Before(last.Date)) {
			last = c
		}
	}
	if last == nil {
		return nil
	}
	return slices.DeleteFunc(before, func(c *Payout) bool { return c != last && c.PartOf != last.ID })
}

func sumNet(payouts []*Payout, like money.Amount) money.Amount {
	sum := money.Zero(like.Currency())
	for _, p := range payouts {
		sum = sum.Add(p.Net)
	}
	return sum
}

// opened returns the opening balance of a transfer, which may be nothing.
func opened(t Transfer) money.Amount {
	if isSet(t.Opening) {
		return t.Opening
	}
	return money.Zero(t.Net.Currency())
}

// becomePart makes what was carried over a part of the payout that brings it.
func (m *Matcher) becomePart(c, p *Payout) {
	m.carried = slices.DeleteFunc(m.carried, func(q *Payout) bool { return q == c })
	m.payouts = append(m.payouts, c)
	c.PartOf, c.Total, c.Date = p.ID, p.Total, p.Date
	if p.PartOf != "" {
		c.PartOf = p.PartOf
	}
	m.move(c, Unmatched, "It is paid out with payout %s.", p.name())
}

// toldAgain drops what was carried over when its transactions come again in the payout itself.
func (m *Matcher) toldAgain(before []*Payout, p *Payout) {
	told := map[string]bool{}
	for _, l := range p.Lines {
		told[l.Transaction] = l.Transaction != ""
	}
	for _, c := range before {
		if slices.ContainsFunc(c.Lines, func(l Line) bool { return told[l.Transaction] }) {
			m.carried = slices.DeleteFunc(m.carried, func(q *Payout) bool { return q == c })
			m.payouts = append(m.payouts, c)
			m.move(c, Dismissed, "Its transactions are told again by payout %s.", p.name())
		}
	}
}

// sameDay is how far the acquirer's day of a transaction may lie from the day on which it was captured: it may be captured later than it
// was authorized.
const sameDay = 7 * 24 * time.Hour

// byTransaction returns the payment or refund that a line is about that names no order: of a payment, the one with its authorization
// code, card, amount and day; a refund has no code of its own.
func (m *Matcher) byTransaction(l Line, used map[ledger.Source]bool) (at []*Position, problem string) {
	all := m.byCode[l.Authorization]
	if l.refund() {
		all = slices.DeleteFunc(slices.Clone(m.positions), func(q *Position) bool { return q.Source.Kind != ledger.FromRefund || used[q.Source] || q.Open.IsZero() })
	}
	for _, q := range all {
		if q.Amount.Equal(l.Gross) && sameCard(q.Card, l.Card) && l.apart(q) <= sameDay {
			at = append(at, q)
		}
	}
	switch {
	case len(at) == 0:
		return nil, fmt.Sprintf("The file names no order, and Quittance knows no payment or refund of %s with this authorization code (%s) and card.", l.Gross, l.Authorization)
	case len(at) > 1 && l.refund(): // of the same card and amount, whichever is nearest
		slices.SortStableFunc(at, func(a, b *Position) int { return cmp.Compare(l.apart(a), l.apart(b)) })
	case len(at) > 1:
		return nil, fmt.Sprintf("The file names no order, and %d payments or refunds of %s have this authorization code and card.", len(at), l.Gross)
	}
	return at, ""
}

// apart returns how far the day of a line lies from that of a position.
func (l Line) apart(q *Position) time.Duration {
	if l.Day.IsZero() {
		return 0
	}
	return q.Day.Sub(l.Day).Abs()
}

// sameCard reports whether two masked numbers may be of one card: the last four digits and those that both show first are the same. A
// payment without a card is only paid by a transaction without one.
func sameCard(a, b string) bool {
	a, b = strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", "")
	if a == "" || b == "" {
		return a == b
	}
	if len(a) < 4 || len(b) < 4 || a[len(a)-4:] != b[len(b)-4:] {
		return false
	}
	first := func(s string) string { return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))] }
	x, y := first(a), first(b)
	shown := min(len(x), len(y))
	return x[:shown] == y[:shown]
}
