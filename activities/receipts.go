package activities

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// OtherReceipt is money that came by other means than an online payment, such as a bank transfer.
type OtherReceipt struct {
	InvoiceRef
	ReceiptID string       `json:"receipt_id"`
	Amount    money.Amount `json:"amount"`
	Day       time.Time    `json:"day"` // midnight UTC
	Account   string       `json:"account"`
	Reference string       `json:"reference"`
	By        string       `json:"by"` // the id of the key with which it was entered
}

// RecordReceipt books the receipt on its account against receivables and moves the invoice to paid or partially_paid. A
// receipt that is booked already changes nothing. Problems: invoice-paid, invoice-cancelled, receipt-exceeds-invoice,
// validation-failed for an account outside the chart.
func (b *Books) RecordReceipt(ctx context.Context, in OtherReceipt) (Standing, error) {
	var standing Standing
	err := b.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		inv, err := tx.LockInvoice(ctx, in.InvoiceID)
		if err != nil {
			return err
		}
		standing = Standing{InvoiceStatus: inv.Status, Due: inv.AmountDue()}
		source := ledger.Source{Kind: ledger.FromReceipt, ID: in.ReceiptID}
		if _, booked, err := tx.EntryBySource(ctx, source); err != nil || booked {
			return err
		}
		if err := inv.Receive(in.Amount, b.Now()); err != nil {
			return err
		}
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		entry := ledger.OtherReceipt(occasion(company, inv, "", in.Amount, in.Day), in.Account, in.ReceiptID, in.Reference, in.By)
		if _, err := tx.Append(ctx, entry); err != nil {
			return err
		}
		if err := tx.SaveInvoice(ctx, inv); err != nil {
			return err
		}
		standing = Standing{InvoiceStatus: inv.Status, Due: inv.AmountDue()}
		return tx.AppendEvent(ctx, invoiceEvent(receivedEvent(inv), inv, b.Now()))
	})
	return standing, err
}

// Standing is where an invoice stands after something happened to it.
type Standing struct {
	InvoiceStatus invoice.Status `json:"invoice_status"`
	Due           money.Amount   `json:"due"`
}

func receivedEvent(inv invoice.Invoice) event.Type {
	if inv.Status == invoice.PartiallyPaid {
		return event.InvoicePartiallyPaid
	}
	return event.InvoicePaid
}
