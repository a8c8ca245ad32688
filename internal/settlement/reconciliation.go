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
	return r == Parked || slices.Contains([]ledger.SourceKind{ledger.FromPayment, ledger.FromRefund, ledger.FromTransaction, ledger.FromDispute}, ledger.SourceKind(r))
}

// Expected returns the day on which the payout of what came on that day is expected, midnight UTC like it.
func (s Setting) Expected(day time.Time) time.Time {
	return calendarDay(s.Calendar.AddBusinessDays(day, s.PayoutDays))
}

// Overdue reports whether that day is over.
func (s Setting) Overdue(day time.Time) bool { return calendar.Day(s.Now).After(s.Expected(day)) }

// Age is how long something stands on a receipt account beside what is expected.
type Age string

// Ages lists them in the order in which they are shown.
var Ages = []Age{NotExpected, InPayout, Late, VeryLate, NoPayout}

// How old something can be.
const (
	NotExpected Age = "not_expected_yet" // the day of its payout has not passed
	InPayout    Age = "payout_proposed"  // a payout that pays it waits for a person
	Late        Age = "late"             // by at most lateDays
	VeryLate    Age = "very_late"
	NoPayout    Age = "no_payout" // nobody pays it out
)

// lateDays is how many business days a payout may be late before it is very late.
const lateDays = 5

// Subtotal is what came on one day and stands on a receipt account in one currency for one reason.
type Subtotal struct {
	Account  string
	Reason   Reason
	Day      time.Time // midnight UTC
	Proposed bool      // a payout is proposed that pays it
	Amount   money.Amount
	Count    int
}

// Age returns how old that is.
func (s Setting) Age(t Subtotal) Age {
	switch {
	case t.Proposed:
		return InPayout
	case !t.Reason.AwaitsPayout():
		return NoPayout
	case !s.Overdue(t.Day):
		return NotExpected
	case s.Calendar.BusinessDaysBetween(s.Expected(t.Day), s.Now) <= lateDays:
		return Late
	default:
		return VeryLate
	}
}
