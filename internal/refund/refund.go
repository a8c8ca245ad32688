// Package refund is the domain of money that goes back to a payer: its states, and how much may go back.
package refund

import (
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// State is where a refund stands.
type State string

// The states of DESIGN §2.
const (
	AwaitingApproval State = "awaiting_approval" // a second person has to release it
	Requested        State = "requested"         // wanted, nothing has left yet
	Pending          State = "pending"           // the provider will decide later
	Unknown          State = "unknown"           // asked of Saferpay, and the outcome is not known yet
	Authorized       State = "authorized"        // accepted, and must be captured itself
	Captured         State = "captured"          // the money is on its way to the payer
	Recorded         State = "recorded"          // done by the merchant in the Saferpay Backoffice
	Failed           State = "failed"            // no money moved
)

// States lists every state, in the order of a life.
var States = []State{AwaitingApproval, Requested, Pending, Unknown, Authorized, Captured, Recorded, Failed}

// transitions is the whole table; what is not in it can't happen.
var transitions = map[State][]State{
	AwaitingApproval: {Requested, Failed}, // Failed: it was refused

	Requested:  {Pending, Unknown, Authorized, Captured, Recorded, Failed},
	Pending:    {Unknown, Authorized, Captured, Recorded, Failed},
	Unknown:    {Requested, Pending, Authorized, Captured, Recorded, Failed}, // Requested: a person made sure that it did not happen
	Authorized: {Pending, Unknown, Captured, Recorded, Failed},               // Failed: a person cancelled it in the Backoffice
}

// CanBecome reports whether the table has an arrow from s to next.
func (s State) CanBecome(next State) bool { return slices.Contains(transitions[s], next) }

// Final reports whether nothing more can happen to a refund in this state.
func (s State) Final() bool { return len(transitions[s]) == 0 }

// Happened reports whether the money of a refund in this state has gone back.
func (s State) Happened() bool { return s == Captured || s == Recorded }

// Step is one entry of a timeline.
type Step struct {
	At    time.Time `json:"at"`
	State State     `json:"state"`
	Note  string    `json:"note,omitempty"`
}

// Refund is money back from one captured payment.
type Refund struct {
	ID            string
	CompanyID     string
	PaymentID     string
	InvoiceID     string
	OrderID       string // ours at Saferpay: the only way to find a refund whose answer was lost
	Amount        money.Amount
	Reason        string
	AskedBy       string // as the audit log names them; empty when nobody of the company did
	State         State
	TransactionID string
	// Attempt is who is about to send it to Saferpay, or did and has no clear answer; empty when it is surely not sent.
	Attempt       string
	Failure       payment.Failure
	BookedAccount string // the account on which it really stands
	Mail          payment.Mail
	Timeline      []Step
	CreatedAt     time.Time
}

// New returns a refund in state requested.
func New(r Refund, at time.Time) Refund {
	r.State, r.CreatedAt = Requested, at.UTC()
	r.Timeline = []Step{{At: at.UTC(), State: Requested}}
	return r
}

// Become moves the refund to next and notes it on the timeline. Becoming what it is already changes nothing; an arrow that
// is not in the table is an error.
func (r *Refund) Become(next State, at time.Time, note string) error {
	if r.State == next {
		return nil
	}
	if !r.State.CanBecome(next) {
		return fmt.Errorf("refund %s is %s and can't become %s", r.ID, r.State, next)
	}
	r.State = next
	r.Timeline = append(r.Timeline, Step{At: at.UTC(), State: next, Note: note})
	return nil
}

// Try notes that an attempt is about to send the refund, and reports whether it may: only one that is requested is sent, and only by
// one attempt. When another one was about to, nobody knows what came of it, and the refund is unknown.
func (r *Refund) Try(attempt string, at time.Time) (may bool, err error) {
	switch {
	case r.State != Requested:
		return false, nil
	case r.Attempt != "":
		return false, r.Become(Unknown, at, "Attempt "+r.Attempt+" was about to send it; it is looked for by its order id.")
	default:
		r.Attempt = attempt
		return true, nil
	}
}

// HappenedAt returns when the money went back, the zero time if it did not.
func (r Refund) HappenedAt() time.Time {
	for _, s := range r.Timeline {
		if s.State.Happened() {
			return s.At
		}
	}
	return time.Time{}
}

// Left returns how much of a captured payment may still go back, given its refunds. Failed refunds don't count. All others do,
// also while their outcome is unknown, and so does what is disputed. Saferpay itself would let more go back than came.
func Left(p payment.Payment, refunds []Refund) money.Amount {
	left := p.Undisputed()
	for _, r := range refunds {
		if r.State != Failed {
			left = left.Sub(r.Amount)
		}
	}
	return left
}

// Whole reports whether all of a captured payment has gone back, given its refunds.
func Whole(p payment.Payment, refunds []Refund) bool {
	back := slices.DeleteFunc(slices.Clone(refunds), func(r Refund) bool { return !r.State.Happened() })
	return Left(p, back).IsZero()
}

// Allow returns the problem that keeps the amount from going back, or nil: payment-not-captured, refund-too-late,
// refund-exceeds-payment, validation-failed.
func Allow(p payment.Payment, refunds []Refund, amount money.Amount, at time.Time) error {
	left := Left(p, refunds)
	switch {
	case p.State != payment.Captured:
		return problem.New(problem.PaymentNotCaptured, "Payment %s is %s. Only a captured payment can be refunded.", p.ID, p.State)
	case !p.Method.Refundable(p.CapturedAt(), at):
		return problem.New(problem.RefundTooLate, "Payment %s was captured too long ago: %s takes no refund of it any more.", p.ID, p.Method)
	case left.IsPositive() && !amount.IsPositive() || amount.Currency() != p.Amount.Currency():
		return problem.InvalidFields(problem.Field{Name: "amount", Message: "must be more than 0"})
	case amount.Cmp(left) > 0 || !left.IsPositive():
		return &problem.Error{
			Code: problem.RefundExceedsPayment, Detail: fmt.Sprintf("Only %s is left of payment %s to be refunded.", left, p.ID),
			Fields: []problem.Field{{Name: "amount", Message: "must be at most " + left.Value()}},
		}
	default:
		return nil
	}
}
