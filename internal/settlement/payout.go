package settlement

import (
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// Position is what stands on a receipt account for one payment, one refund, one dispute that was opened or won, or one transaction that
// was found at Saferpay. It stands there until it is paid out.
type Position struct {
	Source    ledger.Source // what it was booked for
	PaymentID string        // of a refund, the payment that went back; empty when none is known
	InvoiceID string
	OrderID   string // at Saferpay; empty when none is known
	Method    payment.Method
	Brand     string // Saferpay's name of it; empty when it is not known
	Account   string // the receipt account
	Card      string // the masked number of the card that paid; empty when none is known
	// Authorization is the code of who authorized the payment; empty when none is known.
	Authorization string
	Case          string       // the acquirer's number of a dispute; empty when none is known
	Fee           money.Amount // what the acquirer asks for a dispute, as its letter says; the zero value when it doesn't
	Amount        money.Amount // what was booked on it: more than 0 for what came
	Open          money.Amount // what still stands on it
	Day           time.Time    // on which it happened, midnight UTC
}

// State is where a payout stands.
type State string

// The states of a payout.
const (
	Unmatched State = "unmatched" // it is unknown what it pays
	Proposed  State = "proposed"  // there is an explanation; a person has to confirm it
	Booked    State = "booked"
	Dismissed State = "dismissed" // a person decided that it is not to be booked here
	Returned  State = "returned"  // booked, and taken back by a later one
	Carried   State = "carried"   // not paid out yet: the acquirer carries it over into a later payout
)

// States lists every state.
var States = []State{Unmatched, Proposed, Booked, Dismissed, Returned, Carried}

// transitions is the whole table; what is not in it can't happen. A booked payout is unmatched again when its entry is reversed.
var transitions = map[State][]State{
	Unmatched: {Proposed, Booked, Dismissed, Carried},
	Proposed:  {Unmatched, Booked, Dismissed},
	Booked:    {Unmatched, Returned},
	Dismissed: {Unmatched, Proposed, Booked},
	Carried:   {Unmatched, Dismissed},
}

// CanBecome reports whether the table has an arrow from s to next.
func (s State) CanBecome(next State) bool { return slices.Contains(transitions[s], next) }

// Waits reports whether a person has to decide.
func (s State) Waits() bool { return s == Unmatched || s == Proposed }

// Confidence is how sure it is what a payout pays.
type Confidence string

// The degrees of confidence.
const (
	Certain  Confidence = "certain"  // by order ids, or a person said so
	Likely   Confidence = "likely"   // only one whole batch of payments explains it
	Possible Confidence = "possible" // only one set of payments explains it
)

// Item is a position that a payout pays, or is proposed to pay.
type Item struct {
	Source  ledger.Source `json:"source"`
	OrderID string        `json:"order_id"`
	Account string        `json:"account"`
	Gross   money.Amount  `json:"gross"` // what leaves the receipt account: less than 0 for a refund
	Fee     money.Amount  `json:"fee"`   // the zero value when it is told for the payout only
}

// Candidate is one way to explain a payout, as it can be confirmed.
type Candidate struct {
	Items []string     `json:"items"` // ids
	Fee   money.Amount `json:"fee"`
}

// Sighting is one place in a file where a payout was seen.
type Sighting struct {
	SettlementID string    `json:"settlement_id"`
	Format       Format    `json:"format"`
	Line         int       `json:"line"`
	Reference    string    `json:"reference"`
	Account      string    `json:"account"`
	Date         time.Time `json:"date"`
	Mentions     []string  `json:"mentions"`
	Returned     bool      `json:"returned"` // it takes an earlier transfer back
	Known        bool      `json:"known"`    // from an earlier file, so that it told nothing new
}

// Step is one entry of a timeline.
type Step struct {
	At    time.Time `json:"at"`
	State State     `json:"state"`
	Note  string    `json:"note"`
	By    string    `json:"by,omitempty"` // the id of the key that decided
}

// Payout is one transfer of the acquirer to the merchant's bank, or back; or the part of one that needs a person.
type Payout struct {
	ID        string
	CompanyID string
	State     State
	Reference string       // the acquirer's when it is known, else the bank's; may be empty
	Account   string       // of the merchant at the bank; empty until a bank has told
	Date      time.Time    // midnight UTC
	Total     money.Amount // of the whole transfer, at the bank
	Net       money.Amount // of this part of it; Total when there are no others
	FeeTold   money.Amount // kept by the acquirer, as files tell; the zero value when none does
	Exchanged money.Amount // what Net was before it was exchanged; the zero value when it was not
	PartOf    string       // the payout that has the other part of the transfer
	Returns   string       // the payout that this one takes back
	Held      bool         // only a person can decide, whatever is found out
	Lines     []Line       // what files tell about it
	Items     []Item       // what it pays
	Fee       money.Amount // what the acquirer keeps of Items; the zero value while there are none
	Rest      money.Amount // what Items and Fee don't explain; the zero value when they explain all
	RestTo    string       // the account of Rest
	// ExchangeTo is the account on which an exchange stands in both currencies. On ledger.Transit, what was lost or won is booked from it.
	ExchangeTo string
	Confident  Confidence  // in Items; empty while there are none
	Reason     string      // why it stands where it stands, for people
	Choices    []Candidate // when there are several explanations
	EntryID    string      // of its booking
	Bookings   int         // how often it was booked
	Seen       []Sighting
	Timeline   []Step
	CreatedAt  time.Time
}

// become moves the payout to next for that reason and notes it on the timeline. by is the id of the key that decided, or empty.
// A transition that is not in the table is an error; staying is none.
func (p *Payout) become(next State, at time.Time, by, reason string) error {
	if p.State != next && !p.State.CanBecome(next) {
		return fmt.Errorf("payout %s is %s and can't become %s", p.ID, p.State, next)
	}
	p.State, p.Reason = next, reason
	p.Timeline = append(p.Timeline, Step{At: at.UTC(), State: next, Note: reason, By: by})
	return nil
}

// paid returns what came to the merchant in the currency of the items: Net, or the amount before the exchange.
func (p *Payout) paid() money.Amount {
	if isSet(p.Exchanged) {
		return p.Exchanged
	}
	return p.Net
}

// LacksEntry reports whether a payout is booked, or was until another took it back, and has no entry of that yet.
func (p *Payout) LacksEntry() bool {
	return (p.State == Booked || p.State == Returned) && p.EntryID == ""
}

// Gross returns the sum of the items, in their currency.
func (p *Payout) Gross() money.Amount { return grossOf(p.Items, p.paid().Currency()) }

// Currency returns the currency of what the payout pays, in which its fee and the rest are.
func (p *Payout) Currency() money.Currency { return p.paid().Currency() }

// Kept returns what the acquirer keeps, as far as it is known.
func (p *Payout) Kept() money.Amount {
	switch {
	case isSet(p.Fee):
		return p.Fee
	case isSet(p.FeeTold):
		return p.FeeTold
	default:
		return p.zero()
	}
}

// ordered reports whether a file says which orders or transactions the payout is about.
func (p *Payout) ordered() bool { return slices.ContainsFunc(p.Lines, Line.identified) }
