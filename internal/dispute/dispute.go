// Package dispute is the domain of chargebacks: the payer's bank takes money of a captured payment back, and the company wins it back
// or loses it.
package dispute

import (
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/text"
)

// State is where a dispute stands.
type State string

// The states of a dispute.
const (
	Open State = "open" // the acquirer has taken the money, or will, and the claim is contested
	Won  State = "won"  // the acquirer gives the money back
	Lost State = "lost" // the payer keeps it
)

// States lists every state, in the order of a life.
var States = []State{Open, Won, Lost}

// transitions is the whole table; what is not in it can't happen.
var transitions = map[State][]State{Open: {Won, Lost}}

// CanBecome reports whether the table has an arrow from s to next.
func (s State) CanBecome(next State) bool { return slices.Contains(transitions[s], next) }

// Takes reports whether a dispute in this state keeps its money from going back to the payer by a refund too.
func (s State) Takes() bool { return s == Open || s == Lost }

// Claim is what becomes of the claim when a dispute is lost.
type Claim string

// What becomes of it.
const (
	OnInvoice Claim = "invoice" // the invoice is owed again
	AsLoss    Claim = "loss"    // nobody owes it: the invoice stays paid
)

// Claims lists both.
var Claims = []Claim{OnInvoice, AsLoss}

// Step is one entry of a timeline.
type Step struct {
	At    time.Time `json:"at"`
	State State     `json:"state"`
	Note  string    `json:"note,omitempty"`
	By    string    `json:"by,omitempty"` // the id of the key that said so
}

// Dispute is a chargeback of one captured payment, or of a part of it. Days are midnight UTC.
type Dispute struct {
	ID              string
	CompanyID       string
	PaymentID       string
	InvoiceID       string
	Amount          money.Amount
	Reason          string
	Reference       string       // the acquirer's number of the case; may be empty
	OpenedOn        time.Time    // the day of the letter
	RespondBy       time.Time    // until when the letter wants an answer; zero when it doesn't say
	Fee             money.Amount // what the acquirer asks for the case, as the letter says; the zero value when it doesn't
	State           State
	Claim           Claim     // of a lost one
	DecidedOn       time.Time // zero while it is open
	EntryID         string    // of the entry that books the opening
	DecisionEntryID string    // of the entry that books the end; empty while it is open
	Timeline        []Step
	CreatedAt       time.Time
}

// New returns an open dispute. By is the id of the key that records it.
func New(d Dispute, by string, at time.Time) Dispute {
	d.State, d.CreatedAt = Open, at.UTC()
	d.Timeline = []Step{{At: at.UTC(), State: Open, By: by}}
	return d
}

// CheckTexts brings the texts into the form in which they are kept, and returns what is wrong with them.
func (d *Dispute) CheckTexts() []problem.Field {
	return slices.Concat(text.Line("reason", &d.Reason, 1, 200), text.Line("reference", &d.Reference, 0, 80))
}

// Check brings the texts of an open dispute into the form in which they are kept. It returns an Invalid problem that names every field
// at fault, or nil.
func (d *Dispute) Check(p payment.Payment, today time.Time) error {
	fields := d.CheckTexts()
	captured := calendar.Day(p.CapturedAt())
	if d.OpenedOn.Before(captured) || d.OpenedOn.After(today) {
		fields = append(fields, problem.Field{
			Name: "opened_on", Message: fmt.Sprintf("must be a day from %s, when the payment was captured, until today", captured.Format(time.DateOnly)),
		})
	}
	if !d.RespondBy.IsZero() && (d.RespondBy.Before(d.OpenedOn) || d.RespondBy.After(d.OpenedOn.AddDate(1, 0, 0))) {
		fields = append(fields, problem.Field{Name: "respond_by", Message: "must be within a year from opened_on"})
	}
	if d.Fee.IsNegative() {
		fields = append(fields, problem.Field{Name: "fee", Message: "must be at least 0"})
	}
	return problem.InvalidFields(fields...)
}

// Allow returns the problem that keeps that much of a payment from being disputed, given its refunds, or nil: payment-not-captured,
// dispute-exceeds-payment, validation-failed. What other disputes take is in the payment.
func Allow(p payment.Payment, refunds []refund.Refund, amount money.Amount) error {
	left := refund.Left(p, refunds)
	switch {
	case p.State != payment.Captured:
		return problem.New(problem.PaymentNotCaptured, "Payment %s is %s. Only a captured payment can be disputed.", p.ID, p.State)
	case left.IsPositive() && !amount.IsPositive() || amount.Currency() != p.Amount.Currency():
		return problem.InvalidFields(problem.Field{Name: "amount", Message: "must be more than 0"})
	case amount.Cmp(left) > 0 || !left.IsPositive():
		return &problem.Error{
			Code: problem.DisputeExceedsPayment, Detail: fmt.Sprintf("Only %s is left of payment %s: the rest went back, or is disputed already.", left, p.ID),
			Fields: []problem.Field{{Name: "amount", Message: "must be at most " + left.Value()}},
		}
	default:
		return nil
	}
}

// Decide ends an open dispute on that day: won with no claim, or lost with one. By is the id of the key that says so. It reports
// whether that is new. Problems: dispute-decided for one that ended otherwise, validation-failed for the day.
func (d *Dispute) Decide(next State, claim Claim, on time.Time, by string, at time.Time) (decided bool, err error) {
	if d.State == next && d.Claim == claim {
		return false, nil
	}
	if !d.State.CanBecome(next) {
		return false, d.decided()
	}
	if on.Before(d.OpenedOn) || on.After(calendar.Day(at)) {
		return false, problem.InvalidFields(problem.Field{
			Name: "on", Message: fmt.Sprintf("must be a day from %s, when the dispute was opened, until today", d.OpenedOn.Format(time.DateOnly)),
		})
	}
	d.State, d.Claim, d.DecidedOn = next, claim, on
	d.Timeline = append(d.Timeline, Step{At: at.UTC(), State: next, By: by})
	return true, nil
}

// OnlyCase returns the problem that another dispute of the payment has the same reference, or nil.
func (d Dispute) OnlyCase(others []Dispute) error {
	for _, other := range others {
		if other.ID != d.ID && d.Reference != "" && other.Reference == d.Reference {
			return problem.InvalidFields(problem.Field{Name: "reference", Message: "is that of dispute " + other.ID})
		}
	}
	return nil
}

// MustBeOpen returns the problem dispute-decided unless the dispute is open.
func (d Dispute) MustBeOpen() error {
	if d.State == Open {
		return nil
	}
	return d.decided()
}

func (d Dispute) decided() error {
	how := string(d.State)
	if d.Claim != "" {
		how += " (" + string(d.Claim) + ")"
	}
	return problem.New(problem.DisputeDecided, "Dispute %s is %s already.", d.ID, how)
}

// Facts returns what events tell of the dispute: ids, state, amount and what became of the claim.
func (d Dispute) Facts() map[string]string {
	facts := map[string]string{
		"dispute_id": d.ID, "payment_id": d.PaymentID, "invoice_id": d.InvoiceID, "state": string(d.State),
		"amount": d.Amount.Value(), "currency": string(d.Amount.Currency()),
	}
	if d.Claim != "" {
		facts["claim"] = string(d.Claim)
	}
	if !d.RespondBy.IsZero() {
		facts["respond_by"] = d.RespondBy.Format(time.DateOnly)
	}
	return facts
}
