// Package event names the facts that companies are told by webhook. An event is written in the transaction of its fact.
package event

import (
	"encoding/json"
	"time"

	"github.com/quittance/quittance/internal/id"
)

// Type is the public name of an event.
type Type string

// The events of CONTRACT §2 that the current processes write.
const (
	InvoiceOpened                   Type = "invoice.opened"
	InvoicePaid                     Type = "invoice.paid"
	InvoicePartiallyPaid            Type = "invoice.partially_paid"
	InvoiceCancelled                Type = "invoice.cancelled"
	InvoiceEmailFailed              Type = "invoice.email_failed"
	InvoiceReminded                 Type = "invoice.reminded"
	InvoiceReceiptVoided            Type = "invoice.receipt_voided"
	PaymentAuthorized               Type = "payment.authorized"
	PaymentCaptured                 Type = "payment.captured"
	PaymentFailed                   Type = "payment.failed"
	RefundAwaitingApproval          Type = "refund.awaiting_approval"
	RefundCaptured                  Type = "refund.captured"
	RefundFailed                    Type = "refund.failed"
	DisputeOpened                   Type = "dispute.opened"
	DisputeWon                      Type = "dispute.won"
	DisputeLost                     Type = "dispute.lost"
	PaymentServiceReminded          Type = "payment_service.reminded"
	PaymentServiceInVerification    Type = "payment_service.in_verification"
	PaymentServiceOverdue           Type = "payment_service.overdue"
	PaymentServiceActive            Type = "payment_service.active"
	PaymentServiceRejected          Type = "payment_service.rejected"
	PaymentServiceSuspended         Type = "payment_service.suspended"
	PaymentServiceDocumentSent      Type = "payment_service.document_sent"
	PaymentServiceDocumentRefused   Type = "payment_service.document_refused"
	PaymentServiceMethodsChanged    Type = "payment_service.methods_changed"
	PaymentServiceCurrencyRequested Type = "payment_service.currency_requested"
	PaymentServiceCurrencyActive    Type = "payment_service.currency_active"
	PaymentServiceCurrencyRejected  Type = "payment_service.currency_rejected"
	PaymentServiceDisconnected      Type = "payment_service.disconnected"
	PayoutBooked                    Type = "payout.booked"
	PayoutWaiting                   Type = "payout.waiting" // for a person's decision
	ExceptionRaised                 Type = "exception.raised"
	TestPing                        Type = "test.ping" // for its subject alone, a webhook endpoint
)

// Types lists every type.
var Types = []Type{
	InvoiceOpened, InvoicePaid, InvoicePartiallyPaid, InvoiceCancelled, InvoiceEmailFailed, InvoiceReminded, InvoiceReceiptVoided,
	PaymentAuthorized, PaymentCaptured, PaymentFailed, RefundAwaitingApproval, RefundCaptured, RefundFailed, DisputeOpened, DisputeWon, DisputeLost,
	PaymentServiceReminded, PaymentServiceInVerification, PaymentServiceOverdue, PaymentServiceActive,
	PaymentServiceRejected, PaymentServiceSuspended, PaymentServiceMethodsChanged, PaymentServiceCurrencyRequested,
	PaymentServiceCurrencyActive, PaymentServiceCurrencyRejected, PaymentServiceDocumentSent, PaymentServiceDocumentRefused,
	PaymentServiceDisconnected, PayoutBooked, PayoutWaiting, ExceptionRaised, TestPing,
}

// Event is one fact about one thing. Data holds ids, states and amounts as strings, never a customer's personal data.
type Event struct {
	ID        string
	CompanyID string
	Type      Type
	Subject   string // the id of the thing
	Data      map[string]string
	At        time.Time
}

// New returns an event of the company about subject.
func New(t Type, companyID, subject string, at time.Time, data map[string]string) Event {
	return Event{ID: id.New(id.Event), CompanyID: companyID, Type: t, Subject: subject, Data: data, At: at.UTC()}
}

// Recipient returns the id of the only webhook endpoint that the event is for; empty for all that take its type.
func (e Event) Recipient() string {
	if e.Type == TestPing {
		return e.Subject
	}
	return ""
}

// Payload returns the body of the message to a webhook endpoint: the event as GET /v1/events shows it, with its time a second
// time under the name that Standard Webhooks gives it. Every attempt gets the same bytes.
func (e Event) Payload() ([]byte, error) {
	data := e.Data
	if data == nil {
		data = map[string]string{}
	}
	return json.Marshal(struct {
		ID        string            `json:"id"`
		Type      Type              `json:"type"`
		Subject   string            `json:"subject"`
		Data      map[string]string `json:"data"`
		At        time.Time         `json:"at"`
		Timestamp time.Time         `json:"timestamp"`
	}{e.ID, e.Type, e.Subject, data, e.At, e.At})
}
