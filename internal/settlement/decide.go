package settlement

import (
	"fmt"
	"slices"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// Decision is what a person says about a payout: what it pays, what the acquirer kept, and where the rest goes. One that says
// nothing accepts what is proposed.
type Decision struct {
	Items           []string     // ids of payments, refunds or transactions that were found at Saferpay
	Fee             money.Amount // the zero value: what the file tells, or else what is left over
	Account         string       // for what neither items nor fee explain
	ExchangeAccount string       // for an exchange; the proposed one when empty
	Note            string
}

func (c Decision) accepts() bool { return len(c.Items) == 0 && !isSet(c.Fee) && c.Account == "" }

// Confirm books a payout as a person decides. Problems: payout-decided, validation-failed.
func (m *Matcher) Confirm(p *Payout, c Decision) error {
	if !p.State.CanBecome(Booked) {
		return problem.New(problem.PayoutDecided, "Payout %s is %s already.", p.ID, p.State)
	}
	if p.test() {
		return problem.New(problem.PayoutDecided, "Payout %s was told by a test file, which is never booked. Dismiss it.", p.ID)
	}
	if c.accepts() {
		if p.State != Proposed {
			return problem.InvalidFields(problem.Field{Name: "items", Message: "is missing: there is no proposal for this payout. Say what it pays, or on which account it goes"})
		}
		if !m.stillOpen(p) {
			return problem.New(problem.PayoutDecided, "Something in the proposal for payout %s was paid out or taken back since. Look at the payout again.", p.ID)
		}
	} else if err := m.explain(p, c); err != nil {
		return err
	}
	if isSet(p.Exchanged) && c.ExchangeAccount != "" {
		p.ExchangeTo = c.ExchangeAccount
	}
	if p.Returns == "" && len(p.lines("", "")) < 2 {
		return problem.InvalidFields(problem.Field{Name: "items", Message: "leave nothing to book: dismiss the payout"})
	}
	p.Confident = Certain
	m.book(p, m.By, noted("Confirmed.", c.Note))
	m.review()
	return nil
}

// explain makes a payout what the decision says, which must explain it to the centime.
func (m *Matcher) explain(p *Payout, c Decision) error {
	var items []Item
	for n, id := range c.Items {
		i := slices.IndexFunc(m.positions, func(q *Position) bool { return q.Source.ID == id && !q.Open.IsZero() })
		name := fmt.Sprintf("items.%d", n)
		switch {
		case i < 0:
			return problem.InvalidFields(problem.Field{Name: name, Message: "must be a payment or refund that stands on a receipt account and waits for its payout"})
		case m.positions[i].Open.Currency() != p.paid().Currency():
			return problem.InvalidFields(problem.Field{Name: name, Message: "must be in " + string(p.paid().Currency())})
		case slices.Contains(c.Items[:n], id):
			return problem.InvalidFields(problem.Field{Name: name, Message: "is there twice"})
		}
		items = append(items, m.positions[i].item())
	}
	before := *p
	p.forget()
	p.Items, p.Returns = items, ""
	if isSet(p.Exchanged) {
		p.ExchangeTo = ledger.Transit
	}
	if err := p.balance(c); err != nil {
		*p = before
		return err
	}
	return nil
}

// balance finds the fee, and the rest that goes to the account.
func (p *Payout) balance(c Decision) error {
	left := p.Gross().Sub(p.paid()) // what came to us less than was paid
	switch {
	case isSet(c.Fee):
		p.Fee = c.Fee
	case isSet(p.FeeTold):
		p.Fee = p.FeeTold
	case c.Account != "":
		p.Fee = p.zero()
	case !plausible(left, p.Items):
		return problem.InvalidFields(problem.Field{Name: "fee", Message: fmt.Sprintf("is missing: %s would be unusual for %s", left, p.Gross())})
	default:
		p.Fee = left
	}
	rest := p.Fee.Sub(left)
	switch {
	case !rest.IsZero() && c.Account == "":
		return problem.InvalidFields(problem.Field{Name: "account", Message: fmt.Sprintf("is missing: %s less a fee of %s is not %s, so %s is left over", p.Gross(), p.Fee, p.paid(), rest)})
	case rest.IsZero() && c.Account != "":
		return problem.InvalidFields(problem.Field{Name: "account", Message: "must be absent: nothing is left over"})
	case !rest.IsZero():
		p.Rest, p.RestTo = rest, c.Account
	}
	return nil
}

// Dismiss leaves a payout out of the books. Problem: payout-decided.
func (m *Matcher) Dismiss(p *Payout, note string) error {
	if p.State == Dismissed {
		return nil
	}
	if !p.State.CanBecome(Dismissed) {
		return problem.New(problem.PayoutDecided, "Payout %s is %s already.", p.ID, p.State)
	}
	p.forget()
	m.change(p, Dismissed, m.By, noted("Left out of the books.", note))
	m.review()
	return nil
}

// Reopen takes back how a payout was booked, so that a person can decide again: its payments wait for their payout as before.
// The caller reverses its entry. Problem: payout-decided.
func (m *Matcher) Reopen(p *Payout, note string) error {
	if p.State != Booked || p.Returns != "" {
		return problem.New(problem.PayoutDecided, "Payout %s is %s. Only a booked payout can be reopened.", p.ID, p.State)
	}
	m.putBack(p)
	p.forget()
	p.Held = true
	m.change(p, Unmatched, m.By, noted("Reopened: its journal entry is reversed.", note))
	return nil
}

func noted(what, note string) string {
	if note == "" {
		return what
	}
	return what + " " + note
}
