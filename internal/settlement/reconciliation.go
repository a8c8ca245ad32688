package settlement

import (
	"slices"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// Reason is why something stands on a receipt account: the kind of entry that put it there, or Parked.
type Reason string

// Parked is the reason of a payment for an invoice that was settled already. It waits for its payout like any other.
const Parked Reason = "parked_payment"

// Standing is what is left of one entry on a receipt account.
type Standing struct {
	Reason    Reason
	Account   string
	Amount    money.Amount // never 0
	EntryID   string
	Sequence  int64
	Source    ledger.Source
	Day       time.Time // on which it happened, midnight UTC
	Text      string
	InvoiceID string
	PaymentID string
	PayoutID  string // that is proposed to pay it
}

// AwaitsPayout reports whether the acquirer pays out what stands there for that reason, or keeps it back from a payout.
func (r Reason) AwaitsPayout() bool {
	return r == Parked || slices.Contains([]ledger.SourceKind{ledger.FromPayment, ledger.FromRefund, ledger.FromTransaction}, ledger.SourceKind(r))
}

// Expected returns the day on which the payout of what came on that day is expected, midnight UTC like it.
func (s Setting) Expected(day time.Time) time.Time {
	return calendarDay(s.Calendar.AddBusinessDays(day, s.PayoutDays))
}

// Overdue reports whether that day is over.
func (s Setting) Overdue(day time.Time) bool { return calendar.Day(s.Now).After(s.Expected(day)) }

// Subtotal is what stands on a receipt account in one currency for one reason.
type Subtotal struct {
	Account string
	Reason  Reason
	Amount  money.Amount
	Count   int
	Oldest  time.Time // the day of the oldest one, midnight UTC
}
