// Package ledger is Quittance's journal: the sub-ledger of payments. Entries are balanced per currency, never changed,
// and chained: each carries the hash of the one before it in its company.
package ledger

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// SourceKind is the kind of thing that an entry was booked for. With the source's id it is the natural key that makes booking
// idempotent.
type SourceKind string

// The sources of entries.
const (
	FromPayment    SourceKind = "payment"    // an online payment
	FromReceipt    SourceKind = "receipt"    // money that came by other means
	FromRefund     SourceKind = "refund"     // money that went back to a payer
	FromSettlement SourceKind = "settlement" // the acquirer's payout
	FromManual     SourceKind = "manual"     // a person's entry
	FromReversal   SourceKind = "reversal"   // takes back the entry whose id is the source's

	FromTransaction SourceKind = "transaction" // what a transaction at Saferpay moved and no payment or refund explains
	FromDispute     SourceKind = "dispute"     // a dispute that was opened, won or lost: see Dispute, DisputeWon and DisputeLost
	FromExchange    SourceKind = "exchange"    // what the exchange of another entry lost or won
)

// SourceKinds lists every source.
var SourceKinds = []SourceKind{FromPayment, FromReceipt, FromRefund, FromSettlement, FromManual, FromReversal, FromTransaction, FromExchange, FromDispute}

// byHand reports whether a person chose the date of such an entry.
func (k SourceKind) byHand() bool { return k == FromManual || k == FromReversal }

// Source is the thing that an entry was booked for.
type Source struct {
	Kind SourceKind `json:"kind"`
	ID   string     `json:"id"`
}

// Line is one side of an entry: exactly one of Debit and Credit is more than zero, both are of one currency.
type Line struct {
	Account string
	Debit   money.Amount
	Credit  money.Amount
}

// Entry is a balanced set of lines. ID, Sequence, PreviousHash, Hash and CreatedAt are given by the journal when it is
// appended.
type Entry struct {
	ID         string
	CompanyID  string
	Sequence   int64     // 1, 2, 3 … within the company, without gaps
	Date       time.Time // the day of the books, midnight UTC
	ValueDate  time.Time // the day on which it happened, where the books were closed by then and Date is a later one; else zero
	Text       string
	Source     Source
	InvoiceID  string
	PaymentID  string
	Reverses   string // the id of the entry that this one takes back
	ReversedBy string // the id of the entry that takes this one back; not part of the hash, because it comes later
	By         string // the id of the key with which it was entered by hand; empty for what Quittance books by itself
	Lines      []Line
	// Rate is what its source says one unit of its foreign currency is worth in francs; zero when it says nothing, and the rate of the month counts.
	Rate         decimal.Decimal
	PreviousHash string // hex; empty for the first entry of a company
	Hash         string // hex SHA-256, see Seal
	CreatedAt    time.Time
}

// Debit returns a line that debits the account.
func Debit(account string, amount money.Amount) Line {
	return Line{Account: account, Debit: amount, Credit: money.Zero(amount.Currency())}
}

// Credit returns a line that credits the account.
func Credit(account string, amount money.Amount) Line {
	return Line{Account: account, Debit: money.Zero(amount.Currency()), Credit: amount}
}

// HappenedOn returns the day on which it happened: Date, unless the books were closed for it by then.
func (e Entry) HappenedOn() time.Time {
	if e.ValueDate.IsZero() {
		return e.Date
	}
	return e.ValueDate
}

// Check returns nil when the entry has at least two lines, each with one positive side, and balances per currency. An entry
// that doesn't balance is problem.EntryNotBalanced.
func (e Entry) Check() error {
	if len(e.Lines) < 2 {
		return fmt.Errorf("an entry needs at least two lines, this one has %d", len(e.Lines))
	}
	sums := map[money.Currency]money.Amount{}
	for i, l := range e.Lines {
		if l.Debit.Currency() != l.Credit.Currency() {
			return fmt.Errorf("line %d has two currencies", i+1)
		}
		if l.Debit.IsPositive() == l.Credit.IsPositive() || l.Debit.IsNegative() || l.Credit.IsNegative() {
			return fmt.Errorf("line %d must have either a debit or a credit of more than 0", i+1)
		}
		c := l.Debit.Currency()
		if _, ok := sums[c]; !ok {
			sums[c] = money.Zero(c)
		}
		sums[c] = sums[c].Add(l.Debit).Sub(l.Credit)
	}
	for c, sum := range sums {
		if !sum.IsZero() {
			uneven := problem.New(problem.EntryNotBalanced, "Debits and credits in %s differ by %s.", c, sum.Value())
			uneven.Fields = []problem.Field{{Name: "lines", Message: "must have debits and credits of the same sum"}}
			return uneven
		}
	}
	return nil
}

// InOpenPeriod returns the entry as it can be booked when the books are closed until the end of that day (midnight UTC; zero
// for books that were never closed). An entry that a person dates in the closed period is problem.PeriodClosed. An entry that
// Quittance books by itself, because money has moved, gets the first open day; its value date is the day on which it happened.
func (e Entry) InOpenPeriod(closedUntil time.Time) (Entry, error) {
	if closedUntil.IsZero() || e.Date.After(closedUntil) {
		return e, nil
	}
	firstOpen := closedUntil.AddDate(0, 0, 1)
	if e.Source.Kind.byHand() {
		closed := problem.New(problem.PeriodClosed, "The books are closed until %s. The first open day is %s.",
			closedUntil.Format(time.DateOnly), firstOpen.Format(time.DateOnly))
		closed.Fields = []problem.Field{{Name: "date", Message: "must be " + firstOpen.Format(time.DateOnly) + " or later"}}
		return Entry{}, closed
	}
	e.Date, e.ValueDate = firstOpen, e.Date
	return e, nil
}
