package sweep

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// Finding is a disagreement that a person must decide. It holds everything that carrying out the decision needs.
type Finding struct {
	Kind          exception.Kind     `json:"kind"`
	Subject       string             `json:"subject"` // our payment or refund, or the transaction where we have none; with the kind it is the natural key
	Detail        string             `json:"detail"`
	Choices       []exception.Choice `json:"choices"`
	TransactionID string             `json:"transaction_id"`
	PaymentID     string             `json:"payment_id,omitempty"`
	InvoiceID     string             `json:"invoice_id,omitempty"`
	Amount        money.Amount       `json:"amount"`  // of the transaction
	ToBook        money.Amount       `json:"to_book"` // what the receipt account lacks (less than 0: has too much) once Saferpay's word is taken
}

// Offers reports whether the choice is one of the finding's.
func (f Finding) Offers(c exception.Choice) bool { return slices.Contains(f.Choices, c) }

func finding(kind exception.Kind, t Transaction, r Record, ours side, choices ...exception.Choice) Finding {
	f := Finding{
		Kind: kind, Subject: t.ID, Choices: choices, TransactionID: t.ID, Amount: t.Amount, ToBook: money.Zero(t.Amount.Currency()),
	}
	if ours.named {
		f.Subject = ours.id
	}
	switch {
	case r.Refund != nil:
		f.PaymentID, f.InvoiceID = r.Refund.PaymentID, r.Refund.InvoiceID
	case r.Payment != nil:
		f.PaymentID, f.InvoiceID = r.Payment.ID, r.Payment.InvoiceID
	}
	return f
}

// leave returns the choice to do nothing, and a sentence that says what it means.
func leave(r Record) (exception.Choice, string) {
	if r.Payment == nil && r.Refund == nil {
		return exception.NotOurs, "`not_ours` leaves it alone, because somebody else who uses the terminal, such as a shop, owns it."
	}
	return exception.Accept, "`accept` leaves our record as it is."
}

func orphan(t Transaction, r Record, ours side) Finding {
	nothing, meaning := leave(r)
	f := finding(exception.OrphanTransaction, t, r, ours, exception.Book, nothing)
	f.ToBook = t.moved()
	f.Detail = fmt.Sprintf("Saferpay captured %s (%s), %s. "+
		"`book` books it as a prepayment on account 2030. A receipt from account 2030 can then settle an invoice with it. %s", t.Captured, t, standing(r, ours, "payment"), meaning)
	return f
}

func refundFound(t Transaction, r Record, ours side) Finding {
	nothing, meaning := leave(r)
	choices, fits := fitting(r, "records it", exception.Book, nothing)
	f := finding(exception.RefundFound, t, r, ours, choices...)
	f.ToBook = t.moved()
	f.Detail = fmt.Sprintf("Saferpay gave %s back to a payer (%s), %s. Somebody may have refunded it in the Saferpay Backoffice. %s"+
		"`book` books it against account 2030, prepayments received. %s", t.Captured, t, standing(r, ours, "refund"), fits, meaning)
	return f
}

// fitting adds the choice to record a refund for the payment that it fits, if there is one. It also returns a sentence that
// says what the choice does, or "".
func fitting(r Record, does string, choices ...exception.Choice) ([]exception.Choice, string) {
	if r.Refund != nil || r.Payment == nil {
		return choices, ""
	}
	return slices.Insert(choices, 0, exception.Record),
		fmt.Sprintf("`record` %s as a refund of payment %s of invoice %s, which it fits. ", does, r.Payment.ID, r.Payment.InvoiceID)
}

func missingCapture(t Transaction, r Record, ours side) Finding {
	if !ours.booked.IsZero() {
		f := finding(exception.MissingCapture, t, r, ours, exception.CaptureNow, exception.Accept)
		f.Detail = fmt.Sprintf("%s is booked here with %s, but at Saferpay it is only authorized (%s). No money moves without a capture. "+
			"`capture_now` captures it and books nothing, because it is booked already. `accept` leaves our record as it is.", f.Subject, positive(ours.booked), t)
		return f
	}
	nothing, meaning := leave(r)
	if t.Refund {
		choices, fits := fitting(r, "captures it and records it", exception.CaptureNow, exception.Release, nothing)
		f := finding(exception.MissingCapture, t, r, ours, choices...)
		f.ToBook = t.meant()
		f.Detail = fmt.Sprintf("Saferpay accepted a refund of %s that nobody captured (%s), %s. The payer gets nothing before it is captured. %s"+
			"`capture_now` captures it and books it against account 2030, prepayments received. `release` cancels it, and no money goes back. %s",
			t.Amount, t, standing(r, ours, "refund"), fits, meaning)
		return f
	}
	f := finding(exception.MissingCapture, t, r, ours, exception.CaptureNow, exception.Release, nothing)
	f.ToBook = t.meant()
	f.Detail = fmt.Sprintf("Saferpay holds %s that a payer authorized and nobody captured (%s), %s. "+
		"It lapses some time after the payment: %s. "+
		"`capture_now` takes it and books it as a prepayment on account 2030. `release` gives it back to the payer. %s", t.Amount, t, standing(r, ours, "payment"), lapses(), meaning)
	return f
}

// lapses says how long an authorization lasts, by method.
func lapses() string {
	var list []string
	for _, m := range payment.Methods {
		list = append(list, fmt.Sprintf("%s %.0f days", m.Word("en"), m.CaptureWindow().Hours()/24))
	}
	return strings.Join(list, ", ")
}

func amountDiffers(t Transaction, r Record, ours side) Finding {
	f := finding(exception.AmountDiffers, t, r, ours, exception.Accept)
	booked, moved := ours.booked, t.moved()
	says := fmt.Sprintf("%s is booked here with %s, but at Saferpay it is %s with %s (%s). ", f.Subject, positive(booked), t.Status, positive(moved), t)
	if booked.Currency() != moved.Currency() {
		f.Detail = says + "`accept` leaves our record as it is; correct it by manual entries."
		return f
	}
	f.Choices = []exception.Choice{exception.Book, exception.Accept}
	f.ToBook = moved.Sub(booked)
	f.Detail = says + fmt.Sprintf("`book` books the difference of %s between the account of the receipt and 2030, prepayments received, so that the former says "+
		"what Saferpay pays out. `accept` leaves our record as it is, to be corrected by a manual entry.", positive(f.ToBook))
	return f
}

// String names the transaction to a person.
func (t Transaction) String() string {
	order := "without order id"
	if t.OrderID != "" {
		order = "order " + t.OrderID
	}
	return fmt.Sprintf("transaction %s of %s, %s, %s", t.ID, t.At.UTC().Format("2006-01-02 15:04 UTC"), t.Method, order)
}

// standing returns what we know of a transaction, in words for a person.
func standing(r Record, ours side, what string) string {
	switch {
	case ours.id != "":
		return fmt.Sprintf("but %s ended here as %s", ours.id, ours.state)
	case r.Refund != nil:
		return fmt.Sprintf("but %s, which has the same order id, has another transaction", r.Refund.ID)
	case r.Payment != nil && what == "payment":
		return fmt.Sprintf("but %s, which has the same order id, has another transaction", r.Payment.ID)
	default:
		return "and no " + what + " here stands for it"
	}
}

func positive(a money.Amount) money.Amount {
	if a.IsNegative() {
		return a.Neg()
	}
	return a
}
