package booking

import (
	"context"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/problem"
)

// Void takes back a receipt that was recorded by mistake.
type Void struct {
	ReceiptID string // its natural key: a receipt is voided once
	Reason    string // for the journal
	By        string // the id of the key with which it is voided
}

// VoidReceipt reverses the entry of such a receipt on the day of at, or on the day of the entry when that is later, and takes it off
// what is paid of its invoice. It returns the invoice as it is then. A receipt that is voided already changes nothing. Problems:
// not-found, period-closed, invoice-not-open when the receipt does not count any more.
func VoidReceipt(ctx context.Context, tx ReceiptTx, v Void, at time.Time) (invoice.Invoice, error) {
	entry, err := receiptEntry(ctx, tx, v.ReceiptID) // for the invoice's id, which never changes
	if err != nil {
		return invoice.Invoice{}, err
	}
	inv, err := tx.LockInvoice(ctx, entry.InvoiceID)
	if err != nil {
		return inv, err
	}
	if entry, err = receiptEntry(ctx, tx, v.ReceiptID); err != nil || entry.ReversedBy != "" {
		return inv, err
	}
	receipt := entry.OtherReceived(inv.Number)
	if err := inv.Void(receipt.Amount); err != nil {
		return inv, err
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return inv, err
	}
	day := calendar.Day(at)
	if entry.Date.After(day) {
		day = entry.Date
	}
	back := ledger.Reversal{Entry: entry, Language: company.Language, Day: day, By: v.By}.TakeBack()
	back.Text = strings.TrimSuffix(back.Text+": "+v.Reason, ": ")
	if _, err := tx.Append(ctx, back); err != nil {
		return inv, err
	}
	if err := tx.SaveInvoice(ctx, inv); err != nil {
		return inv, err
	}
	facts := inv.Facts()
	facts["receipt_id"], facts["receipt_amount"] = v.ReceiptID, receipt.Amount.Value()
	return inv, tx.AppendEvent(ctx, event.New(event.InvoiceReceiptVoided, inv.CompanyID, inv.ID, at, facts))
}

func receiptEntry(ctx context.Context, tx ReceiptTx, receiptID string) (ledger.Entry, error) {
	entry, booked, err := tx.EntryBySource(ctx, ledger.Source{Kind: ledger.FromReceipt, ID: receiptID})
	if err == nil && !booked {
		err = problem.New(problem.NotFound, "There is no receipt %s.", receiptID)
	}
	return entry, err
}
