package booking

import (
	"context"
	"errors"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
)

// RefundTx is what Refund needs of its transaction.
type RefundTx interface {
	Tx
	LockPayment(ctx context.Context, id string) (payment.Payment, error)
	Refund(ctx context.Context, id string) (refund.Refund, error)
	LockRefund(ctx context.Context, id string) (refund.Refund, error)
	RefundsOf(ctx context.Context, paymentID string) ([]refund.Refund, error)
	SaveRefund(ctx context.Context, r refund.Refund) error
}

// Returned is what a refund left of its payment. Unparked says that the payment was parked on 2030, and that all of it has gone
// back: nothing is left to decide about it. MailQueued says that the mail to the payer is still to be sent.
type Returned struct {
	InvoiceID  string
	PaymentID  string
	Unparked   bool
	MailQueued bool
}

// Refund books a refund that has happened: 1100, or 2030 for a parked payment, to the account on which the payment was booked,
// wherever receipts are booked by now. The refund becomes next, which is refund.Captured, or refund.Recorded when the merchant
// made it by hand; note is what its timeline says. A mail to the payer is queued for a captured one, as for a payment. A refund that is booked already changes nothing.
func Refund(ctx context.Context, tx RefundTx, refundID string, next refund.State, note string, at time.Time) (Returned, error) {
	r, err := tx.Refund(ctx, refundID) // for ids that never change
	if err != nil {
		return Returned{}, err
	}
	inv, err := tx.LockInvoice(ctx, r.InvoiceID)
	if err != nil {
		return Returned{}, err
	}
	p, err := tx.LockPayment(ctx, r.PaymentID)
	if err != nil {
		return Returned{}, err
	}
	if r, err = tx.LockRefund(ctx, refundID); err != nil {
		return Returned{}, err
	}
	if r.State.Happened() {
		return returned(ctx, tx, p, r)
	}
	counter := ledger.Receivables
	if p.Parked {
		counter = ledger.Prepayments
	} else if err := inv.Return(r.Amount); err != nil {
		return Returned{}, err
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return Returned{}, err
	}
	entry, err := tx.Append(ctx, ledger.Refund(occasion(company, inv, p.ID, r.Amount, calendar.Day(at)), p.BookedAccount, counter, r.ID))
	if err != nil {
		return Returned{}, err
	}
	r.BookedAccount = p.BookedAccount
	if next == refund.Captured && tellsPayer(company, inv) {
		r.Mail = payment.QueuedMail(at)
	}
	if err := r.Become(next, at, note+" Booked as journal entry "+entry.ID+"."); err != nil {
		return Returned{}, err
	}
	if err := errors.Join(tx.SaveRefund(ctx, r), tx.SaveInvoice(ctx, inv)); err != nil {
		return Returned{}, err
	}
	if err := tx.AppendEvent(ctx, event.New(event.RefundCaptured, r.CompanyID, r.ID, at, r.Facts())); err != nil {
		return Returned{}, err
	}
	return returned(ctx, tx, p, r)
}

func returned(ctx context.Context, tx RefundTx, p payment.Payment, r refund.Refund) (Returned, error) {
	back := Returned{InvoiceID: p.InvoiceID, PaymentID: p.ID, MailQueued: r.Mail.Queued()}
	if !p.Parked {
		return back, nil
	}
	refunds, err := tx.RefundsOf(ctx, p.ID)
	back.Unparked = refund.Whole(p, refunds)
	return back, err
}

// FoundRefundTx is what FoundRefund needs of its transaction.
type FoundRefundTx interface {
	RefundTx
	InsertRefund(ctx context.Context, r refund.Refund) error
}

// RefundAtSaferpay is a refund that was made at Saferpay without us, and the payment that it fits.
type RefundAtSaferpay struct {
	CompanyID     string
	InvoiceID     string // of the payment
	PaymentID     string
	TransactionID string // its natural key
	Amount        money.Amount
}

// FoundRefund records such a refund as the merchant's own, and books it. One that is recorded already stays as it is. Problems:
// payment-not-captured, refund-exceeds-payment.
func FoundRefund(ctx context.Context, tx FoundRefundTx, in RefundAtSaferpay, at time.Time) (Returned, error) {
	if _, err := tx.LockInvoice(ctx, in.InvoiceID); err != nil {
		return Returned{}, err
	}
	p, err := tx.LockPayment(ctx, in.PaymentID)
	if err != nil {
		return Returned{}, err
	}
	refunds, err := tx.RefundsOf(ctx, p.ID)
	if err != nil {
		return Returned{}, err
	}
	for _, r := range refunds {
		if r.TransactionID == in.TransactionID {
			return returned(ctx, tx, p, r)
		}
	}
	if err := refund.Allow(p, refunds, in.Amount, at); err != nil {
		return Returned{}, err
	}
	r := refund.New(refund.Refund{
		ID: id.New(id.Refund), CompanyID: in.CompanyID, PaymentID: p.ID, InvoiceID: p.InvoiceID, OrderID: id.NewOrder(), Amount: in.Amount,
		Reason: "Made in the Saferpay Backoffice", TransactionID: in.TransactionID,
	}, at)
	if err := tx.InsertRefund(ctx, r); err != nil {
		return Returned{}, err
	}
	return Refund(ctx, tx, r.ID, refund.Recorded, "Found in Saferpay's transaction report.", at)
}
