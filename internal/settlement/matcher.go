// Package settlement closes the books with the acquirer. It reads the files of banks and of the acquirer, finds out which
// payments and refunds each payout pays, and says how the payout is booked. What is not certain is proposed to a person.
//
// It is pure. The caller fills a Matcher with what is known. The Matcher changes that in memory. The caller stores the changes in one
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
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
)

// Setting is who matches payouts, and when.
type Setting struct {
	CompanyID string
	Calendar  calendar.Calendar
	Now       time.Time
	By        string // the id of the key that imports or decides
	// PayoutDays is how many business days after a payment its payout is expected.
	PayoutDays int
	Banks      []merchant.BankAccount // the company's
}

// Matcher matches payouts with what stands on the receipt accounts. It holds everything that this needs.
type Matcher struct {
	Setting
	positions []*Position // in the order in which they were booked
	bySource  map[ledger.Source]*Position
	byOrder   map[string][]*Position
	refundsOf map[string][]*Position // by the payment that went back
	byCode    map[string][]*Position // by authorization code
	disputes  []*Position            // opened or won; only chargeback lines are about them
	payouts   []*Payout
	carried   []*Payout // what the acquirer carries over; no other rule sees them
	changed   []*Payout
	told      map[*Payout][]Telling // see tellings
	siblings  []string              // settlements with other pages of the statements of the file, see JoinPages
	selling   map[batchOf][]sold    // see sellers
}

// NewMatcher returns a matcher. Positions are in the order in which they were booked: those that still stand on a receipt account, and those of the orders that a file names.
// Payouts are those that wait, and those that a file may report again.
func NewMatcher(s Setting, positions []Position, payouts []Payout) *Matcher {
	m := &Matcher{
		Setting: s, bySource: map[ledger.Source]*Position{}, byOrder: map[string][]*Position{}, refundsOf: map[string][]*Position{},
		byCode: map[string][]*Position{}, told: map[*Payout][]Telling{},
	}
	slices.SortStableFunc(positions, func(a, b Position) int { return a.Day.Compare(b.Day) })
	for i := range positions {
		q := &positions[i]
		m.positions = append(m.positions, q)
		m.bySource[q.Source] = q
		if q.disputed() {
			m.disputes = append(m.disputes, q)
			continue
		}
		m.byOrder[q.OrderID] = append(m.byOrder[q.OrderID], q)
		if q.Authorization != "" {
			m.byCode[q.Authorization] = append(m.byCode[q.Authorization], q)
		}
		if q.Source.Kind == ledger.FromRefund {
			m.refundsOf[q.PaymentID] = append(m.refundsOf[q.PaymentID], q)
		}
	}
	for i := range payouts {
		if payouts[i].State == Carried {
			m.carried = append(m.carried, &payouts[i])
		} else {
			m.payouts = append(m.payouts, &payouts[i])
		}
	}
	return m
}

// Changed returns the payouts that are new or have changed, in the order in which they are stored: those that were taken back come first,
// so that others may pay the same, and what takes them back comes last. The caller makes the entry of a payout that lacks it, see
// Payout.LacksEntry.
func (m *Matcher) Changed() []*Payout {
	rank := func(p *Payout) int {
		switch {
		case p.State == Returned:
			return 0
		case p.Returns == "":
			return 1
		default:
			return 2
		}
	}
	slices.SortStableFunc(m.changed, func(a, b *Payout) int { return cmp.Compare(rank(a), rank(b)) })
	return m.changed
}

func (m *Matcher) touch(p *Payout) {
	delete(m.told, p)
	if !slices.Contains(m.changed, p) {
		m.changed = append(m.changed, p)
	}
}

// Take takes in the transfers of a file. Each one is recognised, those first for which most speaks, or is a new payout that is
// matched. Certain ones come first, so that their payments are not proposed for another payout.
//
// Transfers that turn out to be no payouts are counted in the file as skipped.
func (m *Matcher) Take(settlementID string, f File) {
	type transfer struct {
		Transfer
		told Telling
		new  bool // it is a stranger's, and has nothing in common with any payout
	}
	m.siblings = f.siblings
	transfers := m.takeNotices(settlementID, f)
	rest := make([]transfer, len(transfers))
	common := m.inCommon()
	for i, t := range transfers {
		told := m.telling(f.Format.teller(), t)
		rest[i] = transfer{t, told, told.Stranger && !common(told)}
	}
	for _, least := range degrees {
		rest = slices.DeleteFunc(rest, func(t transfer) bool { return !t.new && m.again(settlementID, f.Format, t.Transfer, t.told, least) })
	}
	for _, t := range rest {
		if m.again(settlementID, f.Format, t.Transfer, t.told, degrees[0]) { // as one before it in the file
			continue
		}
		if t.Sender == Somebody || t.Sender == Nobody && t.Returned && !m.takesBackSomething(t.told) {
			f.Skipped[Others]++
			continue
		}
		p := m.contradicted(settlementID, t.Transfer, t.told)
		if p == nil {
			p = m.open(t.Transfer)
		}
		m.see(p, settlementID, f.Format, t.Transfer, false)
		m.bring(p, t.Transfer)
	}
	if !f.narrow { // else a notice may have more parts
		m.explainBalances()
	}
	m.review()
}

