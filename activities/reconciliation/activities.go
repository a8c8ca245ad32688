// Package reconciliation holds the activities that compare our records with Saferpay's report at night, and carry out what a
// person decides on what was found.
package reconciliation

import (
	"context"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/workflows/contract"
)

// Activities are the steps. One that speaks to Saferpay asks it once.
type Activities struct {
	InReport   activities.InCompany[ReportTx]
	InBooks    activities.InCompany[BooksTx]
	InReceipts activities.InCompany[ReceiptsTx]
	Invoices   Invoices
	Upkeep     func(context.Context, merchant.Shift) ([]merchant.Upkept, error)
	Sweeps     Sweeps
	Saferpay   account.Access[Gateway]
	Now        func() time.Time
}

// Sweeps are the sweeps of payment services, see contract.Commands.
type Sweeps interface {
	// Sweep begins a sweep of the payment service, unless one is in flight.
	Sweep(ctx context.Context, in contract.SweepPaymentService) error
}

// ReportTx is what a comparison needs of a transaction.
type ReportTx interface {
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	LockPayment(ctx context.Context, id string) (payment.Payment, error)
	SavePayment(ctx context.Context, p payment.Payment) error
	PaymentsAtSaferpay(ctx context.Context, orderIDs, transactionIDs []string) ([]payment.Payment, error)
	PaymentsWithLeft(ctx context.Context, paymentServiceID string, left money.Amount) ([]payment.Payment, error)
	SaveRefund(ctx context.Context, r refund.Refund) error
	RefundsAtSaferpay(ctx context.Context, orderIDs, transactionIDs []string) ([]refund.Refund, error)
	RefundsByHand(ctx context.Context, paymentServiceID string) ([]refund.Refund, error)
	// OverduePayments and OverdueRefunds return what has not ended although it was due to before that time.
	OverduePayments(ctx context.Context, paymentServiceID string, before time.Time, limit int) ([]payment.Payment, error)
	OverdueRefunds(ctx context.Context, paymentServiceID string, before time.Time, limit int) ([]refund.Refund, error)
	ExceptionsAbout(ctx context.Context, subjects []string) ([]exception.Exception, error)
	// BookedAsFound returns what was booked of each transaction at Saferpay itself: more than 0 when money came.
	BookedAsFound(ctx context.Context, transactionIDs []string) (map[string]money.Amount, error)
	// NoteSwept notes a comparison that has ended well, of what happened until then; a zero time without a report.
	NoteSwept(ctx context.Context, paymentServiceID string, until, at time.Time) error
	// KnownElsewhere returns which order ids and transaction ids belong to another company.
	KnownElsewhere(ctx context.Context, references []string) (map[string]bool, error)
}

// BooksTx is what booking a finding needs of a transaction.
type BooksTx interface {
	booking.FoundTx
	booking.FoundRefundTx
}

// Gateway is what the steps call at Saferpay, see *saferpay.Client.
type Gateway interface {
	Transactions(ctx context.Context, c saferpay.Credentials, requestID string, query saferpay.ReportQuery) (saferpay.Report, error)
	Capture(ctx context.Context, c saferpay.Credentials, call saferpay.Call, transactionID string) (saferpay.Capture, error)
	Cancel(ctx context.Context, c saferpay.Credentials, call saferpay.Call, transactionID string) error
	Inquire(context.Context, saferpay.Credentials, saferpay.Call, saferpay.InquireBy) (saferpay.Assertion, error)
}
