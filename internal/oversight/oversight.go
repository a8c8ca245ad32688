// Package oversight is what operators see of all companies together.
package oversight

import (
	"time"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// Monitored is what operators watch, over all companies: numbers, sums and ages, and nothing about anybody.
type Monitored struct {
	Payments         map[payment.State]int           // that have not ended
	Authorized       map[money.Currency]money.Amount // money that is authorized, or unclear, and not taken
	OldestAuthorized time.Duration                   // since the oldest payment was begun whose money that is
	Exceptions       map[exception.Kind]int
	OldestException  time.Duration // since the oldest one was raised
	Unsettled        map[money.Currency]Unsettled
	PaymentServices  map[merchant.ServiceStatus]int
	// VerificationOverdue is since when the oldest verification should be over; zero when none is late.
	VerificationOverdue time.Duration
	// Unswept is since when the active payment service for which it is longest has no comparison with Saferpay's report that ended well.
	Unswept  time.Duration
	Disabled int // webhook endpoints
	Parked   int // deliveries of events
}

// Unsettled is the money in one currency for which no payout has been booked: what came, less what went back. It counts only
// companies that have booked a payout, because companies that import none would never leave it.
type Unsettled struct {
	Amount         money.Amount
	Entries        int
	Oldest         time.Duration // since the day of the oldest entry
	Overdue        money.Amount  // the part whose payout should have come
	OverdueEntries int
}

// FoundKind is the kind of thing that a search finds.
type FoundKind string

// What a search finds.
const (
	FoundInvoice        FoundKind = "invoice"
	FoundPayment        FoundKind = "payment"
	FoundRefund         FoundKind = "refund"
	FoundPaymentService FoundKind = "payment_service"
	FoundException      FoundKind = "exception"
)

// FoundKinds lists every kind.
var FoundKinds = []FoundKind{FoundInvoice, FoundPayment, FoundRefund, FoundPaymentService, FoundException}

// MostFound is how many things a search returns at most.
const MostFound = 20

// Found is one thing that a search finds.
type Found struct {
	Kind       FoundKind
	ID         string
	CompanyID  string
	Label      string // the number of the invoice, the name of the payment service, the kind of the exception
	Customer   string // of the invoice
	InvoiceID  string // of the invoice in whose collection it is; empty for a draft, a refund, and what has no invoice
	WorkflowID string // that waits for the decision on an exception; empty when none does
}