// again takes in a transfer that is a known payout, if that much speaks for it.
func (m *Matcher) again(settlementID string, format Format, t Transfer, told Telling, least degree) bool {
	p, how := m.recognise(settlementID, told, least)
	if p == nil {
		return false
	}
	p, known := m.learn(p, t, how)
	m.see(p, settlementID, format, t, known)
	m.bring(p, t)
	return true
}

// open adds a new payout.
func (m *Matcher) open(t Transfer) *Payout {
	p := &Payout{
		ID: id.New(id.Payout), CompanyID: m.CompanyID, State: Unmatched, Reference: t.Reference, Account: t.Account, Date: t.Date, Total: t.Net, Net: t.Net, FeeTold: t.Fee,
		Exchanged: t.Exchanged, Lines: t.Lines, CreatedAt: m.Now.UTC(),
	}
	if isSet(t.Part) {
		p.Net = t.Part
	}
	m.payouts = append(m.payouts, p)
	m.touch(p)
	return p
}

// see notes that a file tells of a payout, and what is new in that. The payout is called as the acquirer calls it first.
func (m *Matcher) see(p *Payout, settlementID string, format Format, t Transfer, known bool) {
	named := slices.ContainsFunc(p.Seen, func(s Sighting) bool { return s.Format.teller() != Bank })
	p.Seen = append(p.Seen, Sighting{
		SettlementID: settlementID, Format: format, Line: t.Line, Reference: t.Reference, Account: t.Account, Date: t.Date, Mentions: t.Mentions,
		Returned: t.Returned, Known: known,
	})
	p.Account = cmp.Or(p.Account, t.Account)
	if p.Reference == "" || format.teller() != Bank && !named && t.Reference != "" {
		p.Reference = t.Reference
	}
	m.touch(p)
}

// LookAgain matches every payout that waits, after something new stands on a receipt account.
func (m *Matcher) LookAgain() { m.review() }

// review matches every payout that waits with what stands on the receipt accounts now. A proposal falls away when another
// payout has paid its payments.
func (m *Matcher) review() {
	waiting := slices.DeleteFunc(slices.Clone(m.payouts), func(p *Payout) bool { return !p.State.Waits() || p.Held || p.reversal() })
	slices.SortStableFunc(waiting, func(a, b *Payout) int { return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.ID, b.ID)) })
	m.selling = nil
	for _, p := range waiting {
		if p.ordered() {
			m.matchOrders(p)
		}
	}
	m.matchSales(waiting)
	sold := m.reservedBy((*Payout).tellsSales)
	for _, p := range m.payouts {
		guess := !p.Held && !p.ordered() && !p.tellsSales() && slices.ContainsFunc(p.Items, func(i Item) bool { return sold[i.Source] })
		if p.State == Proposed && (guess || !m.stillOpen(p)) {
			p.forget()
			m.move(p, Unmatched, "Another payout has paid what was proposed.")
		}
	}
	for _, p := range waiting {
		if p.State == Unmatched && !p.ordered() && !p.tellsSales() {
			m.matchAmount(p)
		}
	}
	again := false
	for _, p := range m.payouts {
		if p.State.Waits() && p.reversal() {
			m.takeBack(p)
			again = again || p.State == Booked
		}
	}
	if again { // what the first payout paid may be paid by another one that waits
		m.review()
	}
}

// move moves a payout to another state, by no person's decision.
func (m *Matcher) move(p *Payout, next State, reason string, args ...any) {
	m.change(p, next, "", fmt.Sprintf(reason, args...))
}

// change moves a payout; the table of states has every move that is made here.
func (m *Matcher) change(p *Payout, next State, by, reason string) {
	if p.State == next && p.Reason == reason {
		return
	}
	if err := p.become(next, m.Now, by, reason); err != nil {
		panic(err)
	}
	m.touch(p)
}

