// Package payment is the domain of a payment: one attempt of a payer to pay an invoice on the Saferpay payment page.
package payment

import (
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// State is where a payment stands.
type State string

// The states of DESIGN §2.
const (
	Created    State = "created"    // recorded, no payment page yet
	Redirected State = "redirected" // the payer has a payment page
	Pending    State = "pending"    // the provider will decide later
	Unknown    State = "unknown"    // something was asked of Saferpay and the outcome is not known yet
	Authorized State = "authorized" // the money is reserved and must be captured or released
	Captured   State = "captured"   // the money is on its way to the merchant
	Failed     State = "failed"     // declined, or 3-D Secure failed
	Aborted    State = "aborted"    // the payer went back
	Expired    State = "expired"    // the payer never finished
	Cancelled  State = "cancelled"  // authorized, then released
)

// States lists every state, in the order of a life.
var States = []State{Created, Redirected, Pending, Unknown, Authorized, Captured, Failed, Aborted, Expired, Cancelled}

// transitions is the whole table; what is not in it can't happen. Final states have no arrows.
var transitions = map[State][]State{
	Created:    {Redirected, Failed},
	Redirected: {Pending, Unknown, Authorized, Captured, Failed, Aborted, Expired, Cancelled},
	Pending:    {Unknown, Authorized, Captured, Failed, Aborted, Expired, Cancelled},
	Unknown:    {Authorized, Captured, Failed, Aborted, Expired, Cancelled},
	Authorized: {Unknown, Captured, Cancelled},
}

// CanBecome tells whether the table has an arrow from s to next.
func (s State) CanBecome(next State) bool { return slices.Contains(transitions[s], next) }

// Final tells whether a payment in this state has ended, see Reopen for the exception.
func (s State) Final() bool { return len(transitions[s]) == 0 }

// InProgress reports whether the payer is through and the money may still come, so that nobody is asked to pay again. Redirected is
// not in progress, because a payer can leave the payment page without paying.
func (s State) InProgress() bool { return s == Pending || s == Authorized || s == Unknown }

// AnyInProgress reports whether one of the payments is in progress.
func AnyInProgress(payments []Payment) bool {
	return slices.ContainsFunc(payments, func(p Payment) bool { return p.State.InProgress() })
}

// Failure is why a payment did not come about.
type Failure struct {
	Name         string `json:"name"`          // Saferpay's ErrorName, or ours in lower case
	PayerMessage string `json:"payer_message"` // safe to show to the payer; may be empty
}

// GivenUp is the Failure of a payment that a person ended, who made sure at Saferpay that no money moves.
const GivenUp = string(PersonSaidNo)

// Step is one entry of a timeline: when a state was reached, and a note for people.
type Step struct {
	At    time.Time `json:"at"`
	State State     `json:"state"`
	Note  string    `json:"note,omitempty"`
}

// Payment is one attempt to pay an invoice.
type Payment struct {
	ID                 string
	CompanyID          string
	InvoiceID          string
	PaymentServiceID   string
	OrderID            string // ours at Saferpay, see id.NewOrder
	Method             Method
	State              State
	Amount             money.Amount
	NotificationSecret string // of the notification URLs; the store keeps only its hash and returns ""
	Token              string // Saferpay's token of the payment page
	RedirectURL        string
	ExpiresAt          time.Time // from then on the payment page can't be opened
	TransactionID      string
	CaptureID          string
	PaymentMeans       string // masked, e.g. "9010 xxxx xxxx 0001"
	Brand              string // Saferpay's name, such as VISA
	Card               string // its number as MaskedCard returns it; empty unless paid by card
	AuthorizationCode  string // of the card's issuer or the provider
	Language           string // of the payment page; empty for payments from before it was kept
	LiabilityShift     bool
	Failure            Failure
	BookedAccount      string       // the receipt account on which the receipt really stands
	Parked             bool         // captured for an invoice that was settled already: booked to 2030 until a person decides
	Mail               Mail         // the receipt
	Disputed           money.Amount // what disputes take that are open or lost; may be the zero value
	Timeline           []Step
	CreatedAt          time.Time
}

// New returns a payment in state created.
func New(p Payment, at time.Time) Payment {
	p.State, p.CreatedAt = Created, at.UTC()
	p.Timeline = []Step{{At: at.UTC(), State: Created}}
	return p
}

// Become moves the payment to next and notes it on the timeline. Becoming what it is already changes nothing, so that a
// retried step is harmless; an arrow that is not in the table is an error.
func (p *Payment) Become(next State, at time.Time, note string) error {
	if p.State == next {
		return nil
	}
	if !p.State.CanBecome(next) {
		return fmt.Errorf("payment %s is %s and can't become %s", p.ID, p.State, next)
	}
	p.enter(next, at, note)
	return nil
}

func (p *Payment) enter(next State, at time.Time, note string) {
	p.State = next
	p.Timeline = append(p.Timeline, Step{At: at.UTC(), State: next, Note: note})
}

// Undisputed returns what of the payment no dispute takes.
func (p Payment) Undisputed() money.Amount {
	if p.Disputed.IsZero() {
		return p.Amount
	}
	return p.Amount.Sub(p.Disputed)
}

// CapturedAt returns when the payment became captured, the zero time if it never did.
func (p Payment) CapturedAt() time.Time {
	for _, s := range slices.Backward(p.Timeline) {
		if s.State == Captured {
			return s.At
		}
	}
	return time.Time{}
}

// Reopened reports whether the payment had ended before and was begun again.
func (p Payment) Reopened() bool {
	return len(p.Timeline) > 0 && slices.ContainsFunc(p.Timeline[:len(p.Timeline)-1], func(s Step) bool { return s.State.Final() })
}

// CanReopen reports whether the payment has ended without money, for the first time, and not by a person's decision.
func (p Payment) CanReopen() bool {
	return (p.State == Failed || p.State == Aborted || p.State == Expired) && p.Failure.Name != GivenUp && !p.Reopened()
}

// Reopen begins a payment again, as unknown, when Saferpay reports its money after all: the one way out of a final state. It
// is an error for a payment that can't be.
func (p *Payment) Reopen(at time.Time, note string) error {
	if !p.CanReopen() {
		return fmt.Errorf("payment %s is %s and can't be reopened", p.ID, p.State)
	}
	p.Failure = Failure{}
	p.enter(Unknown, at, note)
	return nil
}
