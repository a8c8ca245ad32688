package settlement

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// telling returns what a transfer says of itself, see known.
func (m *Matcher) telling(teller Teller, t Transfer) Telling {
	told := Telling{
		Teller: teller, Account: t.Account, Mentions: t.Mentions, Orders: t.orders(), Pays: t.orders(), Amount: t.Net, Exchanged: t.Exchanged, Day: t.Date, Reversal: t.Returned,
		Stranger: t.Sender == Somebody,
	}
	if t.Reference != "" {
		told.References = []string{t.Reference}
	}
	m.addSales(&told, t.Lines)
	return told
}

// tellings returns what files have said of a payout. It is kept until the payout changes.
func (m *Matcher) tellings(p *Payout) []Telling {
	if all, ok := m.told[p]; ok {
		return all
	}
	all, orders := make([]Telling, len(p.Seen)), p.orders()
	for i, s := range p.Seen {
		all[i] = Telling{
			Teller: s.Format.teller(), Account: s.Account, Mentions: s.Mentions, Pays: orders, Amount: p.Total, Exchanged: p.Exchanged, Day: s.Date,
			Reversal: s.Returned,
		}
		if s.Reference != "" {
			all[i].References = []string{s.Reference}
		}
		if all[i].Orders = orders; all[i].Teller == Bank {
			all[i].Orders = id.Orders(s.Mentions...)
			slices.Sort(all[i].Orders)
		}
		m.addSales(&all[i], p.Lines)
	}
	m.told[p] = all
	return all
}

// addSales adds the brand and the day of the sales that are paid: as the bank's text says, as the orders are, or as the lines of a list say.
func (m *Matcher) addSales(told *Telling, lines []Line) {
	paid := told.Amount
	if isSet(told.Exchanged) {
		paid = told.Exchanged
	}
	if sales, ok := readSales(told.Mentions, paid); ok && !told.Stranger { // anybody can write such a text
		told.Brand, told.Sold = payment.BrandAtSaferpay(sales.Brand), sales.Day
		return
	}
	if len(told.Orders) == 0 && told.Teller == Teller(List) && len(lines) > 0 {
		first := lines[0]
		if !slices.ContainsFunc(lines, func(l Line) bool { return l.Brand != first.Brand || !l.Day.Equal(first.Day) }) {
			told.Brand, told.Sold = payment.BrandAtSaferpay(first.Brand), first.Day
		}
		return
	}
	for i, order := range told.Orders {
		for _, q := range m.byOrder[order] {
			if i == 0 {
				told.Brand, told.Sold = q.brand(), q.Day
			}
			if q.brand() != told.Brand {
				told.Brand = ""
			}
			if !q.Day.Equal(told.Sold) {
				told.Sold = time.Time{}
			}
		}
	}
}

// degree is how much has to speak for a payout being a transfer, and how many business days they may lie apart.
type degree struct {
	least  likeness
	within int
}

// degrees are in the order in which they are tried, each over a whole file, so that what is told of one payout isn't taken for what is
// told of another that is more like it.
var degrees = []degree{
	{identical, sameReferenceWithin}, {verbatim, 0}, {alike, 0}, {named, 0}, {named, math.MaxInt}, {near, 0}, {near, 1}, {near, sameWithin},
}

// recognise returns the payout that a transfer of the file is, and how much speaks for it: the one for which most does. Nil means
// that none is as like it as is asked for.
func (m *Matcher) recognise(settlementID string, told Telling, asked degree) (best *Payout, how likeness) {
	distance := 0
	for _, p := range m.payouts {
		same := p.overSame(told)
		if !p.whole() || (asked.least == identical || asked.least == contradicting && !same) && !p.refers(told) || asked.least > contradicting && !same {
			continue
		}
		found := known(m.Calendar, m.tellings(p), told)
		if found < max(asked.least, how) || found < identical && same && (p.seenIn(settlementID) || slices.ContainsFunc(m.siblings, p.seenIn)) {
			continue // two of one file are two, unless they have the same reference
		}
		days := apart(m.Calendar, p.Date, told.Day)
		if found < alike && (days > asked.within || p.State == Returned && m.paidAgain(p, told)) {
			continue
		}
		if best == nil || found > how || days < distance {
			best, how, distance = p, found, days
		}
	}
	return best, how
}

// paidAgain reports whether a transfer that is like a payout which was taken back comes after that: it pays the same again.
func (m *Matcher) paidAgain(p *Payout, told Telling) bool {
	i := slices.IndexFunc(m.payouts, func(back *Payout) bool { return back.Returns == p.ID && back.State == Booked })
	if i < 0 {
		return apart(m.Calendar, p.Date, told.Day) > sameWithin
	}
	return told.Day.After(m.payouts[i].Date)
}

// inCommon returns a function that reports whether a telling may be of a known payout: it has the amount of one, or a reference. Of
// thousands of entries, few have.
func (m *Matcher) inCommon() func(Telling) bool {
	amounts, references, mentions := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range m.payouts {
		amounts[p.Total.String()] = true
		if isSet(p.Exchanged) {
			amounts[p.Exchanged.String()] = true
		}
		for _, s := range p.Seen {
			references[s.Reference] = true
			for _, mention := range s.Mentions {
				mentions[mention] = true
			}
		}
	}
	return func(told Telling) bool {
		return amounts[told.Amount.String()] || isSet(told.Exchanged) && amounts[told.Exchanged.String()] ||
			slices.ContainsFunc(told.References, func(ref string) bool { return references[ref] || mentions[ref] }) ||
			slices.ContainsFunc(told.Mentions, func(text string) bool { return references[text] })
	}
}

