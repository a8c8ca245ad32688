// Package settlement closes the books with the acquirer. It reads the files of banks and of the acquirer, finds out which
// payments and refunds each payout pays, and says how the payout is booked. What is not certain is proposed to a person.
//
// It is pure. The caller fills a Desk with what is known. The Desk changes that in memory. The caller stores the changes in one
// transaction.
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

// Desk matches payouts with what stands on the receipt accounts. It holds everything that this needs.
type Desk struct {
	Setting
	positions []*Position // in the order in which they were booked
	bySource  map[ledger.Source]*Position
	byOrder   map[string][]*Position
	refundsOf map[string][]*Position // by the payment that went back
	payouts   []*Payout
	changed   []*Payout
}

// NewDesk returns a desk. Positions are those that still stand on a receipt account, and those of the orders that a file names.
// Payouts are those that wait, and those that a file may report again.
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

// Changed returns the payouts that are new or have changed, in a fixed order. The caller makes the entry of a payout that is
// booked and has none yet.
func (d *Desk) Changed() []*Payout { return d.changed }

func (d *Desk) touch(p *Payout) {
	if !slices.Contains(d.changed, p) {
		d.changed = append(d.changed, p)
	}
}

// Take takes in the transfers of a file. Each one is recognised, or is a new payout that is matched. Certain ones come first,
// so that their payments are not proposed for another payout.
//
// Transfers that turn out to be no payouts are counted in the file as skipped.
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

// see notes a sighting, and what is new in it.
func (p *Payout) see(s Sighting) {
	p.Seen = append(p.Seen, s)
	p.Account = cmp.Or(p.Account, s.Account)
	if s.Format == CSV || p.Reference == "" {
		p.Reference = s.Reference
	}
}

// review matches every payout that waits with what stands on the receipt accounts now. A proposal falls away when another
// payout has paid its payments.
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
			d.move(p, Unmatched, "Another payout has paid what was proposed.")
		}
	}
	for _, p := range waiting {
		if p.State == Unmatched && !p.ordered() {
			d.matchAmount(p)
		}
	}
}

// move moves a payout to another state, by no person's decision.
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

// putBack puts what a payout has paid back on the receipt accounts.
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
		d.move(x, Unmatched, "The bank takes back a transfer that Quittance does not know.")
	case original.State != Booked:
		d.move(x, Unmatched, "The bank takes back payout %s, which is not booked. Dismiss both.", original.name())
	default:
		x.Returns, x.Confident = original.ID, Likely
		d.move(x, Proposed, "The bank takes back payout %s. What it paid waits for its payout again.", original.name())
	}
}

// forget drops the proposal of a payout.
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

// reserved returns the positions that are in a proposal.
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
