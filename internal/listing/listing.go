// Package listing has the filters of lists, which the API takes and the store carries out. An empty field does not restrict.
package listing

import (
	"time"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/settlement"
)

// Invoices chooses invoices.
type Invoices struct {
	Status   invoice.Status
	Number   string
	Customer string    // a part of the name or of the mail address
	From, To time.Time // days in Switzerland on which they were issued, or made while they are drafts; both included
	Overdue  *bool     // nil: overdue and other ones
	Today    time.Time // for Overdue
	Text     string    // a part of the number, of the customer's name or of the mail address, or the amount
	Sort     InvoiceOrder
	Cursor   string // next of the call before
	Limit    int    // 50 when 0, at most 200
}

// InvoiceOrder is how a list of invoices is sorted; invoices that are the same in that follow the time at which they were made. A
// minus reverses it.
type InvoiceOrder string

// The orders of invoices.
const (
	InvoicesNewest       InvoiceOrder = "-created" // also when empty
	InvoicesOldest       InvoiceOrder = "created"
	InvoicesByDueDate    InvoiceOrder = "due_date"
	InvoicesByLatestDue  InvoiceOrder = "-due_date"
	InvoicesByNumber     InvoiceOrder = "number"
	InvoicesByLastNumber InvoiceOrder = "-number"
)

// InvoiceOrders lists every order.
var InvoiceOrders = []InvoiceOrder{InvoicesNewest, InvoicesOldest, InvoicesByDueDate, InvoicesByLatestDue, InvoicesByNumber, InvoicesByLastNumber}

// Payments chooses payments.
type Payments struct {
	InvoiceID string
	State     payment.State
	From, To  time.Time // days in Switzerland on which they were begun, both included
	Cursor    string    // next of the call before
	Limit     int       // 50 when 0, at most 200
}

// Refunds chooses refunds.
type Refunds struct {
	PaymentID string
	State     refund.State
	Cursor    string // next of the call before
	Limit     int    // 50 when 0, at most 200
}

// Disputes chooses disputes.
type Disputes struct {
	PaymentID string
	InvoiceID string
	State     dispute.State
	Sort      DisputeOrder
	Cursor    string // next of the call before
	Limit     int    // 50 when 0, at most 200
}

// DisputeOrder is how a list of disputes is sorted.
type DisputeOrder string

// The orders of disputes.
const (
	DisputesNewest     DisputeOrder = "-created"   // also when empty
	DisputesByDeadline DisputeOrder = "respond_by" // the nearest first, those without at the end
)

// DisputeOrders lists every order.
var DisputeOrders = []DisputeOrder{DisputesNewest, DisputesByDeadline}

// Exceptions chooses exceptions.
type Exceptions struct {
	CompanyID   string
	Kind        exception.Kind
	Subject     string
	Open        *bool // nil: open and resolved ones
	OldestFirst bool
	Cursor      string // next of the call before
	Limit       int    // 50 when 0, at most 200
}

// Companies chooses companies.
type Companies struct {
	Text   string // a part of the name, or the id
	Cursor string // next of the call before
	Limit  int    // 50 when 0, at most 200
}

// PaymentServices chooses payment services.
type PaymentServices struct {
	CompanyID string
	Status    merchant.ServiceStatus
	Cursor    string // next of the call before
	Limit     int    // 50 when 0, at most 200
}

// Journal chooses journal entries.
type Journal struct {
	Account    string    // entries with a line on it
	From, To   time.Time // dates of entries, both included
	InvoiceID  string
	PaymentID  string
	SourceKind ledger.SourceKind
	Until      int64  // the sequence of the last entry that is looked at; all when 0
	Newest     bool   // the entries that were booked last come first
	Cursor     string // next of the call before
	Limit      int    // 50 when 0, at most 200
}

// Exports chooses exports of the journal.
type Exports struct {
	Cursor string // next of the call before
	Limit  int    // 50 when 0, at most 200
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
	States       []settlement.State
	Pays         string // the id of a payment or refund
	SettlementID string // in which they were seen
	Cursor       string // next of the call before
	Limit        int    // 50 when 0, at most 200
}

// Part chooses a part of what belongs to one thing, in its own order.
type Part struct {
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
