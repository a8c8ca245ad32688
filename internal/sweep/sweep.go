// Package sweep is the domain of the nightly comparison of Saferpay's transaction report with our records. Saferpay owns the
// money. Where the two disagree, a person decides; nothing is silently overwritten.
package sweep

import (
	"time"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
)

// Status is where a transaction stands at Saferpay.
type Status string

// The statuses that the report of successful transactions knows (Saferpay Management API 1.14, AuthorizationDetails.State).
const (
	Authorized Status = "AUTHORIZED"
	Captured   Status = "CAPTURED"
	Canceled   Status = "CANCELED"
)

// Transaction is one line of Saferpay's report.
type Transaction struct {
	ID       string
	OrderID  string // empty where the merchant gave none, as in the Backoffice
	Refund   bool   // money back to a payer; else a payment
	Status   Status
	Amount   money.Amount // that was authorized
	Captured money.Amount // of it; zero until captured
	Method   string
	At       time.Time // when it was authorized
}

// moved returns the money that the transaction moved: more than 0 when it came, less than 0 when it went back.
func (t Transaction) moved() money.Amount {
	switch {
	case t.Status != Captured:
		return money.Zero(t.Amount.Currency())
	case t.Refund:
		return t.Captured.Neg()
	default:
		return t.Captured
	}
}

// Record is what we know of a transaction; an empty one says that we know nothing.
type Record struct {
	Payment   *payment.Payment // that it belongs to; of a refund the one whose money it gives back, as far as that is known
	Refund    *refund.Refund   // that it belongs to
	Found     money.Amount     // what was booked for the transaction itself when it was found: more than 0 when money came
	Elsewhere bool             // another company of ours knows it: companies may share a terminal
}

// meant returns the money that the transaction moves once it is captured: more than 0 when it comes, less than 0 when it goes
// back.
func (t Transaction) meant() money.Amount {
	if t.Refund {
		return t.Amount.Neg()
	}
	return t.Amount
}

// Stake returns the amount that counts: what was captured, or what a capture would take.
func (t Transaction) Stake() money.Amount {
	if t.Status == Captured {
		return t.Captured
	}
	return t.Amount
}

// side is our side of one transaction.
type side struct {
	id       string // of the payment or refund
	state    string
	underWay bool         // a process owns it
	booked   money.Amount // on the receipt account for it: more than 0 when money came, less than 0 when it went back
	since    time.Time    // when it last moved
	named    bool         // the record names the transaction itself, not only its order
}

// side returns our side of t; false when t belongs to no payment and no refund of ours. A record that has ended with another
// transaction of the same order says nothing about this one.
func (r Record) side(t Transaction) (side, bool) {
	var (
		s     side
		known string
	)
	switch {
	case !t.Refund && r.Payment != nil:
		p := *r.Payment
		known = p.TransactionID
		s = side{id: p.ID, state: string(p.State), underWay: !p.State.Final(), booked: money.Zero(p.Amount.Currency()), since: p.Timeline[len(p.Timeline)-1].At}
		if p.State == payment.Captured {
			s.booked = p.Amount
		}
	case t.Refund && r.Refund != nil:
		f := *r.Refund
		known = f.TransactionID
		s = side{id: f.ID, state: string(f.State), underWay: !f.State.Final(), booked: money.Zero(f.Amount.Currency()), since: f.Timeline[len(f.Timeline)-1].At}
		if f.State.Happened() {
			s.booked = f.Amount.Neg()
		}
	default:
		return side{}, false
	}
	s.named = known == t.ID
	return s, s.underWay || s.named || known == ""
}

// Verdict is the result of a comparison.
type Verdict int

// The verdicts.
const (
	Agrees     Verdict = iota
	InFlight           // a process owns the payment or refund, and looks at Saferpay by itself
	Overlooked         // our payment ended without the money: it begins again, unless a person was asked about that before
	Disagrees          // a person must decide
)

// Judge compares a transaction with our record of it. What we changed after the moment settled may be newer than the report.
// With Overlooked, Judge also returns what a person must decide if the payment can't begin again.
func Judge(t Transaction, r Record, settled time.Time) (Verdict, Finding) {
	ours, known := r.side(t)
	switch {
	case !known && r.Elsewhere:
		return Agrees, Finding{}
	case ours.underWay:
		return InFlight, Finding{}
	case !known:
		ours = side{booked: money.Zero(t.Amount.Currency())}
	}
	if r.Found.Currency() == ours.booked.Currency() {
		ours.booked = ours.booked.Add(r.Found)
	}
	verdict := Disagrees
	if !t.Refund && r.Payment != nil && r.Payment.CanReopen() && ours.booked.IsZero() {
		verdict = Overlooked
	}
	switch {
	case t.Status == Authorized && known && ours.since.After(settled):
		return Agrees, Finding{} // captured or released since; the next night knows
	case t.Status == Authorized:
		return verdict, missingCapture(t, r, ours)
	case t.moved().Equal(ours.booked), t.moved().IsZero() && ours.booked.IsZero():
		return Agrees, Finding{}
	case !ours.booked.IsZero():
		return Disagrees, amountDiffers(t, r, ours)
	case t.Refund:
		return Disagrees, refundFound(t, r, ours)
	default:
		return verdict, orphan(t, r, ours)
	}
}

// handWritten is how long after a merchant recorded a refund here it may still be made in the Backoffice.
const handWritten = 24 * time.Hour

// Fits reports whether a refund at Saferpay without an order id of ours may be r, which the merchant made, or will make, in the
// Backoffice: r has no transaction yet, and the amount is the same.
func Fits(t Transaction, r refund.Refund) bool {
	if !t.Refund || r.TransactionID != "" || r.State == refund.Failed || r.State == refund.AwaitingApproval || !r.Amount.Equal(t.Stake()) {
		return false
	}
	return !r.State.Final() || t.At.Before(r.Timeline[len(r.Timeline)-1].At.Add(handWritten))
}