// book takes what a payout pays off the receipt accounts, or puts it back there when it takes back another payout.
func (m *Matcher) book(p *Payout, by, reason string) {
	for _, i := range p.Items {
		q := m.bySource[i.Source]
		q.Open = q.Open.Sub(i.Gross)
	}
	if p.Returns != "" {
		back := m.Payout(p.Returns)
		m.putBack(back)
		m.change(back, Returned, by, "Taken back by payout "+p.name()+".")
	}
	p.Bookings++
	p.EntryID, p.Choices, p.Held = "", nil, false
	m.change(p, Booked, by, reason)
}

// putBack puts what a payout has paid back on the receipt accounts.
func (m *Matcher) putBack(p *Payout) {
	for _, i := range p.Items {
		if q := m.bySource[i.Source]; q != nil {
			q.Open = q.Open.Add(i.Gross)
		}
	}
}

// Payout returns the payout with that id, or nil.
func (m *Matcher) Payout(id string) *Payout {
	i := slices.IndexFunc(m.payouts, func(p *Payout) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return m.payouts[i]
}

// takeBack finds the payout that a transfer takes back. It is certain when the bank names that payout's reference, and no other comes
// into question.
func (m *Matcher) takeBack(x *Payout) {
	x.forget()
	x.Held, x.Returns = true, ""
	original, certain := m.original(m.tellings(x), x)
	switch {
	case original == nil:
		m.move(x, Unmatched, "The bank takes back a transfer that Quittance does not know.")
	case original.State != Booked && certain && sameMonth(original.Date, x.Date):
		if original.State != Dismissed {
			original.forget()
			m.move(original, Dismissed, "The bank has taken it back, and nothing of it is booked.")
		}
		m.move(x, Dismissed, "The bank takes back payout %s, of which nothing is booked.", original.name())
	case original.State != Booked:
		m.move(x, Unmatched, "The bank takes back payout %s, which is not booked. Dismiss both.", original.name())
	case certain:
		x.Returns, x.Confident = original.ID, Certain
		m.book(x, "", fmt.Sprintf("The bank takes back payout %s, which it names. What that paid waits for its payout again.", original.name()))
	default:
		x.Returns, x.Confident = original.ID, Likely
		m.move(x, Proposed, "The bank takes back payout %s. What it paid waits for its payout again.", original.name())
	}
}

func sameMonth(a, b time.Time) bool { return a.Year() == b.Year() && a.Month() == b.Month() }

// takesBackSomething reports whether there is a payout that such a transfer takes back.
func (m *Matcher) takesBackSomething(told Telling) bool {
	original, _ := m.original([]Telling{told}, nil)
	return original != nil
}

// original returns the payout that the bank takes back with x, or with a transfer that is no payout yet: the one of which it says
// most, see takesBack, or else the last one before it, unless another transfer takes that back. Certain says that it is named, and that
// no other comes into question.
func (m *Matcher) original(back []Telling, x *Payout) (original *Payout, certain bool) {
	most, candidates := 0, 0
	for _, p := range m.payouts {
		if p == x || !p.whole() || p.State == Returned || p.reversal() || p.Account != "" && p.Account != back[0].Account || !p.Net.Equal(back[0].Amount.Neg()) {
			continue
		}
		if slices.ContainsFunc(m.payouts, func(other *Payout) bool { return other != x && other.Returns == p.ID && other.State != Dismissed }) {
			continue
		}
		says := takesBack(back, m.tellings(p))
		if says >= 0 {
			candidates++
		}
		if says >= most && (original == nil || says > most || p.Date.After(original.Date)) {
			original, most = p, says
		}
	}
	return original, most == namesIt && candidates == 1
}

// forget drops the proposal of a payout.
func (p *Payout) forget() {
	p.Items, p.Choices, p.Confident = nil, nil, ""
	p.Fee, p.Rest, p.RestTo, p.ExchangeTo = money.Amount{}, money.Amount{}, "", ""
}

// stillOpen reports whether everything that a payout is to pay still stands on its receipt account.
func (m *Matcher) stillOpen(p *Payout) bool {
	return !slices.ContainsFunc(p.Items, func(i Item) bool {
		at := m.bySource[i.Source]
		return at == nil || !at.Open.Equal(i.Gross)
	}) && (p.Returns == "" || m.Payout(p.Returns) != nil && m.Payout(p.Returns).State == Booked)
}

// reserved returns the positions that are in a proposal.
func (m *Matcher) reserved() map[ledger.Source]bool {
	return m.reservedBy(func(*Payout) bool { return true })
}

// reservedBy returns the positions that are in a proposal for one of those payouts.
func (m *Matcher) reservedBy(those func(*Payout) bool) map[ledger.Source]bool {
	all := map[ledger.Source]bool{}
	for _, p := range m.payouts {
		if p.State == Proposed && those(p) {
			for _, i := range p.Items {
				all[i.Source] = true
			}
		}
	}
	return all
}
