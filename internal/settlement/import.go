package settlement

import (
	"cmp"
	"time"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// Settlement is the import of one file: what an auditor needs to find the file again and to see what came of it. Its payouts
// say in which line of it they were seen. Of entries that are no payouts only the number is kept, for privacy.
type Settlement struct {
	ID         string
	CompanyID  string
	Hash       []byte // SHA-256 of the file
	Size       int    // of the file, in bytes
	Format     Format
	Message    string // such as "camt.053.001.08"; empty for CSV
	MessageID  string // given by the bank, or the acquirer's notice; empty for CSV
	Created    time.Time
	Accounts   []Account
	Skipped    map[SkipReason]int
	ImportedAt time.Time
	ImportedBy string // the id of the key
}

// NewSettlement returns what is kept of a file with that SHA-256 and that size in bytes.
func NewSettlement(id string, s Setting, hash []byte, size int, f File) Settlement {
	return Settlement{
		ID: id, CompanyID: s.CompanyID, Hash: hash, Size: size, Format: f.Format, Message: f.Message, MessageID: f.ID, Created: f.Created,
		Accounts: f.Accounts, Skipped: f.Skipped, ImportedAt: s.Now.UTC(), ImportedBy: s.By,
	}
}

// Kind returns the exact kind of the file: "csv", or the message of ISO 20022.
func (s Settlement) Kind() string { return cmp.Or(s.Message, string(s.Format)) }

// reach is how many days around a payout other files may report it, generously.
const reach = 10 * 24 * time.Hour

// PayoutSearch chooses the payouts that a matcher needs: those that wait, and those that one of these chooses.
type PayoutSearch struct {
	From, To   time.Time // days, both included; zero for none
	References []string  // with which they were seen
	Carried    []string  // accounts of which an MRX carried balances over
	Narrow     bool      // of those that wait, and those of the days, only what has one of Totals
	Totals     []money.Amount
	IDs        []string
}

// Search returns which payouts the file may report.
func (f File) Search() PayoutSearch {
	var s PayoutSearch
	for _, t := range f.Transfers {
		if s.From.IsZero() || t.Date.Add(-reach).Before(s.From) {
			s.From = t.Date.Add(-reach)
		}
		if t.Date.Add(reach).After(s.To) {
			s.To = t.Date.Add(reach)
		}
		if t.Reference != "" {
			s.References = append(s.References, t.Reference)
		}
		if t.Returned {
			s.Totals = append(s.Totals, t.Net.Neg())
		}
		if f.Format.isNotice() {
			s.Carried = append(s.Carried, t.Account)
		}
		if s.Narrow = f.narrow; s.Narrow {
			s.Totals = append(s.Totals, t.Net)
		}
	}
	return s
}

// PositionSearch chooses the positions that a matcher needs.
type PositionSearch struct {
	Orders   []string // of payments and refunds; of a payment, also its refunds
	Codes    []string // authorization codes of payments
	Sources  []ledger.Source
	IDs      []string  // of sources of any kind
	From, To time.Time // those that are open, days, both included; zero for none
}

// Positions says which positions a matcher needs for a file, which may be empty, and for those payouts and items.
func Positions(s Setting, f File, payouts []Payout, ids ...string) PositionSearch {
	search := PositionSearch{IDs: ids}
	look := func(day time.Time, lines []Line) {
		guesses := !f.narrow
		for _, l := range lines {
			switch {
			case l.OrderID != "":
				search.Orders = append(search.Orders, l.OrderID)
			case l.Authorization != "" && !l.refund():
				search.Codes = append(search.Codes, l.Authorization)
			case l.Kind == RefundLine && !l.Day.IsZero():
				guesses = true
				if first := l.Day.Add(-sameDay); search.From.IsZero() || first.Before(search.From) {
					search.From = first
				}
			}
		}
		if !guesses {
			return
		}
		first := calendarDay(s.Calendar.AddBusinessDays(day, -s.longestWait()))
		for _, l := range lines {
			if l.Brand != "" && !l.Day.IsZero() && l.Day.AddDate(0, 0, -1).Before(first) {
				first = l.Day.AddDate(0, 0, -1)
			}
		}
		if search.From.IsZero() || first.Before(search.From) {
			search.From = first
		}
		if day.After(search.To) {
			search.To = day
		}
	}
	for _, t := range f.Transfers {
		look(t.Date, t.Lines)
	}
	for _, p := range payouts {
		if p.State.Waits() || p.State == Carried {
			look(p.Date, p.Lines)
		}
		for _, i := range p.Items {
			search.Sources = append(search.Sources, i.Source)
		}
	}
	return search
}
