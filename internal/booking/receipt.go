package booking

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// PaymentTx is what Payment needs of its transaction.
type PaymentTx interface {
	Tx
	Payment(ctx context.Context, id string) (payment.Payment, error)
	LockPayment(ctx context.Context, id string) (payment.Payment, error)
	SavePayment(ctx context.Context, p payment.Payment) error
}

// Payment books a captured payment: the company's receipt account to 1100. When less is due than came, the money is parked on
// 2030, prepayments received, until a person decides. It returns the invoice and the payment as they are then. A payment that is
// booked already changes nothing. A receipt by mail is queued if the company wants it and the customer has an address.
func Payment(ctx context.Context, tx PaymentTx, paymentID, captureID string, at time.Time) (inv invoice.Invoice, p payment.Payment, err error) {
	if p, err = tx.Payment(ctx, paymentID); err != nil { // only for the invoice's id, which never changes
		return inv, p, err
	}
	if inv, err = tx.LockInvoice(ctx, p.InvoiceID); err != nil {
		return inv, p, err
	}
	if p, err = tx.LockPayment(ctx, paymentID); err != nil || p.State == payment.Captured {
		return inv, p, err
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return inv, p, err
	}
	counter := ledger.Receivables
	if err := inv.Receive(p.Amount, at); problem.CodeOf(err) != "" {
		counter, p.Parked = ledger.Prepayments, true
	} else if err != nil {
		return inv, p, err
	}
	entry, err := tx.Append(ctx, ledger.Receipt(occasion(company, inv, p.ID, p.Amount, calendar.Day(at)), company.ReceiptAccount, counter))
	if err != nil {
		return inv, p, err
	}
	p.CaptureID, p.BookedAccount = captureID, company.ReceiptAccount
	if tellsPayer(company, inv) {
		p.Mail = payment.QueuedMail(at)
	}
	if err := p.Become(payment.Captured, at, "Booked on account "+p.BookedAccount+" as journal entry "+entry.ID+"."); err != nil {
		return inv, p, err
	}
	if err := tx.SavePayment(ctx, p); err != nil {
		return inv, p, err
	}
	if err := tx.AppendEvent(ctx, event.New(event.PaymentCaptured, p.CompanyID, p.ID, at, p.Facts())); err != nil || p.Parked {
		return inv, p, err
	}
	return inv, p, saveReceived(ctx, tx, inv, at)
}

// OtherReceipt is money that came by other means than an online payment, such as a bank transfer.
type OtherReceipt struct {
	ID        string // its natural key
	InvoiceID string
	Amount    money.Amount
	Day       time.Time // midnight UTC
	Account   string    // on which it came
	Reference string    // what the company calls it; may be empty
	By        string    // the id of the key with which it was entered
}

// ReceiptTx is what Receipt needs of its transaction.
type ReceiptTx interface {
	Tx
	// EntryBySource returns the entry that was booked for the source; false when there is none.
	EntryBySource(ctx context.Context, source ledger.Source) (ledger.Entry, bool, error)
}

// Receipt books money that came by other means: its account to 1100. It returns the invoice as it is then. A receipt that is
// booked already changes nothing. Problems: invoice-paid, invoice-cancelled, receipt-exceeds-invoice, validation-failed for an
// account outside the chart.
func Receipt(ctx context.Context, tx ReceiptTx, r OtherReceipt, at time.Time) (invoice.Invoice, error) {
	inv, err := tx.LockInvoice(ctx, r.InvoiceID)
	if err != nil {
		return inv, err
	}
	if _, booked, err := tx.EntryBySource(ctx, ledger.Source{Kind: ledger.FromReceipt, ID: r.ID}); err != nil || booked {
		return inv, err
	}
	if err := inv.Receive(r.Amount, at); err != nil {
		return inv, err
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return inv, err
	}
	entry := ledger.OtherReceipt(occasion(company, inv, "", r.Amount, r.Day), r.Account, r.ID, r.Reference, r.By)
	if _, err := tx.Append(ctx, entry); err != nil {
		return inv, err
	}
	return inv, saveReceived(ctx, tx, inv, at)
}
