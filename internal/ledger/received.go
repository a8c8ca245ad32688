package ledger

import (
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// Received is money that came for an invoice by other means than an online payment, as its entry tells.
type Received struct {
	ID        string
	Amount    money.Amount
	Date      time.Time // when it came, midnight UTC
	Account   string    // where it came
	Reference string    // what the company calls it; may be empty
	VoidedAt  time.Time // when it was taken back; zero while it counts
}

// OtherReceived returns what an entry of OtherReceipt or BankReceipt tells, but for when it was taken back: Amount is what counts for
// the invoice, and the zero value when nothing does. Number is that of its invoice.
func (e Entry) OtherReceived(number string) Received {
	r := Received{ID: e.Source.ID, Date: e.HappenedOn(), Account: e.Lines[0].Account}
	for _, l := range e.Lines {
		if l.Account == Receivables && l.Credit.IsPositive() {
			r.Amount = l.Credit
		}
	}
	_, r.Reference, _ = strings.Cut(e.Text, " "+number+": ")
	return r
}

// OtherReceipts returns the receipts that count for the invoice with that number among its entries, in their order.
func OtherReceipts(entries []Entry, number string) []Received {
	var receipts []Received
	voided := map[string]time.Time{}
	for _, e := range entries {
		if e.Reverses != "" {
			voided[e.Reverses] = e.CreatedAt
		}
	}
	for _, e := range entries {
		if e.Source.Kind != FromReceipt {
			continue
		}
		if r := e.OtherReceived(number); r.Amount.IsPositive() {
			r.VoidedAt = voided[e.ID]
			receipts = append(receipts, r)
		}
	}
	return receipts
}
