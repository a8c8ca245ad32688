// Package invoice is the domain of an invoice: what makes one valid, its states, and what is still due.
package invoice

import (
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

// Status is the state of an invoice. "Overdue" is not one: it is derived, see Overdue.
type Status string

// The states of DESIGN §1.
const (
	Draft         Status = "draft"
	Open          Status = "open"
	PartiallyPaid Status = "partially_paid"
	Paid          Status = "paid"
	Cancelled     Status = "cancelled"
)

// transitions is the whole table of what Become and Receive do; only Void and ChargeBack go back, because the
// money did not stay.
var transitions = map[Status][]Status{
	Draft:         {Open, Cancelled},
	Open:          {PartiallyPaid, Paid, Cancelled},
	PartiallyPaid: {Paid},
	Paid:          {},
	Cancelled:     {},
}

// Statuses lists every state, in the order of a life.
var Statuses = []Status{Draft, Open, PartiallyPaid, Paid, Cancelled}

// CanBecome reports whether the table has an arrow from s to next.
func (s Status) CanBecome(next Status) bool {
	return slices.Contains(transitions[s], next)
}

// Payable reports whether a payer may pay an invoice in this state.
func (s Status) Payable() bool { return s == Open || s == PartiallyPaid }

// Languages are the languages that customers are addressed in (ISO 639-1).
var Languages = []string{"de", "fr", "it", "en"}

// Customer is the person or company that is asked to pay.
type Customer struct {
	Name     string
	Email    string // may be empty when no mail is to be sent
	Language string // one of Languages
	// ErasedAt is when the customer was erased; zero until then. Nothing else but the language is known from then on.
	ErasedAt time.Time
}

// Invoice is one invoice of a company. Dates are midnight UTC of the calendar day.
type Invoice struct {
	ID                string
	CompanyID         string
	Number            string // unique within the company
	Status            Status
	Amount            money.Amount
	AmountPaid        money.Amount // receipts less refunds
	AmountRefunded    money.Amount
	Customer          Customer
	Description       string
	DueDate           time.Time
	Content           Content
	PaymentServiceIDs []string
	Token             string // of the online document; anybody who has it may look at it and pay. The record makes it
	CreatedAt         time.Time
	IssuedAt          time.Time // zero while a draft
	PaidAt            time.Time // zero until paid in full
	CancelledAt       time.Time // zero until cancelled; of the database
	Email             Email     // the mail with the link that was asked for last
	Reminders         []Reminder
	RemindersStopped  bool // a person doesn't want any more of them
}

// AmountDue returns what is still to be paid, never less than zero; zero for a cancelled invoice. What was refunded is not due
// again. If the customer still owes it, the issuer makes another invoice.
func (i Invoice) AmountDue() money.Amount {
	due := i.Amount.Sub(i.AmountPaid).Sub(i.refunded())
	if i.Status == Cancelled || !due.IsPositive() {
		return money.Zero(i.Amount.Currency())
	}
	return due
}

// Overdue reports whether the invoice is payable and its due date lies before today.
func (i Invoice) Overdue(today time.Time) bool {
	return i.Status.Payable() && i.DueDate.Before(today.UTC().Truncate(24*time.Hour))
}

// IssueDate returns the day that the invoice bears, midnight UTC: the one that was said, else the one on which it was issued in
// Switzerland. It is zero for a draft without.
func (i Invoice) IssueDate() time.Time {
	if !i.Content.IssueDate.IsZero() || i.IssuedAt.IsZero() {
		return i.Content.IssueDate
	}
	return calendar.Day(i.IssuedAt)
}

// Facts returns what events say about the invoice: ids, state and amounts, nothing about the customer.
func (i Invoice) Facts() map[string]string {
	return map[string]string{
		"invoice_id": i.ID, "number": i.Number, "status": string(i.Status),
		"amount": i.Amount.Value(), "amount_paid": i.AmountPaid.Value(), "currency": string(i.Amount.Currency()),
	}
}

// Become moves the invoice to next, or returns the problem that says why it can't.
func (i *Invoice) Become(next Status) error {
	if !i.Status.CanBecome(next) {
		return i.refuse(next)
	}
	i.Status = next
	return nil
}

func (i *Invoice) refuse(next Status) error {
	switch {
	case next == Open:
		return problem.New(problem.InvoiceNotDraft, "Invoice %s is %s. Only a draft can be issued.", i.Number, i.Status)
	case i.Status == Paid, i.Status == PartiallyPaid && next == Cancelled:
		return problem.New(problem.InvoicePaid, "Invoice %s is %s.", i.Number, i.Status)
	case i.Status == Cancelled:
		return problem.New(problem.InvoiceCancelled, "Invoice %s is cancelled.", i.Number)
	default:
		return problem.New(problem.InvoiceNotOpen, "Invoice %s is %s and can't become %s.", i.Number, i.Status, next)
	}
}

// CanBePaid returns the problem that keeps a payer from paying the invoice, or nil.
func (i Invoice) CanBePaid() error {
	if i.Status.Payable() {
		return nil
	}
	return i.refuse(Paid)
}

// Receive adds a receipt to what is paid and moves the invoice to paid or partially_paid. It refuses an invoice that is not
// payable, and money beyond what is due. The caller decides where such money goes.
func (i *Invoice) Receive(amount money.Amount, at time.Time) error {
	if err := i.CanBePaid(); err != nil {
		return err
	}
	if amount.Currency() != i.Amount.Currency() || !amount.IsPositive() || amount.Cmp(i.AmountDue()) > 0 {
		return problem.New(problem.ReceiptExceedsInvoice, "%s can't be received for invoice %s: %s is due.", amount, i.Number, i.AmountDue())
	}
	i.AmountPaid = i.AmountPaid.Add(amount)
	if i.AmountDue().IsZero() {
		i.Status, i.PaidAt = Paid, at.UTC()
		return nil
	}
	i.Status = PartiallyPaid
	return nil
}

// Return takes a refund off what is paid. The status stays, because it never goes back. It refuses more than was paid.
func (i *Invoice) Return(amount money.Amount) error {
	if !amount.IsPositive() || amount.Cmp(i.AmountPaid) > 0 {
		return problem.New(problem.RefundExceedsPayment, "%s can't be refunded: %s was paid for invoice %s.", amount, i.AmountPaid, i.Number)
	}
	i.AmountPaid, i.AmountRefunded = i.AmountPaid.Sub(amount), i.refunded().Add(amount)
	return nil
}

// Void takes a receipt that was recorded by mistake off what is paid, and moves the invoice back to what its other receipts say:
// open when nothing else ever came for it, partially_paid otherwise. It refuses more than was paid.
func (i *Invoice) Void(amount money.Amount) error {
	if !i.takeOff(amount) {
		return problem.New(problem.InvoiceNotOpen, "A receipt of %s can't be voided: invoice %s is %s, and %s of it is paid.", amount, i.Number, i.Status, i.AmountPaid)
	}
	return nil
}

// ChargeBack takes what a payer's bank took back for good off what is paid, as Void does: it is owed again.
func (i *Invoice) ChargeBack(amount money.Amount) error {
	if !i.takeOff(amount) {
		return problem.New(problem.InvoiceNotOpen, "%s can't be owed again: invoice %s is %s, and %s of it is paid.", amount, i.Number, i.Status, i.AmountPaid)
	}
	return nil
}

func (i *Invoice) takeOff(amount money.Amount) bool {
	received := i.Status == Paid || i.Status == PartiallyPaid
	if !received || amount.Currency() != i.Amount.Currency() || !amount.IsPositive() || amount.Cmp(i.AmountPaid) > 0 {
		return false
	}
	i.AmountPaid, i.PaidAt = i.AmountPaid.Sub(amount), time.Time{}
	i.Status = PartiallyPaid
	if i.AmountPaid.IsZero() && i.refunded().IsZero() {
		i.Status = Open
	}
	return true
}

// refunded is AmountRefunded in the currency of the invoice, which a draft that was never refunded may have changed.
func (i Invoice) refunded() money.Amount {
	if i.AmountRefunded.IsZero() {
		return money.Zero(i.Amount.Currency())
	}
	return i.AmountRefunded
}

// Validate brings the texts of a draft into the form in which they are kept. It returns an Invalid problem that names every field
// at fault, or nil. Whether the number is free and the payment services exist is for the store to say.
func (i *Invoice) Validate() error {
	i.Number = text.Identifier(i.Number)
	fields := slices.Concat(
		text.Line("number", &i.Number, 1, 50),
		text.Line("customer.name", &i.Customer.Name, 1, 200),
		text.Email("customer.email", &i.Customer.Email),
		text.Lines("description", &i.Description, 0, 1000),
	)
	fault := func(ok bool, name, message string) {
		if !ok {
			fields = append(fields, problem.Field{Name: name, Message: message})
		}
	}
	fault(slices.Contains(Languages, i.Customer.Language), "customer.language", "must be one of de, fr, it, en")
	fault(i.DueDate.Year() >= 2000 && i.DueDate.Year() < 2200, "due_date", "must be a date between 2000 and 2199")
	fault(len(i.PaymentServiceIDs) <= 10, "payment_service_ids", "must name at most 10 payment services")
	content := i.Content.validate()
	fields = append(fields, content...)
	if len(i.Content.Lines) == 0 {
		fault(i.Amount.IsPositive(), "amount", "must be more than 0")
	} else if len(content) == 0 {
		sum, err := i.Content.Amount(i.Amount.Currency())
		switch {
		case err != nil:
			fault(false, "lines", "must come to at most 999999999.99")
		case !sum.IsPositive():
			fault(false, "lines", "must come to more than 0")
		case sum.Cmp(i.Amount) != 0:
			fault(false, "amount", fmt.Sprintf("must be what the lines come to, %s", sum.Value()))
		}
	}
	return problem.InvalidFields(fields...)
}
