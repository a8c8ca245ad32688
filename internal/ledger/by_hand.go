package ledger

import (
	"fmt"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/problem"
)

// corrections say why an entry can't be reversed by hand, and how it is corrected. Other records rest on such an entry; after a
// reversal they would no longer agree with the journal.
var corrections = map[SourceKind]string{
	FromPayment: "It books money of a payer. Give it back by a refund: POST /v1/payments/{payment_id}/refunds.",
	FromReceipt: "An invoice counts as paid by it. Void the receipt: POST /v1/receipts/{receipt_id}/void. Or move the money to the right account by a " +
		"manual entry: POST /v1/manual-entries.",
	FromRefund:     "It books money that has gone back to a payer. That money can't be taken again.",
	FromSettlement: "It books a payout of the acquirer, which stands on a bank statement. Decide again what it pays: POST /v1/payouts/{payout_id}/reopen.",
	FromTransaction: "It books what Saferpay moved, and is compared with Saferpay every night. Move the money to the right account by a manual entry: " +
		"POST /v1/manual-entries.",
	FromDispute: "It books a dispute of a payment. Say how that ended: POST /v1/disputes/{dispute_id}/win or /lose. Or move the money to the right account by " +
		"a manual entry: POST /v1/manual-entries.",
	FromExchange: "It books what an exchange lost or won, by the rates of its month. Change the rate: POST /v1/exchange-rates.",
	FromReversal: "It is a reversal. Book the entry again by a manual entry: POST /v1/manual-entries.",
}

// Reversal is a person's wish to take an entry back.
type Reversal struct {
	Entry    Entry
	Language string    // of the text unless Text is set: the company's
	Day      time.Time // of the books, midnight UTC, not before the day of the entry
	Text     string    // instead of "Reversal of …"; may be empty
	By       string    // the id of the key with which it is entered
}

// Book returns the entry that takes the other one back: the same lines with their sides changed. Only entries made by hand can
// be reversed by hand; problem.EntryNotReversible says how any other entry is corrected. Other problems: validation-failed for
// the day.
func (r Reversal) Book() (Entry, error) {
	e := r.Entry
	if why, ok := corrections[e.Source.Kind]; ok {
		return Entry{}, problem.New(problem.EntryNotReversible, "Journal entry %s can't be reversed by hand. %s", e.ID, strings.NewReplacer("{payment_id}", e.PaymentID, "{receipt_id}", e.Source.ID, "{dispute_id}", disputeOf(e.Source.ID)).Replace(why))
	}
	if r.Day.Before(e.Date) {
		return Entry{}, problem.InvalidFields(problem.Field{Name: "date", Message: "must be " + e.Date.Format(time.DateOnly) + ", the day of the entry, or later"})
	}
	return r.TakeBack(), nil
}

// TakeBack returns the same entry as Book, for any entry. Callers change the records that rest on the entry in the same
// transaction.
func (r Reversal) TakeBack() Entry {
	e := r.Entry
	back := Entry{
		CompanyID: e.CompanyID, Date: r.Day, Text: r.Text, Source: Source{FromReversal, e.ID}, InvoiceID: e.InvoiceID, PaymentID: e.PaymentID,
		Reverses: e.ID, By: r.By, Rate: e.Rate,
	}
	if back.Text == "" {
		back.Text = fmt.Sprintf("%s %d: %s", texts[FromReversal][r.Language], e.Sequence, e.Text)
	}
	for _, l := range e.Lines {
		back.Lines = append(back.Lines, Line{Account: l.Account, Debit: l.Credit, Credit: l.Debit})
	}
	return back
}