// overSame reports whether a payout is over the same money as what is told, before or after it was exchanged.
func (p *Payout) overSame(told Telling) bool {
	return sameAmount(Telling{Amount: p.Total, Exchanged: p.Exchanged}, told)
}

// contradicted returns a new payout that a person has to look at when a transfer that is no known payout looks like one. Nil means
// that it doesn't.
func (m *Matcher) contradicted(settlementID string, t Transfer, told Telling) *Payout {
	if told.Reversal {
		return nil
	}
	if p, how := m.recognise(settlementID, told, degree{contradicting, math.MaxInt}); how == contradicting {
		if p.overSame(told) {
			return m.contradiction(t, p, "other payments")
		}
		return m.contradiction(t, p, "another amount")
	}
	for _, p := range m.payouts {
		ofTeller := slices.ContainsFunc(p.Seen, func(s Sighting) bool { return s.Format.teller() == told.Teller })
		if !p.whole() || p.State == Returned || ofTeller || p.reversal() {
			continue
		}
		if p.Total.Equal(t.Net) && p.guessed() && len(told.Orders) > 0 && apart(m.Calendar, p.Date, t.Date) <= sameWithin {
			return m.contradiction(t, p, "other payments")
		}
		if !p.Total.Equal(t.Net) && slices.ContainsFunc(m.tellings(p), func(a Telling) bool { return mentioned(a, told) }) {
			return m.contradiction(t, p, "another amount")
		}
	}
	return nil
}

// refers reports whether a telling may have a reference with which the payout was seen; shareReference says whether it does.
func (p *Payout) refers(told Telling) bool {
	return slices.ContainsFunc(p.Seen, func(s Sighting) bool {
		return slices.Contains(told.References, s.Reference) || slices.Contains(told.Mentions, s.Reference) ||
			slices.ContainsFunc(told.References, func(ref string) bool { return slices.Contains(s.Mentions, ref) })
	})
}

// guessed reports whether a person confirmed what the payout pays without a file that names it.
func (p *Payout) guessed() bool {
	return p.State == Booked && !p.ordered() && !p.tellsSales() && len(p.Items) > 0
}

// learn takes over what a transfer tells about a payout that still waits.
func (m *Matcher) learn(p *Payout, t Transfer, how likeness) (learned *Payout, known bool) {
	if p.State == Booked && isSet(t.Exchanged) && !isSet(p.Exchanged) {
		return m.exchange(p, t, how), false
	}
	if !p.State.Waits() {
		return p, true
	}
	if isSet(t.Exchanged) && p.Net.Equal(t.Exchanged) {
		p.Total, p.Net, p.Exchanged = t.Net, t.Net, t.Exchanged
	}
	if !isSet(p.FeeTold) && t.Fee.Currency() == p.paid().Currency() {
		p.FeeTold = t.Fee
	}
	if says := slices.ContainsFunc(t.Lines, Line.identified) || !p.tellsSales(); !p.ordered() && len(t.Lines) > 0 && !p.reversal() && says {
		p.forget()
		p.Lines = t.Lines
		if isSet(t.Part) && !isSet(p.Exchanged) {
			p.Net, p.FeeTold = t.Part, t.Fee
		}
		m.move(p, Unmatched, "Another file says more about this payout.")
	}
	return p, true
}

// exchange books what the bank exchanged of a payout that is booked in its own currency. If only amount and day say that it is that
// payout, it is proposed.
func (m *Matcher) exchange(p *Payout, t Transfer, how likeness) *Payout {
	x := m.open(t)
	x.Lines, x.Held = nil, true
	x.Rest, x.RestTo, x.ExchangeTo = t.Exchanged, bankOf(p.Account, p.Net.Currency(), m.Banks), ledger.Transit
	reason := fmt.Sprintf("The bank exchanged payout %s, which is booked as %s, into %s.", p.name(), p.Net, t.Net)
	if x.Confident = Likely; how < named {
		m.move(x, Proposed, "%s", reason)
		return x
	}
	x.Confident = Certain
	m.book(x, "", reason)
	return x
}

// contradiction adds a payout for a transfer that only a person can explain.
func (m *Matcher) contradiction(t Transfer, p *Payout, what string) *Payout {
	x := m.open(t)
	x.Held = true
	m.move(x, Unmatched, "This looks like payout %s over %s of %s, but with %s. Find out which is right before anything is booked.",
		p.name(), p.Total, p.Date.Format(time.DateOnly), what)
	return x
}

// name returns what people call a payout.
func (p *Payout) name() string {
	if p.Reference == "" {
		return p.ID
	}
	return p.Reference + " (" + p.ID + ")"
}

func (p *Payout) seenIn(settlementID string) bool {
	return slices.ContainsFunc(p.Seen, func(s Sighting) bool { return s.SettlementID == settlementID })
}

// reversal reports whether the payout takes an earlier one back, as far as the bank knows.
func (p *Payout) reversal() bool {
	return p.Returns != "" || slices.ContainsFunc(p.Seen, func(s Sighting) bool { return s.Returned })
}

// orders returns the orders that a file names for the payout, and those for which it is booked, sorted.
func (p *Payout) orders() []string {
	all := Transfer{Lines: p.Lines}.orders()
	for _, i := range p.Items {
		if i.OrderID != "" && p.State == Booked && i.Source.Kind != ledger.FromDispute {
			all = append(all, i.OrderID)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// orders returns the orders that are paid, or given back. Of chargebacks, only some files name them.
func (t Transfer) orders() []string {
	var all []string
	for _, l := range t.Lines {
		if l.OrderID != "" && !l.charges() {
			all = append(all, l.OrderID)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// zero is nothing in the currency in which the payout's items are.
func (p *Payout) zero() money.Amount { return money.Zero(p.paid().Currency()) }
