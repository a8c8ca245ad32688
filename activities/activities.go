// Package activities holds what the activities of all lifecycles share. The activities themselves are cut as workflows are:
// collection, refunding, onboarding, reconciliation, delivery and escalation.
//
// One activity is one business step and at most one database transaction, which writes the entity, its journal entry and its
// outgoing event together. Every activity may run again after a crash, and then finds what it did before.
package activities

import (
	"context"
	"errors"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/sealed"
)

// InCompany runs fn in one transaction on the company's records, and commits when fn returns nil. fn may run again when the
// database asks for it. T is what the activities of a room need of the transaction, see internal/postgres.
type InCompany[T any] func(ctx context.Context, companyID string, fn func(T) error) error

// Opener opens what was sealed for a company, see internal/secrets.
type Opener interface {
	OpenAt(value []byte, at sealed.Place) ([]byte, error)
}

// Send sends a mail. Its error is an UndeliverableError, or passing.
type Send func(context.Context, letter.Letter) error

// Sent is what became of a mail. Failed is why it will not be sent, and empty when the mail server took it. Needless says that nobody
// has to be told of the failure.
type Sent struct {
	Failed   string `json:"failed,omitempty"`
	Needless bool   `json:"needless,omitempty"`
}

// Post sends a mail. That the mail server refuses it for good is a result; one that is down is an error, to be tried again.
func (s Send) Post(ctx context.Context, written letter.Letter) (Sent, error) {
	err := s(ctx, written)
	if refused, ok := errors.AsType[*UndeliverableError](err); ok {
		return Sent{Failed: refused.Reason}, nil
	}
	return Sent{}, err
}

// UndeliverableError means that sending the same letter again can't succeed. Reason is a sentence that says why, without the
// address.
type UndeliverableError struct{ Reason string }

// Error returns the reason.
func (e *UndeliverableError) Error() string { return "the mail can't be delivered: " + e.Reason }

// InvoiceRef names an invoice of a company.
type InvoiceRef struct {
	CompanyID string `json:"company_id"`
	InvoiceID string `json:"invoice_id"`
}

// PaymentRef names a payment of a company.
type PaymentRef struct {
	CompanyID string `json:"company_id"`
	PaymentID string `json:"payment_id"`
	Retries   int    `json:"retries,omitempty"` // how often its workflow tried the step before
}

// RefundRef names a refund of a company.
type RefundRef struct {
	CompanyID string `json:"company_id"`
	RefundID  string `json:"refund_id"`
	Retries   int    `json:"retries,omitempty"` // how often its workflow tried the step before
}

// PaymentServiceRef names a payment service of a company.
type PaymentServiceRef struct {
	CompanyID        string `json:"company_id"`
	PaymentServiceID string `json:"payment_service_id"`
}

// Standing is where an invoice stands after something happened to it.
type Standing struct {
	InvoiceStatus invoice.Status `json:"invoice_status"`
	Due           money.Amount   `json:"due"`
}

// StandingOf returns where the invoice stands.
func StandingOf(inv invoice.Invoice) Standing {
	return Standing{InvoiceStatus: inv.Status, Due: inv.AmountDue()}
}

// GivenBack is what a refund left of its payment.
type GivenBack struct {
	InvoiceID string `json:"invoice_id"`
	PaymentID string `json:"payment_id"`
	// Unparked says that the payment was parked on 2030, and that all of it has gone back: nothing is left to decide about it.
	Unparked bool `json:"unparked,omitempty"`
	// MailQueued says that the mail to the payer is still to be sent.
	MailQueued bool `json:"mail_queued,omitempty"`
}
