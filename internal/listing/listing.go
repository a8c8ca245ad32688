// Package listing has the filters of lists, which the API takes and the store carries out. An empty field does not restrict.
package listing

import (
	"time"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/settlement"
)

// Invoices chooses invoices.
type Invoices struct {
	Status invoice.Status
	Number string
	Cursor string // next of the call before
	Limit  int    // 50 when 0, at most 200
}

// Payments chooses payments.
type Payments struct {
	InvoiceID string
	State     payment.State
	Cursor    string // next of the call before
	Limit     int    // 50 when 0, at most 200
}

// Refunds chooses refunds.
type Refunds struct {
	PaymentID string
	State     refund.State
	Cursor    string // next of the call before
	Limit     int    // 50 when 0, at most 200
}

// Exceptions chooses exceptions.
type Exceptions struct {
	Kind    exception.Kind
	Subject string
	Open    *bool  // nil: open and resolved ones
	Cursor  string // next of the call before
	Limit   int    // 50 when 0, at most 200
}

// Journal chooses journal entries.
type Journal struct {
	Account    string    // entries with a line on it
	From, To   time.Time // dates of entries, both included
	InvoiceID  string
	PaymentID  string
	SourceKind ledger.SourceKind
	Cursor     string // next of the call before
	Limit      int    // 50 when 0, at most 200
}

// Movements chooses lines of the journal.
type Movements struct {
	From, To time.Time       // dates of entries, both included
	Until    int64           // the sequence of the last entry that is looked at
	After    ledger.Movement // the last one of the call before; zero for the first call
	Limit    int
}

// Settlements chooses settlements.
type Settlements struct {
	Cursor string // next of the call before
	Limit  int    // 50 when 0, at most 200
}

// Payouts chooses payouts.
type Payouts struct {
	States []settlement.State
	Pays   string // the id of a payment or refund
	Cursor string // next of the call before
	Limit  int    // 50 when 0, at most 200
}

// Standings chooses what stands on the receipt accounts.
type Standings struct {
	Account  string
	Currency money.Currency
	Reason   settlement.Reason
	Cursor   string // next of the call before
	Limit    int    // 50 when 0, at most 200
}

// Events chooses events.
type Events struct {
	Type    event.Type
	Subject string // the id of the thing that the events are about
	Cursor  string // next of the call before
	Limit   int    // 50 when 0, at most 200
}

// AuditLog chooses entries of the audit log.
type AuditLog struct {
	Subject  string // the id of the thing that was written
	Actor    string // the id of a key, or audit.Administrator
	From, To time.Time
	Cursor   string // next of the call before
	Limit    int    // 50 when 0, at most 200
}

// Deliveries chooses from the log of one webhook endpoint.
type Deliveries struct {
	EndpointID string
	State      delivery.State
	EventID    string
	Cursor     string // next of the call before
	Limit      int    // 50 when 0, at most 200
}
