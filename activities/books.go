package activities

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// Books are the steps that change only our own records.
type Books struct {
	InCompany InCompany
	Now       func() time.Time
}

// OpenInvoice turns a draft into an open invoice that can be paid; an open one stays as it is. Problems: invoice-not-draft,
// payment-service-not-active, currency-not-active.
func (b *Books) OpenInvoice(ctx context.Context, ref InvoiceRef) (Standing, error) {
	var standing Standing
	err := b.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		inv, err := tx.LockInvoice(ctx, ref.InvoiceID)
		standing = Standing{InvoiceStatus: invoice.Open, Due: inv.AmountDue()}
		if err != nil || inv.Status == invoice.Open {
			return err
		}
		if err := inv.Become(invoice.Open); err != nil {
			return err
		}
		if err := merchant.Collectable(ctx, inv, tx.PaymentService); err != nil {
			return err
		}
		inv.IssuedAt = b.Now().UTC()
		if err := tx.SaveInvoice(ctx, inv); err != nil {
			return err
		}
		return tx.AppendEvent(ctx, invoiceEvent(event.InvoiceOpened, inv, b.Now()))
	})
	return standing, err
}

// CancelInvoice withdraws an open invoice; a cancelled one stays as it is. Problem: invoice-paid.
func (b *Books) CancelInvoice(ctx context.Context, ref InvoiceRef) error {
	return b.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		inv, err := tx.LockInvoice(ctx, ref.InvoiceID)
		if err != nil || inv.Status == invoice.Cancelled {
			return err
		}
		if err := inv.Become(invoice.Cancelled); err != nil {
			return err
		}
		if err := tx.SaveInvoice(ctx, inv); err != nil {
			return err
		}
		return tx.AppendEvent(ctx, invoiceEvent(event.InvoiceCancelled, inv, b.Now()))
	})
}

// Receipt is a captured payment to be booked.
type Receipt struct {
	PaymentRef
	CaptureID string `json:"capture_id"`
}

// Booked is what a receipt made of the invoice. Parked says that less was due than came: the money stands on 2030,
// prepayments received, until a person decides.
type Booked struct {
	Standing
	Account string `json:"account"`
	Parked  bool   `json:"parked"`
}

// BookReceipt records a captured payment: payment, invoice, journal entry and events in one transaction. A payment that
// is booked already changes nothing.
func (b *Books) BookReceipt(ctx context.Context, in Receipt) (Booked, error) {
	var booked Booked
	var taken payment.Payment
	err := b.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		p, err := tx.Payment(ctx, in.PaymentID) // only for the invoice's id, which never changes
		if err != nil {
			return err
		}
		inv, err := tx.LockInvoice(ctx, p.InvoiceID)
		if err != nil {
			return err
		}
		if p, err = tx.LockPayment(ctx, in.PaymentID); err != nil {
			return err
		}
		if p.State == payment.Captured {
			booked = Booked{Standing: Standing{inv.Status, inv.AmountDue()}, Account: p.BookedAccount, Parked: p.Parked}
			return nil
		}
		booked, err = b.book(ctx, tx, inv, &p, in.CaptureID)
		taken = p
		return err
	})
	if err == nil {
		countEnd(ctx, taken, b.Now())
	}
	return booked, err
}

func (b *Books) book(ctx context.Context, tx Tx, inv invoice.Invoice, p *payment.Payment, captureID string) (Booked, error) {
	now := b.Now()
	company, err := tx.Company(ctx)
	if err != nil {
		return Booked{}, err
	}
	counter := ledger.Receivables
	if err := inv.Receive(p.Amount, now); problem.CodeOf(err) != "" {
		counter, p.Parked = ledger.Prepayments, true
	} else if err != nil {
		return Booked{}, err
	}
	entry, err := tx.Append(ctx, ledger.Receipt(occasion(company, inv, p.ID, p.Amount, calendar.Day(now)), company.ReceiptAccount, counter))
	if err != nil {
		return Booked{}, err
	}
	p.CaptureID, p.BookedAccount = captureID, company.ReceiptAccount
	if err := p.Become(payment.Captured, now, "Booked on account "+p.BookedAccount+" as journal entry "+entry.ID+"."); err != nil {
		return Booked{}, err
	}
	if err := tx.SavePayment(ctx, *p); err != nil {
		return Booked{}, err
	}
	if err := tx.AppendEvent(ctx, paymentEvent(event.PaymentCaptured, *p, now)); err != nil {
		return Booked{}, err
	}
	booked := Booked{Standing: Standing{inv.Status, inv.AmountDue()}, Account: p.BookedAccount, Parked: p.Parked}
	if p.Parked {
		return booked, nil
	}
	if err := tx.SaveInvoice(ctx, inv); err != nil {
		return Booked{}, err
	}
	return booked, tx.AppendEvent(ctx, invoiceEvent(receivedEvent(inv), inv, now))
}

// occasion is what is booked of something that happened to the invoice; paymentID is empty for money by other means.
func occasion(c merchant.Company, inv invoice.Invoice, paymentID string, amount money.Amount, day time.Time) ledger.Occasion {
	return ledger.Occasion{
		CompanyID: c.ID, Language: c.Language, InvoiceID: inv.ID, InvoiceNumber: inv.Number, PaymentID: paymentID, Amount: amount, Day: day,
	}
}

func invoiceEvent(t event.Type, inv invoice.Invoice, at time.Time) event.Event {
	return event.New(t, inv.CompanyID, inv.ID, at, inv.Facts())
}

func paymentEvent(t event.Type, p payment.Payment, at time.Time) event.Event {
	data := withAmount(p.Amount, map[string]string{"payment_id": p.ID, "invoice_id": p.InvoiceID, "state": string(p.State)})
	if p.Failure.Name != "" {
		data["failure"] = p.Failure.Name
	}
	return event.New(t, p.CompanyID, p.ID, at, data)
}

func withAmount(a money.Amount, data map[string]string) map[string]string {
	data["amount"], data["currency"] = a.Value(), string(a.Currency())
	return data
}
