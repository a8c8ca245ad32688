package activities

import (
	"cmp"
	"context"
	"errors"

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
// of capturing twice, and Inquire then confirms it. A capture that the acquirer has not answered yet is pending; the next
// attempt then asks about it (Transaction/AssertCapture) instead of capturing again. What Saferpay refuses for good is an
// error of type SaferpayRefused.
func (s *Saferpay) CapturePayment(ctx context.Context, in PaymentRef) (Captured, error) {
	sub, err := s.load(ctx, in)
	if err != nil {
		return Captured{}, err
	}
	if sub.payment.State == payment.Captured {
		return Captured{CaptureID: sub.payment.CaptureID}, nil
	}
	if sub.payment.CaptureID != "" {
		return s.askCapture(ctx, sub)
	}
	captured, err := sub.gateway.Capture(ctx, sub.credentials, call(ctx, in.PaymentID, "capture"), sub.payment.TransactionID)
	if err == nil && captured.Status == saferpay.StatusPending {
		return Captured{CaptureID: captured.ID, Pending: true}, s.change(ctx, in, func(p *payment.Payment) ([]event.Type, error) {
			p.CaptureID = captured.ID
			return nil, p.Become(payment.Unknown, s.Now(), "The acquirer has not answered the capture yet.")
		})
	}
	if err == nil && captured.ID == "" { // JSON API 1.53: CaptureId is not mandatory, but refunds need it
		return s.confirmCapture(ctx, sub)
	}
	if err == nil {
		return Captured{CaptureID: captured.ID}, nil
	}
	refusal, ok := errors.AsType[*saferpay.Error](err)
	switch {
	case ok && refusal.Outcome == saferpay.Done:
		return s.confirmCapture(ctx, sub)
	case ok && refusal.Name == saferpay.NameTransactionInWrongState:
		gone, inquired := s.cancelled(ctx, sub)
		if !gone {
			return Captured{}, cmp.Or(inquired, err)
		}
		return s.gone(ctx, sub.payment)
	case ok && refusal.Outcome == saferpay.Unknown:
		return Captured{}, errors.Join(err, s.doubt(ctx, in, "The answer to Capture was lost; it is being cleared up."))
	case ok && refused(refusal):
		return Captured{}, errors.Join(err, s.doubt(ctx, in, "Saferpay refused to capture: "+refusal.Name+"."))
	default:
		return Captured{}, s.noticeRevoked(ctx, sub.service, err)
	}
}

// askCapture asks what became of a capture that the acquirer left open (Saferpay JSON API 1.53, Transaction/AssertCapture). When
// Saferpay says no for good, the transaction itself tells what is left to do: nothing, or to capture it anew, which the next
// attempt does.
func (s *Saferpay) askCapture(ctx context.Context, sub subject) (Captured, error) {
	progress, err := sub.gateway.AssertCapture(ctx, sub.credentials, call(ctx, sub.payment.ID, "assert-capture"), sub.payment.CaptureID)
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok && refused(refusal) {
		return s.askTransaction(ctx, sub, refusal)
	}
	if err != nil {
		return Captured{}, s.noticeRevoked(ctx, sub.service, err)
	}
	return Captured{CaptureID: sub.payment.CaptureID, Pending: progress.Status != saferpay.StatusCaptured}, nil
}

// askTransaction asks what became of the money of a capture about which Saferpay gives no answer any more.
func (s *Saferpay) askTransaction(ctx context.Context, sub subject, refusal *saferpay.Error) (Captured, error) {
	found, err := s.inquireTransaction(ctx, sub)
	switch {
	case err != nil:
		return Captured{}, notYet(err)
	case found.Transaction.Status == saferpay.StatusCaptured:
		return matching(sub.payment, found)
	case found.Transaction.Status == saferpay.StatusCanceled:
		return s.gone(ctx, sub.payment)
	case found.Transaction.Status != saferpay.StatusAuthorized:
		return Captured{}, refusal
	}
	return Captured{}, errors.Join(refusal, s.change(ctx, ref(sub.payment), func(p *payment.Payment) ([]event.Type, error) {
		p.CaptureID = ""
		return nil, nil
	}))
}

// gone records that an authorization was cancelled elsewhere.
func (s *Saferpay) gone(ctx context.Context, p payment.Payment) (Captured, error) {
	return Captured{Gone: true}, s.change(ctx, ref(p), func(p *payment.Payment) ([]event.Type, error) {
		p.Failure = payment.Failure{Name: "authorization_cancelled"}
		return []event.Type{event.PaymentFailed}, p.Become(payment.Cancelled, s.Now(), "The authorization was cancelled at Saferpay, not by us.")
	})
}

func (s *Saferpay) inquireTransaction(ctx context.Context, sub subject) (saferpay.Assertion, error) {
	return sub.gateway.Inquire(ctx, sub.credentials, call(ctx, sub.payment.ID, "inquire"), saferpay.InquireBy{TransactionID: sub.payment.TransactionID})
}

// matching returns the capture that was found, unless it is of other money than we asked for.
func matching(p payment.Payment, found saferpay.Assertion) (Captured, error) {
	if o := p.Examine(found.Transaction.OrderID, found.Transaction.Amount, true, false); o != payment.NoObjection {
		return Captured{}, disagrees(p, found)
	}
	return Captured{CaptureID: found.Transaction.CaptureID}, nil
}

// confirmCapture finds the capture id of a capture whose answer was lost.
func (s *Saferpay) confirmCapture(ctx context.Context, sub subject) (Captured, error) {
	found, err := s.inquireTransaction(ctx, sub)
	if err != nil {
		return Captured{}, notYet(err)
	}
	captured, err := matching(sub.payment, found)
	if err == nil && found.Transaction.Status != saferpay.StatusCaptured {
		return Captured{}, &saferpay.Error{
			Operation: saferpay.OperationInquire, Outcome: saferpay.Unknown,
			Message: "Inquire does not show the capture yet",
		}
	}
	return captured, err
}

// notYet makes TRANSACTION_NOT_FOUND worth another look: what Inquire shows lags some minutes behind.
func notYet(err error) error {
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok && refusal.Name == saferpay.NameTransactionNotFound {
		refusal.Outcome = saferpay.Unknown
	}
	return err
}

// doubt records that nobody knows what became of the payment; one that is in doubt already stays as it is.
func (s *Saferpay) doubt(ctx context.Context, in PaymentRef, note string) error {
	return s.change(ctx, in, func(p *payment.Payment) ([]event.Type, error) {
		if !p.State.CanBecome(payment.Unknown) {
			return nil, nil
		}
		return nil, p.Become(payment.Unknown, s.Now(), note)
	})
}

// Release asks to give an authorization back to the payer.
type Release struct {
	PaymentRef
	Objection payment.Objection `json:"objection"`
}

// Released says what became of the authorization: Taken, when the money had been captured before.
type Released struct {
	Taken     bool   `json:"taken,omitempty"`
	CaptureID string `json:"capture_id,omitempty"`
}

// ReleasePayment gives an authorization back (Saferpay JSON API 1.53, Transaction/Cancel) and records why. After a lost
// answer it asks again: a second Cancel answers TRANSACTION_IN_WRONG_STATE, which then means that the first one worked.
// A payment that the provider captured meanwhile can't be released: its capture id is returned, to be booked.
func (s *Saferpay) ReleasePayment(ctx context.Context, in Release) (Released, error) {
	sub, err := s.load(ctx, in.PaymentRef)
	if err != nil || sub.payment.State == payment.Cancelled {
		return Released{}, err
	}
	err = sub.gateway.Cancel(ctx, sub.credentials, call(ctx, in.PaymentID, "cancel"), sub.payment.TransactionID)
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok {
		switch {
		case refusal.Name == saferpay.NameTransactionAlreadyCaptured:
			captured, err := s.confirmCapture(ctx, sub)
			return Released{Taken: err == nil, CaptureID: captured.CaptureID}, err
		case refusal.Name == saferpay.NameTransactionInWrongState:
			var gone bool
			if gone, err = s.cancelled(ctx, sub); !gone && err == nil {
				err = refusal
			}
		case refusal.Outcome == saferpay.Unknown:
			return Released{}, errors.Join(err, s.doubt(ctx, in.PaymentRef, "The answer to Cancel was lost; it is being cleared up."))
		case refused(refusal):
			return Released{}, errors.Join(err, s.doubt(ctx, in.PaymentRef, "Saferpay refused to release: "+refusal.Name+"."))
		}
	}
	if err != nil {
		return Released{}, s.noticeRevoked(ctx, sub.service, err)
	}
	return Released{}, s.change(ctx, in.PaymentRef, func(p *payment.Payment) ([]event.Type, error) {
		p.Failure = payment.Failure{Name: string(in.Objection)}
		return []event.Type{event.PaymentFailed}, p.Become(payment.Cancelled, s.Now(), in.Objection.Note())
	})
}

// cancelled asks whether the authorization is gone, by an earlier Cancel whose answer was lost or in the Backoffice.
func (s *Saferpay) cancelled(ctx context.Context, sub subject) (bool, error) {
	found, err := s.inquireTransaction(ctx, sub)
	return err == nil && found.Transaction.Status == saferpay.StatusCanceled, notYet(err)
}
