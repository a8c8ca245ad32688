package collection

import (
	"cmp"
	"context"
	"errors"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
)

// Captured is the proof that the money is on its way.
type Captured struct {
	CaptureID string `json:"capture_id"`
	Pending   bool   `json:"pending,omitempty"` // not yet: the acquirer has not answered
	Gone      bool   `json:"gone,omitempty"`    // there was nothing to take: the authorization was cancelled elsewhere
}

// CapturePayment takes the money of an authorized payment (Saferpay JSON API 1.53, Transaction/Capture). After a lost
// answer the payment is unknown until the next attempt, which is safe: Saferpay says TRANSACTION_ALREADY_CAPTURED instead
// of capturing twice, and Inquire or Assert then confirms it. A capture that the acquirer has not answered yet is pending; the next
// attempt then asks about it (Transaction/AssertCapture) instead of capturing again. What Saferpay refuses for good is an
// error of type SaferpayRefused.
func (a *Activities) CapturePayment(ctx context.Context, in activities.PaymentRef) (Captured, error) {
	sub, err := a.Saferpay.Load(ctx, in)
	if err != nil {
		return Captured{}, err
	}
	if sub.Payment.State == payment.Captured {
		return Captured{CaptureID: sub.Payment.CaptureID}, nil
	}
	if sub.Payment.CaptureID != "" {
		return a.askCapture(ctx, sub)
	}
	captured, err := sub.Gateway.Capture(ctx, sub.Credentials, account.Call(ctx, in.PaymentID, "capture", in.Retries), sub.Payment.TransactionID)
	if err == nil && captured.Status == saferpay.StatusPending {
		return Captured{CaptureID: captured.ID, Pending: true}, a.change(ctx, in, func(p *payment.Payment) ([]event.Type, error) {
			p.CaptureID = captured.ID
			return nil, p.Become(payment.Unknown, a.Now(), "The acquirer has not answered the capture yet.")
		})
	}
	if err == nil && captured.ID == "" { // JSON API 1.53: CaptureId is not mandatory, but refunds need it
		return a.confirmCapture(ctx, sub)
	}
	if err == nil {
		return Captured{CaptureID: captured.ID}, nil
	}
	refusal, ok := errors.AsType[*saferpay.Error](err)
	switch {
	case ok && refusal.Outcome == saferpay.Done:
		return a.confirmCapture(ctx, sub)
	case ok && refusal.Name == saferpay.NameTransactionInWrongState:
		gone, inquired := a.cancelled(ctx, sub)
		if !gone {
			return Captured{}, cmp.Or(inquired, err)
		}
		return a.gone(ctx, sub.Payment)
	case ok && refusal.Outcome == saferpay.Unknown:
		return Captured{}, errors.Join(err, a.doubt(ctx, in, "The answer to Capture was lost; it is being cleared up."))
	case ok && refusal.Refused():
		return Captured{}, errors.Join(err, a.doubt(ctx, in, "Saferpay refused to capture: "+refusal.Name+"."))
	default:
		return Captured{}, a.Saferpay.NoticeRevoked(ctx, sub.Service, err)
	}
}

// askCapture asks what became of a capture that the acquirer left open (Saferpay JSON API 1.53, Transaction/AssertCapture). When
// Saferpay says no for good, the transaction itself tells what is left to do: nothing, or to capture it again, which the next
// attempt does.
func (a *Activities) askCapture(ctx context.Context, sub subject) (Captured, error) {
	progress, err := sub.Gateway.AssertCapture(ctx, sub.Credentials, account.Call(ctx, sub.Payment.ID, "assert-capture", sub.Retries), sub.Payment.CaptureID)
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok && refusal.Refused() {
		return a.askTransaction(ctx, sub, refusal)
	}
	if err != nil {
		return Captured{}, a.Saferpay.NoticeRevoked(ctx, sub.Service, err)
	}
	return Captured{CaptureID: sub.Payment.CaptureID, Pending: progress.Status != saferpay.StatusCaptured}, nil
}

// askTransaction asks what became of the money of a capture about which Saferpay gives no answer any more.
func (a *Activities) askTransaction(ctx context.Context, sub subject, refusal *saferpay.Error) (Captured, error) {
	found, err := a.inquireTransaction(ctx, sub)
	switch {
	case err != nil:
		return Captured{}, saferpay.NotYet(err)
	case found.Transaction.Status == saferpay.StatusCaptured:
		return matching(sub.Payment, found)
	case found.Transaction.Status == saferpay.StatusCanceled:
		return a.gone(ctx, sub.Payment)
	case found.Transaction.Status != saferpay.StatusAuthorized:
		return Captured{}, refusal
	}
	return Captured{}, errors.Join(refusal, a.change(ctx, ref(sub.Payment), func(p *payment.Payment) ([]event.Type, error) {
		p.CaptureID = ""
		return nil, nil
	}))
}

// gone records that an authorization was cancelled elsewhere.
func (a *Activities) gone(ctx context.Context, p payment.Payment) (Captured, error) {
	return Captured{Gone: true}, a.change(ctx, ref(p), func(p *payment.Payment) ([]event.Type, error) {
		p.Failure = payment.Failure{Name: "authorization_cancelled"}
		return []event.Type{event.PaymentFailed}, p.Become(payment.Cancelled, a.Now(), "The authorization was cancelled at Saferpay, not by us.")
	})
}

func (a *Activities) inquireTransaction(ctx context.Context, sub subject) (saferpay.Assertion, error) {
	return a.lookUp(ctx, sub, "inquire", saferpay.InquireBy{TransactionID: sub.Payment.TransactionID})
}

// matching returns the capture that was found, unless it is of other money than we asked for.
func matching(p payment.Payment, found saferpay.Assertion) (Captured, error) {
	if o := p.Examine(found.Transaction.OrderID, found.Transaction.Amount, true, false); o != payment.NoObjection {
		return Captured{}, disagrees(p, found)
	}
	return Captured{CaptureID: found.Transaction.CaptureID}, nil
}

// confirmCapture finds the capture id of a capture whose answer was lost.
func (a *Activities) confirmCapture(ctx context.Context, sub subject) (Captured, error) {
	found, err := a.inquireTransaction(ctx, sub)
	if err != nil {
		return Captured{}, saferpay.NotYet(err)
	}
	captured, err := matching(sub.Payment, found)
	if err == nil && found.Transaction.Status != saferpay.StatusCaptured {
		return Captured{}, &saferpay.Error{
			Operation: saferpay.OperationInquire, Outcome: saferpay.Unknown,
			Message: "Inquire does not show the capture yet",
		}
	}
	return captured, err
}

// doubt records that nobody knows what became of the payment; one that is in doubt already stays as it is.
func (a *Activities) doubt(ctx context.Context, in activities.PaymentRef, note string) error {
	return a.change(ctx, in, func(p *payment.Payment) ([]event.Type, error) {
		if !p.State.CanBecome(payment.Unknown) {
			return nil, nil
		}
		return nil, p.Become(payment.Unknown, a.Now(), note)
	})
}
