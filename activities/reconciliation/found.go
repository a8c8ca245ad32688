package reconciliation

import (
	"context"
	"errors"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
)

// FoundTransaction is a transaction at Saferpay that a person decided on. Amount is what was authorized.
type FoundTransaction struct {
	activities.PaymentServiceRef
	ExceptionID   string       `json:"exception_id"`
	TransactionID string       `json:"transaction_id"`
	Amount        money.Amount `json:"amount"`
}

// Taken is how much money a capture moved.
type Taken struct {
	Amount money.Amount `json:"amount"`
}

// CaptureFound captures a transaction (Saferpay JSON API 1.53, Transaction/Capture). It may be repeated: what was captured
// before is looked up, since another amount may have been.
func (a *Activities) CaptureFound(ctx context.Context, in FoundTransaction) (Taken, error) {
	service, err := a.Saferpay.Service(ctx, in.PaymentServiceRef)
	if err != nil {
		return Taken{}, err
	}
	gateway, credentials, err := a.Saferpay.OpenUnlessRefused(service)
	if err != nil {
		return Taken{}, err
	}
	captured, err := gateway.Capture(ctx, credentials, account.Call(ctx, in.ExceptionID, "capture", 0), in.TransactionID)
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok && refusal.Outcome == saferpay.Done {
		found, err := gateway.Inquire(ctx, credentials, account.Call(ctx, in.ExceptionID, "inquire", 0), saferpay.InquireBy{TransactionID: in.TransactionID})
		return Taken{Amount: found.Transaction.Amount}, saferpay.NotYet(err)
	}
	if err == nil && captured.Status != saferpay.StatusCaptured { // Transaction/Capture: Status PENDING
		err = &saferpay.Error{Operation: saferpay.OperationCapture, Outcome: saferpay.Unknown, Message: "the acquirer has not answered yet"}
	}
	return Taken{Amount: in.Amount}, a.Saferpay.NoticeRevoked(ctx, service, err)
}

// ReleaseFound gives an authorization back to the payer (Saferpay JSON API 1.53, Transaction/Cancel). It may be repeated: what
// was cancelled before is fine.
func (a *Activities) ReleaseFound(ctx context.Context, in FoundTransaction) error {
	service, err := a.Saferpay.Service(ctx, in.PaymentServiceRef)
	if err != nil {
		return err
	}
	gateway, credentials, err := a.Saferpay.OpenUnlessRefused(service)
	if err != nil {
		return err
	}
	err = gateway.Cancel(ctx, credentials, account.Call(ctx, in.ExceptionID, "cancel", 0), in.TransactionID)
	if saferpay.IsNamed(err, saferpay.NameTransactionInWrongState) {
		found, inquired := gateway.Inquire(ctx, credentials, account.Call(ctx, in.ExceptionID, "inquire", 0), saferpay.InquireBy{TransactionID: in.TransactionID})
		if inquired == nil && found.Transaction.Status == saferpay.StatusCanceled {
			return nil
		}
	}
	return a.Saferpay.NoticeRevoked(ctx, service, err)
}

// FoundMoney is what a transaction at Saferpay moved beyond what is booked for it: more than 0 when it came, less than 0 when
// it went. Invoice and payment are empty when none is known; By is the id of the key that decided.
type FoundMoney struct {
	activities.PaymentRef
	InvoiceID     string       `json:"invoice_id"`
	TransactionID string       `json:"transaction_id"`
	Amount        money.Amount `json:"amount"`
	By            string       `json:"by"`
}

// BookFound books what Saferpay moved against 2030, prepayments received, see booking.Found.
func (a *Activities) BookFound(ctx context.Context, in FoundMoney) error {
	return a.InBooks(ctx, in.CompanyID, func(tx BooksTx) error {
		return booking.Found(ctx, tx, booking.FoundMoney{
			InvoiceID: in.InvoiceID, PaymentID: in.PaymentID, TransactionID: in.TransactionID, Amount: in.Amount, By: in.By,
		}, a.Now())
	})
}

// FoundRefund is a refund that was made at Saferpay without us, and the payment that it fits.
type FoundRefund struct {
	activities.PaymentRef
	InvoiceID     string       `json:"invoice_id"`
	TransactionID string       `json:"transaction_id"`
	Amount        money.Amount `json:"amount"`
}

// RecordFoundRefund records the refund as the merchant's own, and books it, see booking.FoundRefund.
func (a *Activities) RecordFoundRefund(ctx context.Context, in FoundRefund) (activities.GivenBack, error) {
	var back booking.Returned
	err := a.InBooks(ctx, in.CompanyID, func(tx BooksTx) (err error) {
		back, err = booking.FoundRefund(ctx, tx, booking.RefundAtSaferpay{
			CompanyID: in.CompanyID, InvoiceID: in.InvoiceID, PaymentID: in.PaymentID, TransactionID: in.TransactionID, Amount: in.Amount,
		}, a.Now())
		return err
	})
	return activities.GivenBack(back), err
}
