// Package exception is the domain of what a person must decide: an unknown outcome, a payment that came too late, money at
// Saferpay that disagrees with our record.
package exception

import (
	"slices"
	"time"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// Kind is what is to be decided.
type Kind string

// The kinds of exceptions.
const (
	CaptureUnclear  Kind = "capture_unclear"  // authorized money could not be captured, or the outcome is unknown
	ReleaseUnclear  Kind = "release_unclear"  // authorized money could not be given back, or the outcome is unknown
	OutcomeUnclear  Kind = "outcome_unclear"  // Saferpay could not be asked what became of a payment or a refund
	PendingOverdue  Kind = "pending_overdue"  // the provider has not decided in its time
	AnswerMismatch  Kind = "answer_mismatch"  // Saferpay has other money than was asked for: an authorization was given back, a capture waits for a decision
	DoublePayment   Kind = "double_payment"   // money for an invoice that was settled already, parked on 2030
	CaptureDeadline Kind = "capture_deadline" // authorized money is about to be lost
	RefundUnclear   Kind = "refund_unclear"   // it is unknown whether a refund happened
	RefundByHand    Kind = "refund_by_hand"   // the license has no refunds: the merchant refunds in the Backoffice
	RefundNotTaken  Kind = "refund_not_taken" // Saferpay does not take a refund at the moment
	RefundStuck     Kind = "refund_stuck"     // an accepted refund could not be captured, without which the payer gets no money
	BookingFailed   Kind = "booking_failed"   // captured money could not be booked
	WebhookDisabled Kind = "webhook_disabled" // an endpoint takes no more events
	EmailFailed     Kind = "email_failed"     // a mail could not be delivered
	ReceiptExcess   Kind = "receipt_excess"   // more came by bank than is due, or for an invoice that is paid or cancelled: it is parked on 2030
	ReceiptUnclear  Kind = "receipt_unclear"  // money came by bank that is probably for an invoice, and is not booked
	// SettlementFileRefused is a settlement file that was fetched and could not be imported; SettlementSourceFailing is a server from which
	// none can be fetched.
	SettlementFileRefused   Kind = "settlement_file_refused"
	SettlementSourceFailing Kind = "settlement_source_failing"

	// What the nightly sweep finds. Each is raised once about its subject, also after it was decided.
	OrphanTransaction Kind = "orphan_transaction" // money at Saferpay that belongs to no payment
	MissingCapture    Kind = "missing_capture"    // authorized at Saferpay, and nobody captures it
	AmountDiffers     Kind = "amount_differs"     // Saferpay moved another amount than we booked
	RefundFound       Kind = "refund_found"       // money went back at Saferpay without a refund here
)

// Kinds lists every kind.
var Kinds = []Kind{
	CaptureUnclear, ReleaseUnclear, OutcomeUnclear, PendingOverdue, AnswerMismatch, DoublePayment, CaptureDeadline, RefundUnclear,
	RefundByHand, RefundNotTaken, RefundStuck, BookingFailed, WebhookDisabled, EmailFailed, ReceiptExcess, ReceiptUnclear,
	SettlementFileRefused, SettlementSourceFailing, OrphanTransaction, MissingCapture, AmountDiffers, RefundFound,
}

// Findings lists the kinds that the nightly sweep raises.
var Findings = []Kind{OrphanTransaction, MissingCapture, AmountDiffers, RefundFound}

// Choice is one way to resolve an exception.
type Choice string

// The choices; which of them an exception offers is part of it.
const (
	TryAgain     Choice = "try_again"   // do the step once more
	Happened     Choice = "it_happened" // a person found it done at Saferpay
	DidNotHappen Choice = "it_did_not"  // a person made sure at Saferpay: no money moves, end it here
	GiveBack     Choice = "refund"      // give the money back to the payer
	Keep         Choice = "keep"        // leave the money where it is booked
	Acknowledge  Choice = "acknowledge" // nothing more is to be done
	Book         Choice = "book"        // book what Saferpay moved, against 2030
	Record       Choice = "record"      // record it as a refund of the payment that it fits
	CaptureNow   Choice = "capture_now" // capture what is only authorized
	Release      Choice = "release"     // give an authorization back to the payer
	Accept       Choice = "accept"      // leave our record as it is
	NotOurs      Choice = "not_ours"    // somebody else's who uses the terminal
	GivenBack    Choice = "given_back"  // a person sent the money back from the bank
	ClearedUp    Choice = "cleared_up"  // never offered: the process found out by itself
)

// Choices lists every choice.
var Choices = []Choice{
	TryAgain, Happened, DidNotHappen, GiveBack, Keep, Acknowledge, Book, Record, CaptureNow, Release, Accept, NotOurs, GivenBack, ClearedUp,
}

// Exception is one thing to decide.
type Exception struct {
	ID         string
	CompanyID  string
	Kind       Kind
	Subject    string // the id of what it is about: a payment, a refund, a transaction at Saferpay, a bank receipt, a webhook endpoint, a fetched file, the company of a settlement source; of a mail: an invoice, a payment service or an endpoint
	WorkflowID string // the workflow that waits for the decision; empty when none does
	Detail     string // everything needed to decide, as sentences for a person
	Choices    []Choice
	RaisedAt   time.Time
	ResolvedAt time.Time // zero while open
	Choice     Choice    // empty while open
	Note       string    // why, in the words of the person who decided
	ResolvedBy string    // the id of the API key, the name of an operator, or "quittance"
	Finding    []byte    // JSON: what the workflow of a finding needs to begin again, beside what stands here; nil for other kinds
	About      About     // only in lists; not stored
}

// About names what the subject of an exception belongs to, as it stands now. It is empty for what belongs to no invoice.
type About struct {
	InvoiceNumber string
	Amount        money.Amount // of the payment, the refund or the invoice
}

// New returns an open exception, with an id of its own unless it has one.
func New(e Exception, at time.Time) Exception {
	if e.ID == "" {
		e.ID = id.New(id.Exception)
	}
	e.RaisedAt = at.UTC()
	return e
}

// Open reports whether the exception still waits for a decision.
func (e Exception) Open() bool { return e.ResolvedAt.IsZero() }

// Resolve records a decision. Problems: exception-resolved when another decision was made before, validation-failed for a
// choice that is not offered. Deciding the same again changes nothing.
func (e *Exception) Resolve(choice Choice, note, by string, at time.Time) error {
	if !e.Open() {
		if e.Choice == choice {
			return nil
		}
		return problem.New(problem.ExceptionResolved, "Exception %s was resolved before: %s.", e.ID, e.Choice)
	}
	if choice != ClearedUp && !slices.Contains(e.Choices, choice) {
		return problem.InvalidFields(problem.Field{Name: "choice", Message: "must be one of the choices of the exception"})
	}
	e.Choice, e.Note, e.ResolvedBy, e.ResolvedAt = choice, note, by, at.UTC()
	return nil
}
