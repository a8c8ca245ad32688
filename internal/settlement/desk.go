// Package settlement closes the books with the acquirer: it reads what banks and the acquirer tell about payouts, finds out
// which payments and refunds each payout pays, and says how it is booked. What is not certain is proposed to a person.
//
// It is pure: a Desk is filled with what is known, changes that in memory, and what it has changed is stored by its caller in
// one transaction.
package settlement

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// Setting is who works at a desk, and when.
type Setting struct {
	CompanyID string
	Calendar  calendar.Calendar
	Now       time.Time
	By        string // the id of the key that imports or decides
	// PayoutDays is how many business days after a payment its payout is expected.
	PayoutDays int
}

// Desk is where payouts are looked at, with everything on it that is needed.
type Desk struct {
	Setting
	positions []*Position // in the order in which they were booked
	bySource  map[ledger.Source]*Position
	byOrder   map[string][]*Position
	refundsOf map[string][]*Position // by the payment that went back
	payouts   []*Payout
	changed   []*Payout
}

// NewDesk returns a desk. Positions are those that still stand on a receipt account, and those of the orders that a file names;
// payouts are those that wait, and those that a file may be telling again.
func NewDesk(s Setting, positions []Position, payouts []Payout) *Desk {
	d := &Desk{Setting: s, bySource: map[ledger.Source]*Position{}, byOrder: map[string][]*Position{}, refundsOf: map[string][]*Position{}}
	slices.SortStableFunc(positions, func(a, b Position) int { return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.Source.ID, b.Source.ID)) })
	for i := range positions {
		q := &positions[i]
		d.positions = append(d.positions, q)
		d.bySource[q.Source] = q
		d.byOrder[q.OrderID] = append(d.byOrder[q.OrderID], q)
		if q.Source.Kind == ledger.FromRefund {
			d.refundsOf[q.PaymentID] = append(d.refundsOf[q.PaymentID], q)
		}
	}
	for i := range payouts {
		d.payouts = append(d.payouts, &payouts[i])
	}
	return d
}

// Changed returns the payouts that are new or have changed, in a fixed order. Those that are booked and have no entry yet are to
// be booked.
func (d *Desk) Changed() []*Payout { return d.changed }

func (d *Desk) touch(p *Payout) {
	if !slices.Contains(d.changed, p) {
		d.changed = append(d.changed, p)
	}
}

// Take takes in what a file tells: each transfer is recognised, or is a new payout that is matched. What is certain comes first,
// so that nobody else's payments are proposed for another payout.
//
// What is no payout after all is counted in the file as skipped.
func (d *Desk) Take(settlementID string, f File) {
	for _, t := range f.Transfers {
		p, known := d.recognise(settlementID, f.Format, t)
		if p == nil && t.Sender == Somebody {
			f.Skipped[Others]++
			continue
		}
		if p == nil {
			p = d.open(t)
			if t.Returned {
				d.takeBack(p)
			}
		}
		p.see(Sighting{
			SettlementID: settlementID, Format: f.Format, Line: t.Line, Reference: t.Reference, Account: t.Account, Date: t.Date, Mentions: t.Mentions,
			Known: known,
		})
		d.touch(p)
	}
	d.review()
}

// open puts a new payout on the desk.
func (d *Desk) open(t Transfer) *Payout {
	p := &Payout{
		ID: id.New(id.Payout), CompanyID: d.CompanyID, State: Unmatched, Reference: t.Reference, Account: t.Account, Date: t.Date, Total: t.Net, Net: t.Net, FeeTold: t.Fee,
		Exchanged: t.Exchanged, Lines: t.Lines, CreatedAt: d.Now.UTC(),
	}
	d.payouts = append(d.payouts, p)
	d.touch(p)
	return p
}

// see notes a sighting, and what it tells that was not known.
func (p *Payout) see(s Sighting) {
	p.Seen = append(p.Seen, s)
	p.Account = cmp.Or(p.Account, s.Account)
	if s.Format == CSV || p.Reference == "" {
		p.Reference = s.Reference
	}
}

