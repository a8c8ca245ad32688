// Package booking makes every journal entry of the product. Each function books one thing that has happened, in a transaction
// of its caller: it changes the invoice, payment, refund or payout, appends the entry and writes the events together.
//
// A booking may be repeated. It finds what it did before by a natural key: one receipt per payment, one entry per refund, per
// receipt, per transaction and per payout.
package booking

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
)

// Journal takes entries. Append returns the entry that stands in the journal, which is an earlier one when its source was booked
// before.
type Journal interface {
	Append(ctx context.Context, e ledger.Entry) (ledger.Entry, error)
}

// Tx is what every booking about an invoice needs of its transaction. Lock… reads a row that stays ours until the transaction
// ends; the invoice is locked first, then the payment, then the refund.
type Tx interface {
	Journal
	Company(ctx context.Context) (merchant.Company, error)
	LockInvoice(ctx context.Context, id string) (invoice.Invoice, error)
	SaveInvoice(ctx context.Context, i invoice.Invoice) error
	AppendEvent(ctx context.Context, e event.Event) error
}

// occasion is what happened to the invoice; paymentID is empty for money that came by other means.
func occasion(c merchant.Company, inv invoice.Invoice, paymentID string, amount money.Amount, day time.Time) ledger.Occasion {
	return ledger.Occasion{
		CompanyID: c.ID, Language: c.Language, InvoiceID: inv.ID, InvoiceNumber: inv.Number, PaymentID: paymentID, Amount: amount, Day: day,
	}
}

// tellsPayer reports whether a mail goes to the customer when money came online, or goes back.
func tellsPayer(c merchant.Company, inv invoice.Invoice) bool {
	return c.ReceiptsByEmail && inv.Customer.Email != ""
}

// saveReceived saves the invoice after money came for it, and tells of it.
func saveReceived(ctx context.Context, tx Tx, inv invoice.Invoice, at time.Time) error {
	if err := tx.SaveInvoice(ctx, inv); err != nil {
		return err
	}
	name := event.InvoicePaid
	if inv.Status == invoice.PartiallyPaid {
		name = event.InvoicePartiallyPaid
	}
	return tx.AppendEvent(ctx, event.New(name, inv.CompanyID, inv.ID, at, inv.Facts()))
}
