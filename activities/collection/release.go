package collection

import (
	"context"
	"errors"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
)

// Release asks to give an authorization back to the payer.
type Release struct {
	activities.PaymentRef
	Objection payment.Objection `json:"objection"`
}

// Released says what became of the authorization: Taken, when the money had been captured before.
type Released struct {
	Taken     bool   `json:"taken,omitempty"`
	CaptureID string `json:"capture_id,omitempty"`
}

// ReleasePayment gives an authorization back (Saferpay JSON API 1.53, Transaction/Cancel) and records why. After a lost
// answer it asks again: a second Cancel answers TRANSACTION_IN_WRONG_STATE, which then means that the first one worked.
// A payment that the provider captured in between can't be released: its capture id is returned, to be booked.
func (a *Activities) ReleasePayment(ctx context.Context, in Release) (Released, error) {
	sub, err := a.Saferpay.Load(ctx, in.PaymentRef)
	if err != nil || sub.Payment.State == payment.Cancelled {
		return Released{}, err
	}
	err = sub.Gateway.Cancel(ctx, sub.Credentials, account.Call(ctx, in.PaymentID, "cancel", in.Retries), sub.Payment.TransactionID)
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok {
		switch {
		case refusal.Name == saferpay.NameTransactionAlreadyCaptured:
			captured, err := a.confirmCapture(ctx, sub)
			return Released{Taken: err == nil, CaptureID: captured.CaptureID}, err
		case refusal.Name == saferpay.NameTransactionInWrongState:
			var gone bool
			if gone, err = a.cancelled(ctx, sub); !gone && err == nil {
				err = refusal
			}
		case refusal.Outcome == saferpay.Unknown:
			return Released{}, errors.Join(err, a.doubt(ctx, in.PaymentRef, "The answer to Cancel was lost; it is being cleared up."))
		case refusal.Refused():
			return Released{}, errors.Join(err, a.doubt(ctx, in.PaymentRef, "Saferpay refused to release: "+refusal.Name+"."))
		}
	}
	if err != nil {
		return Released{}, a.Saferpay.NoticeRevoked(ctx, sub.Service, err)
	}
	return Released{}, a.change(ctx, in.PaymentRef, func(p *payment.Payment) ([]event.Type, error) {
		p.Failure = payment.Failure{Name: string(in.Objection)}
		return []event.Type{event.PaymentFailed}, p.Become(payment.Cancelled, a.Now(), in.Objection.Note())
	})
}

// cancelled asks whether the authorization is gone, by an earlier Cancel whose answer was lost or in the Backoffice.
func (a *Activities) cancelled(ctx context.Context, sub subject) (bool, error) {
	found, err := a.inquireTransaction(ctx, sub)
	return err == nil && found.Transaction.Status == saferpay.StatusCanceled, saferpay.NotYet(err)
}
