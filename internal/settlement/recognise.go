package settlement

import (
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// How far apart the days may lie on which two files report the same payout, in business days, and how many characters of a
// reference can't stand in a text by chance.
const (
	sameWithin = 3
	// sameReferenceWithin is for how many business days the same reference means the same payout. Some banks use their
	// references again.
	sameReferenceWithin = 30
	tellingRef          = 6
)

// recognise returns the payout that a transfer of the file is, when it is known: the same sender reports it again, or the bank
// reports it after the acquirer, or the other way round. Nil means a new payout. A payout that is returned as not known is a
// new one that contradicts what is known; a person has to look at it.
//
// Two transfers of one file are the same only when they have the same reference.
func (m *Matcher) recognise(settlementID string, format Format, t Transfer) (p *Payout, known bool) {
	var whole, candidates []*Payout
	for _, p := range m.payouts {
		if p.whole() {
			whole = append(whole, p)
		}
	}
	referred := slices.DeleteFunc(slices.Clone(whole), func(p *Payout) bool {
		return t.Reference == "" || !p.referred(format, t) || m.apart(p, t) > sameReferenceWithin
	})
	if i := slices.IndexFunc(referred, func(p *Payout) bool { return p.Total.Equal(t.Net) }); i >= 0 {
		return m.learn(referred[i], t)
	}
	if t.Returned {
		return nil, false
	}
	if len(referred) > 0 {
		return m.contradiction(t, referred[0], "another amount"), false
	}
	for _, p := range whole {
		if !p.seenIn(settlementID) {
			candidates = append(candidates, p)
		}
	}
	best, likest := (*Payout)(nil), 0
	for _, p := range candidates {
		if likeness := m.likeness(p, format, t); likeness > likest {
			best, likest = p, likeness
		}
	}
	if best != nil {
		return m.learn(best, t)
	}
	for _, p := range candidates {
		if p.State == Returned {
			continue
		}
		if m.near(p, t) && p.guessed() && !p.seenAs(format) && len(t.orders()) > 0 {
			return m.contradiction(t, p, "other payments"), false
		}
		if p.mentioned(format, t) && !p.Total.Equal(t.Net) {
			return m.contradiction(t, p, "another amount"), false
		}
	}
	return nil, false
}

// likeness returns how much speaks for a payout being the transfer; 0 is too little.
func (m *Matcher) likeness(p *Payout, format Format, t Transfer) int {
	if p.Account != "" && t.Account != "" && p.Account != t.Account || !p.Total.Equal(t.Net) && !p.Total.Equal(t.Exchanged) {
		return 0
	}
	orders, others := p.orders(), t.orders()
	switch {
	case t.Reference == "" && p.unnamedIn(format, t):
		return 1000
	case p.State == Returned:
		return 0 // it is paid again
	case len(others) > 0 && slices.Equal(orders, others):
		return 900
	case p.seenAs(format) || len(orders) > 0 && len(others) > 0:
		return 0 // a file of that kind has told it otherwise, or it is about other orders
	case p.mentioned(format, t):
		return 800
	}
	if !m.near(p, t) {
		return 0
	}
	return 100 - m.apart(p, t)
}

func (m *Matcher) apart(p *Payout, t Transfer) int {
	days := m.Calendar.BusinessDaysBetween(p.Date, t.Date)
	return max(days, -days)
}

// near reports whether a payout and a transfer are over the same amount at about the same time.
func (m *Matcher) near(p *Payout, t Transfer) bool {
	return p.Total.Equal(t.Net) && m.apart(p, t) <= sameWithin
}

// guessed reports whether a person confirmed what the payout pays without a file that names it.
func (p *Payout) guessed() bool {
	return p.State == Booked && len(Transfer{Lines: p.Lines}.orders()) == 0 && len(p.Items) > 0
}

// learn takes over what a transfer tells about a payout that still waits.
func (m *Matcher) learn(p *Payout, t Transfer) (learned *Payout, known bool) {
	if p.State == Booked && isSet(t.Exchanged) && !isSet(p.Exchanged) {
		return m.exchange(p, t), false
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
	if !p.ordered() && len(t.Lines) > 0 {
		p.forget()
		p.Lines = t.Lines
		if isSet(t.Part) && !isSet(p.Exchanged) {
			p.Net, p.FeeTold = t.Part, t.Fee
		}
		m.move(p, Unmatched, "Another file says more about this payout.")
	}
	return p, true
}

// exchange proposes how to book what the bank exchanged of a payout that is booked in its own currency.
func (m *Matcher) exchange(p *Payout, t Transfer) *Payout {
	x := m.open(t)
	x.Lines, x.Held = nil, true
	x.Rest, x.RestTo, x.ExchangeTo = t.Exchanged, ledger.Bank, ledger.ExchangeLosses
	x.Confident = Likely
	m.move(x, Proposed, "The bank exchanged payout %s, which is booked as %s, into %s.", p.name(), p.Net, t.Net)
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

// bank reports whether files of that kind come from a bank, which gives the same references to the same entries in all of them.
func (f Format) bank() bool { return f != CSV && !f.isNotice() }

// referred reports whether the payout was seen with the transfer's reference, by the same sender on the same account.
func (p *Payout) referred(format Format, t Transfer) bool {
	return slices.ContainsFunc(p.Seen, func(s Sighting) bool {
		return s.Format.bank() == format.bank() && s.Account == t.Account && s.Reference == t.Reference
	})
}

// mentioned reports whether one of two kinds of files names the reference of the other.
func (p *Payout) mentioned(format Format, t Transfer) bool {
	return slices.ContainsFunc(p.Seen, func(s Sighting) bool {
		return s.Format != format && (mention(t.Mentions, s.Reference) || mention(s.Mentions, t.Reference))
	})
}

func mention(texts []string, reference string) bool {
	return len(reference) >= tellingRef && slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, reference) })
}

func (p *Payout) seenIn(settlementID string) bool {
	return slices.ContainsFunc(p.Seen, func(s Sighting) bool { return s.SettlementID == settlementID })
}

func (p *Payout) seenAs(format Format) bool {
	return slices.ContainsFunc(p.Seen, func(s Sighting) bool { return s.Format == format })
}

// unnamedIn reports whether a file of that kind reported the payout like the transfer: on its account and day, without a reference.
func (p *Payout) unnamedIn(format Format, t Transfer) bool {
	return slices.ContainsFunc(p.Seen, func(s Sighting) bool {
		return s.Format == format && s.Account == t.Account && s.Reference == "" && s.Date.Equal(t.Date)
	})
}

// orders returns the orders that a file names for the payout, and those for which it is booked, sorted.
func (p *Payout) orders() []string {
	all := Transfer{Lines: p.Lines}.orders()
	for _, i := range p.Items {
		if i.OrderID != "" && p.State == Booked {
			all = append(all, i.OrderID)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (t Transfer) orders() []string {
	var all []string
	for _, l := range t.Lines {
		if l.OrderID != "" {
			all = append(all, l.OrderID)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// zero is nothing in the currency in which the payout's items are.
func (p *Payout) zero() money.Amount { return money.Zero(p.paid().Currency()) }
