package oversight

import (
	"time"

	"github.com/quittance/quittance/internal/money"
)

// OpenKind is the kind of thing that a month end should not leave open.
type OpenKind string

// What may be open.
const (
	OpenException OpenKind = "exception"     // that nobody has decided
	OpenPayout    OpenKind = "payout"        // that waits for a person
	OpenReceipt   OpenKind = "receipt"       // that the bank has told, and that waits to be booked
	OpenPayment   OpenKind = "payment"       // whose money may still come
	OpenRefund    OpenKind = "refund"        // whose money may still go
	OpenRate      OpenKind = "exchange_rate" // that is missing
)

// OpenKinds lists every kind.
var OpenKinds = []OpenKind{OpenException, OpenPayout, OpenReceipt, OpenPayment, OpenRefund, OpenRate}

// MostOpen is how many open things are listed at most.
const MostOpen = 100

// OpenItem is one thing that is still open.
type OpenItem struct {
	Kind   OpenKind
	ID     string
	Day    time.Time     // when it began, or the payout came, midnight UTC
	State  string        // of the payout, payment or refund; the kind of the exception
	Amount *money.Amount // nil for an exception
}
