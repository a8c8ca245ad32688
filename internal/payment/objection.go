package payment

import "github.com/quittance/quittance/internal/money"

// Objection is why an authorization must be released instead of captured; it becomes the name of the payment's failure.
type Objection string

// The objections, the gravest first.
const (
	NoObjection      Objection = ""
	OrderMismatch    Objection = "order_mismatch"          // Saferpay answered with another order than ours
	AmountMismatch   Objection = "amount_mismatch"         // another amount or currency than asked, a partial approval among them
	NoLiabilityShift Objection = "liability_shift_missing" // the merchant would bear the risk and does not want to
	InvoiceSettled   Objection = "invoice_already_paid"    // another payment was faster
	InvoiceWithdrawn Objection = "invoice_cancelled"       // cancelled while the payer paid
	LessIsDue        Objection = "less_is_due"             // part of the invoice was paid in another way while the payer paid
	PersonSaidNo     Objection = "given_up"                // a person decided that the payment did not happen, and it was authorized
)

// Notes are what the timeline says about a payment that was released.
var notes = map[Objection]string{
	OrderMismatch:    "Released: Saferpay answered with another order id than ours.",
	AmountMismatch:   "Released: Saferpay authorized another amount than the one asked for.",
	NoLiabilityShift: "Released: the authorization has no liability shift, and the company requires it.",
	InvoiceSettled:   "Released: the invoice was paid in another way meanwhile.",
	InvoiceWithdrawn: "Released: the invoice was cancelled while the payer paid.",
	PersonSaidNo:     "Released: a person decided that no money moves.",
	LessIsDue:        "Released: part of the invoice was paid in another way meanwhile, so that less is due.",
}

// Note is the sentence for the timeline.
func (o Objection) Note() string { return notes[o] }

// Examine compares what Saferpay authorized with what the payment asked for. requireShift is the company's policy; it
// does not apply to a method that knows no liability shift.
func (p Payment) Examine(orderID string, amount money.Amount, liabilityShift, requireShift bool) Objection {
	switch {
	case orderID != "" && orderID != p.OrderID: // Saferpay need not repeat it
		return OrderMismatch
	case !amount.Equal(p.Amount):
		return AmountMismatch
	case requireShift && !liabilityShift && p.Method.LiabilityCondition() != "":
		return NoLiabilityShift
	default:
		return NoObjection
	}
}
