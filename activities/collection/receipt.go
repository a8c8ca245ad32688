package collection

import (
	"context"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/workflows/contract"
)

// Receipt is a captured payment to be booked.
type Receipt struct {
	activities.PaymentRef
	CaptureID string `json:"capture_id"`
}

// Booked is what a receipt made of the invoice. Parked says that less was due than came: the money stands on 2030,
// prepayments received, until a person decides.
type Booked struct {
	activities.Standing
	Account string `json:"account"`
	Parked  bool   `json:"parked"`
	// MailQueued says that the receipt is still to be mailed to the payer.
	MailQueued bool `json:"mail_queued,omitempty"`
}

// BookReceipt books a captured payment, see booking.Payment.
func (a *Activities) BookReceipt(ctx context.Context, in Receipt) (Booked, error) {
	var (
		inv invoice.Invoice
		p   payment.Payment
	)
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		inv, p, err = booking.Payment(ctx, tx, in.PaymentID, in.CaptureID, a.Now())
		return err
	})
	if err != nil {
		return Booked{}, err
	}
	countEnd(ctx, p, a.Now())
	return Booked{Standing: activities.StandingOf(inv), Account: p.BookedAccount, Parked: p.Parked, MailQueued: p.Mail.Queued()}, nil
}

// OtherReceipt is money that came by other means than an online payment, such as a bank transfer.
type OtherReceipt struct {
	activities.InvoiceRef
	contract.RecordReceipt
}

// RecordReceipt books such money and moves the invoice to paid or partially_paid, see booking.Receipt for the problems.
func (a *Activities) RecordReceipt(ctx context.Context, in OtherReceipt) (standing activities.Standing, err error) {
	err = a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		inv, err := booking.Receipt(ctx, tx, booking.OtherReceipt{
			ID: in.ReceiptID, InvoiceID: in.InvoiceID, Amount: in.Amount, Day: in.Day, Account: in.Account, Reference: in.Reference, By: in.By,
		}, a.Now())
		standing = activities.StandingOf(inv)
		return err
	})
	return standing, err
}

// VoidedReceipt is a receipt of an invoice that was recorded by mistake.
type VoidedReceipt struct {
	activities.InvoiceRef
	contract.VoidReceipt
}

// VoidReceipt takes such a receipt back, see booking.VoidReceipt for the problems.
func (a *Activities) VoidReceipt(ctx context.Context, in VoidedReceipt) (standing activities.Standing, err error) {
	err = a.InBank(ctx, in.CompanyID, func(tx BankTx) error {
		inv, err := booking.VoidReceipt(ctx, tx, booking.Void{ReceiptID: in.ReceiptID, Reason: in.Reason, By: in.By}, a.Now())
		if err != nil {
			return err
		}
		standing = activities.StandingOf(inv)
		return a.forget(ctx, tx, in.ReceiptID)
	})
	return standing, err
}
