// Package activities holds the steps that workflows are made of. One activity is one business step and at most one
// database transaction, which writes the entity, its journal entry and its outgoing event together. Every activity may be
// run again after a crash and then finds what it did before.
package activities

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
)

// Tx is one transaction on one company's records, see internal/postgres. Lock… reads a row that stays ours until the
// transaction ends; when an invoice and a payment are both locked, the invoice comes first.
type Tx interface {
	Company(ctx context.Context) (merchant.Company, error)

	PaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
	LockPaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
	InsertPaymentService(ctx context.Context, s merchant.PaymentService) error
	SavePaymentService(ctx context.Context, s merchant.PaymentService) error

	InFlight(ctx context.Context, paymentServiceID, after string, limit int) ([]merchant.InFlight, error)

	Document(ctx context.Context, id string) (merchant.Document, error)
	EraseDocument(ctx context.Context, d merchant.Document) error

	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	LockInvoice(ctx context.Context, id string) (invoice.Invoice, error)
	SaveInvoice(ctx context.Context, i invoice.Invoice) error

	Payment(ctx context.Context, id string) (payment.Payment, error)
	LockPayment(ctx context.Context, id string) (payment.Payment, error)
	InsertPayment(ctx context.Context, p payment.Payment) error
	SavePayment(ctx context.Context, p payment.Payment) error
	PaymentsOf(ctx context.Context, invoiceIDs ...string) (byInvoice map[string][]payment.Payment, err error)
	PaymentsAtSaferpay(ctx context.Context, orderIDs, transactionIDs []string) ([]payment.Payment, error)
	PaymentsWithLeft(ctx context.Context, paymentServiceID string, left money.Amount) ([]payment.Payment, error)
	// OverduePayments and OverdueRefunds return what has not ended although it was due to before that time.
	OverduePayments(ctx context.Context, paymentServiceID string, before time.Time, limit int) ([]payment.Payment, error)
	OverdueRefunds(ctx context.Context, paymentServiceID string, before time.Time, limit int) ([]refund.Refund, error)

	Refund(ctx context.Context, id string) (refund.Refund, error)
	LockRefund(ctx context.Context, id string) (refund.Refund, error)
	RefundsOf(ctx context.Context, paymentID string) ([]refund.Refund, error)
	InsertRefund(ctx context.Context, r refund.Refund) error
	SaveRefund(ctx context.Context, r refund.Refund) error
	RefundsAtSaferpay(ctx context.Context, orderIDs, transactionIDs []string) ([]refund.Refund, error)
	RefundsByHand(ctx context.Context, paymentServiceID string) ([]refund.Refund, error)

	Append(ctx context.Context, e ledger.Entry) (ledger.Entry, error)
	EntryBySource(ctx context.Context, source ledger.Source) (ledger.Entry, bool, error)

	RaiseException(ctx context.Context, e exception.Exception) (raised exception.Exception, isNew bool, err error)
	LockException(ctx context.Context, id string) (exception.Exception, error)
	SaveException(ctx context.Context, e exception.Exception) error
	ExceptionsAbout(ctx context.Context, subjects []string) ([]exception.Exception, error)

	// BookedAsFound returns what was booked of each transaction at Saferpay itself: more than 0 when money came.
	BookedAsFound(ctx context.Context, transactionIDs []string) (map[string]money.Amount, error)
	// KnownElsewhere returns which order ids and transaction ids belong to another company.
	KnownElsewhere(ctx context.Context, references []string) (map[string]bool, error)

	AppendEvent(ctx context.Context, e event.Event) error
	Event(ctx context.Context, id string) (event.Event, error)

	WebhookEndpoint(ctx context.Context, id string) (delivery.Endpoint, error)
	LockWebhookEndpoint(ctx context.Context, id string) (delivery.Endpoint, error)
	SaveWebhookEndpoint(ctx context.Context, e delivery.Endpoint) error
	Delivery(ctx context.Context, endpointID, eventID string) (delivery.Delivery, error)
	LockDelivery(ctx context.Context, endpointID, eventID string) (delivery.Delivery, error)
	SaveDelivery(ctx context.Context, d delivery.Delivery) error
}

// InCompany runs fn in one transaction on the company's records; fn may be run again when the database asks for it.
type InCompany func(ctx context.Context, companyID string, fn func(Tx) error) error

// Processes are what a change of a payment service must reach, see workflows.Commands.
type Processes interface {
	// ServiceChanged has the onboarding of the payment service see to what happened: credentials that Saferpay refused, named
	// by their sealed password, or a step on the timeline that somebody is to be told of.
	ServiceChanged(ctx context.Context, s merchant.PaymentService, refusedPassword []byte) error
	// TryAgain has the process of a payment or refund run the step that failed once more, if one has.
	TryAgain(ctx context.Context, u merchant.InFlight) error
}

// InvoiceRef names an invoice of a company.
type InvoiceRef struct {
	CompanyID string `json:"company_id"`
	InvoiceID string `json:"invoice_id"`
}

// PaymentRef names a payment of a company.
type PaymentRef struct {
	CompanyID string `json:"company_id"`
	PaymentID string `json:"payment_id"`
}