// review matches every payout that waits with what stands on the receipt accounts now. A proposal whose payments were paid out by
// another payout meanwhile is none any more.
func (d *Desk) review() {
	waiting := slices.DeleteFunc(slices.Clone(d.payouts), func(p *Payout) bool { return !p.State.Waits() || p.Held })
	slices.SortStableFunc(waiting, func(a, b *Payout) int { return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.ID, b.ID)) })
	for _, p := range waiting {
		if p.ordered() {
			d.matchOrders(p)
		}
	}
	for _, p := range d.payouts {
		if p.State == Proposed && !d.stillOpen(p) {
			p.forget()
			d.move(p, Unmatched, "What was proposed has been paid out by another payout meanwhile.")
		}
	}
	for _, p := range waiting {
		if p.State == Unmatched && !p.ordered() {
			d.matchAmount(p)
		}
	}
}

// move moves a payout without anybody having decided.
func (d *Desk) move(p *Payout, next State, reason string, args ...any) {
	d.change(p, next, "", fmt.Sprintf(reason, args...))
}

// change moves a payout; the table of states has every move that is made here.
func (d *Desk) change(p *Payout, next State, by, reason string) {
	if p.State == next && p.Reason == reason {
		return
	}
	if err := p.become(next, d.Now, by, reason); err != nil {
		panic(err)
	}
	d.touch(p)
}

// book takes what a payout pays off the receipt accounts, or puts it back there when it takes back another payout.
func (d *Desk) book(p *Payout, by, reason string) {
	for _, i := range p.Items {
		q := d.bySource[i.Source]
		q.Open = q.Open.Sub(i.Gross)
	}
	if p.Returns != "" {
		back := d.Payout(p.Returns)
		d.putBack(back)
		d.change(back, Returned, by, "Taken back by payout "+p.name()+".")
	}
	p.Bookings++
	p.EntryID, p.Choices, p.Held = "", nil, false
	d.change(p, Booked, by, reason)
}

// putBack lets stand again on the receipt accounts what a payout has paid.
func (d *Desk) putBack(p *Payout) {
	for _, i := range p.Items {
		if q := d.bySource[i.Source]; q != nil {
			q.Open = q.Open.Add(i.Gross)
		}
	}
}

// Payout returns the payout with that id, or nil.
func (d *Desk) Payout(id string) *Payout {
	i := slices.IndexFunc(d.payouts, func(p *Payout) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return d.payouts[i]
}

// takeBack finds the payout that a transfer takes back: the last one before it over the same amount on the same account.
func (d *Desk) takeBack(x *Payout) {
	x.Held, x.Lines = true, nil
	var original *Payout
	for _, p := range d.payouts {
		fits := p != x && p.PartOf == "" && p.Account == x.Account && p.Net.Equal(x.Net.Neg()) && !p.Date.After(x.Date)
		if fits && p.State != Returned && (original == nil || p.Date.After(original.Date)) {
			original = p
		}
	}
	switch {
	case original == nil:
		d.move(x, Unmatched, "The bank takes back a transfer that is not known here.")
	case original.State != Booked:
		d.move(x, Unmatched, "The bank takes back payout %s, which is not booked: dismiss both.", original.name())
	default:
		x.Returns, x.Confident = original.ID, Likely
		d.move(x, Proposed, "The bank takes back payout %s: what it paid waits for its payout again.", original.name())
	}
}

// forget drops what was proposed.
func (p *Payout) forget() {
	p.Items, p.Choices, p.Confident = nil, nil, ""
	p.Fee, p.Rest, p.RestTo, p.ExchangeTo = money.Amount{}, money.Amount{}, "", ""
}

// stillOpen reports whether everything that a payout is to pay still stands on its receipt account.
func (d *Desk) stillOpen(p *Payout) bool {
	return !slices.ContainsFunc(p.Items, func(i Item) bool {
		at := d.bySource[i.Source]
		return at == nil || !at.Open.Equal(i.Gross)
	}) && (p.Returns == "" || d.Payout(p.Returns) != nil && d.Payout(p.Returns).State == Booked)
}

// reserved returns what payouts are proposed to pay.
func (d *Desk) reserved() map[ledger.Source]bool {
	all := map[ledger.Source]bool{}
	for _, p := range d.payouts {
		if p.State == Proposed {
			for _, i := range p.Items {
				all[i.Source] = true
			}
		}
	}
	return all
}
