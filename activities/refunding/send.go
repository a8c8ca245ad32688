package refunding

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/saferpay"
)

// RefundOutcome is where a refund stands after a step.
type RefundOutcome struct {
	State refund.State `json:"state"`
	// ByHand says that the license has no refunds, or that the payment service is disconnected: the merchant refunds in the
	// Saferpay Backoffice and records it.
	ByHand bool `json:"by_hand,omitempty"`
	// Why is the reason for which Saferpay did not take a refund that is still requested.
	Why string `json:"why,omitempty"`
}

// SendRefund asks Saferpay once to give the money back (JSON API 1.53, Transaction/Refund) and records the answer. It must
// not be run again by itself: after a lost answer the refund is unknown, and FindRefund is the way on. A refusal is a
// result: failed, by hand when the license has no refunds, or still requested when Saferpay surely did not do it and may
// be asked again later. Before it is sent, the attempt is on record: whatever happens to this process or to the workflow, another
// attempt that finds it does not send the refund a second time.
func (a *Activities) SendRefund(ctx context.Context, in activities.RefundRef) (RefundOutcome, error) {
	r, sub, err := a.load(ctx, in)
	if err != nil { // nothing was sent
		return withoutCredentials(err)
	}
	if may, state, err := a.try(ctx, in); !may {
		return RefundOutcome{State: state}, err
	}
	sent, err := sub.Gateway.Refund(ctx, sub.Credentials, account.Call(ctx, r.ID, "refund", in.Retries), saferpay.RefundRequest{
		CaptureID: sub.Payment.CaptureID, Amount: r.Amount, OrderID: r.OrderID, Description: r.Reason,
	})
	if err != nil {
		return a.recordRefundRefusal(ctx, in, sub, err)
	}
	return a.recordRefund(ctx, in, sent)
}

// try notes the attempt. When it may not send the refund, state is where that stands.
func (a *Activities) try(ctx context.Context, in activities.RefundRef) (may bool, state refund.State, err error) {
	info := activity.GetInfo(ctx)
	err = a.change(ctx, in, func(r *refund.Refund) (_ []event.Type, err error) {
		may, err = r.Try(info.WorkflowExecution.RunID+"/"+info.ActivityID, a.Now())
		state = r.State
		return nil, err
	})
	return may && err == nil, state, err
}

// notSent notes that the attempt surely did not come to anything, so that the next one may send the refund.
func (a *Activities) notSent(ctx context.Context, in activities.RefundRef) error {
	return a.change(ctx, in, func(r *refund.Refund) ([]event.Type, error) {
		r.Attempt = ""
		return nil, nil
	})
}

// withoutCredentials says what becomes of a refund that Saferpay can't be asked for: that of a suspended payment service waits,
// that of a disconnected one is for the merchant to do.
func withoutCredentials(err error) (RefundOutcome, error) {
	out := RefundOutcome{State: refund.Requested, Why: err.Error()}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && (app.Type() == activities.CredentialsRevoked || app.Type() == activities.CredentialsErased) {
		out.ByHand, err = app.Type() == activities.CredentialsErased, nil
	}
	return out, err
}

func (a *Activities) recordRefund(ctx context.Context, in activities.RefundRef, t saferpay.Transaction) (RefundOutcome, error) {
	states := map[saferpay.TransactionStatus]refund.State{
		saferpay.StatusAuthorized: refund.Authorized, saferpay.StatusPending: refund.Pending,
		saferpay.StatusCaptured: refund.Authorized, // recorded as captured together with its booking
		saferpay.StatusCanceled: refund.Failed,
	}
	next, known := states[t.Status]
	if !known {
		return RefundOutcome{}, fmt.Errorf("saferpay answered with the unknown transaction status %q", t.Status)
	}
	err := a.change(ctx, in, func(r *refund.Refund) ([]event.Type, error) {
		if t.Type != saferpay.TypeRefund || !t.Amount.Equal(r.Amount) {
			return nil, temporal.NewNonRetryableApplicationError(fmt.Sprintf("Saferpay has a %s of %s for order %s, but refund %s is %s",
				t.Type, t.Amount, t.OrderID, r.ID, r.Amount), activities.SaferpayDisagrees, nil)
		}
		r.TransactionID = t.ID
		if next == refund.Failed {
			r.Failure = payment.Failure{Name: "refund_cancelled"}
			return []event.Type{event.RefundFailed}, r.Become(next, a.Now(), "The refund was cancelled at Saferpay, not by us.")
		}
		return nil, r.Become(next, a.Now(), "Saferpay accepted the refund.")
	})
	if t.Status == saferpay.StatusCaptured {
		next = refund.Captured
	}
	return RefundOutcome{State: next}, err
}

// recordRefundRefusal sorts a refund's errors: a definite no is a result, a lost answer leaves the refund unknown.
func (a *Activities) recordRefundRefusal(ctx context.Context, in activities.RefundRef, sub subject, err error) (RefundOutcome, error) {
	refusal, ok := errors.AsType[*saferpay.Error](err)
	switch {
	case ok && refusal.Name == saferpay.NamePermissionDenied:
		return RefundOutcome{State: refund.Requested, ByHand: true}, a.notSent(ctx, in)
	case ok && refusal.Name == saferpay.NameAuthenticationFailed:
		return RefundOutcome{State: refund.Requested, Why: refusal.Error()}, errors.Join(a.notSent(ctx, in), a.Saferpay.Suspend(ctx, sub.Service))
	case ok && refusal.Outcome == saferpay.NotDone && refusal.Refused():
		return a.failRefund(ctx, in, refusal)
	case ok && refusal.Outcome == saferpay.NotDone:
		return RefundOutcome{State: refund.Requested, Why: refusal.Error()}, a.notSent(ctx, in)
	default:
		return RefundOutcome{State: refund.Unknown}, a.DoubtRefund(ctx, in)
	}
}

func (a *Activities) failRefund(ctx context.Context, in activities.RefundRef, refusal *saferpay.Error) (RefundOutcome, error) {
	return RefundOutcome{State: refund.Failed}, a.change(ctx, in, func(r *refund.Refund) ([]event.Type, error) {
		r.Failure = payment.Failure{Name: refusal.Name, PayerMessage: refusal.PayerMessage}
		return []event.Type{event.RefundFailed}, r.Become(refund.Failed, a.Now(), "Saferpay refused: "+refusal.Name+".")
	})
}

// DoubtRefund records that nobody knows whether the refund happened.
func (a *Activities) DoubtRefund(ctx context.Context, in activities.RefundRef) error {
	return a.change(ctx, in, func(r *refund.Refund) ([]event.Type, error) {
		if !r.State.CanBecome(refund.Unknown) {
			return nil, nil
		}
		return nil, r.Become(refund.Unknown, a.Now(), "The answer to Refund was lost; it is looked for by its order id.")
	})
}

// FindRefund looks a refund up whose answer was lost (Saferpay JSON API 1.53, Transaction/Inquire, by OrderId). Not finding
// it proves nothing, because Saferpay's data lag: the refund stays unknown.
func (a *Activities) FindRefund(ctx context.Context, in activities.RefundRef) (RefundOutcome, error) {
	r, sub, err := a.load(ctx, in)
	if err != nil {
		return RefundOutcome{}, err
	}
	found, err := sub.Gateway.Inquire(ctx, sub.Credentials, account.Call(ctx, r.ID, "inquire", in.Retries), saferpay.InquireBy{OrderID: r.OrderID})
	if saferpay.IsNamed(err, saferpay.NameTransactionNotFound) {
		return RefundOutcome{State: refund.Unknown}, nil
	}
	if err != nil {
		return RefundOutcome{}, a.Saferpay.NoticeRevoked(ctx, sub.Service, err)
	}
	return a.recordRefund(ctx, in, found.Transaction)
}

// AskRefund asks what became of a pending refund (Saferpay JSON API 1.53, Transaction/AssertRefund).
func (a *Activities) AskRefund(ctx context.Context, in activities.RefundRef) (RefundOutcome, error) {
	r, sub, err := a.load(ctx, in)
	if err != nil {
		return RefundOutcome{}, err
	}
	progress, err := sub.Gateway.AssertRefund(ctx, sub.Credentials, account.Call(ctx, r.ID, "assert", in.Retries), r.TransactionID)
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok && refusal.Declined() {
		return a.failRefund(ctx, in, refusal)
	}
	if err != nil {
		return RefundOutcome{}, a.Saferpay.NoticeRevoked(ctx, sub.Service, err)
	}
	if progress.Status == saferpay.StatusCaptured {
		return RefundOutcome{State: refund.Captured}, nil
	}
	return RefundOutcome{State: refund.Pending}, nil
}

// CaptureRefund captures an authorized refund, without which the payer never gets the money (Saferpay JSON API 1.53,
// Transaction/Refund). Like any capture it may be repeated: TRANSACTION_ALREADY_CAPTURED says that it worked before. When
// the acquirer leaves the answer open, the refund is pending.
func (a *Activities) CaptureRefund(ctx context.Context, in activities.RefundRef) (RefundOutcome, error) {
	r, sub, err := a.load(ctx, in)
	if err != nil {
		return RefundOutcome{}, err
	}
	if r.State == refund.Pending {
		return RefundOutcome{State: refund.Pending}, nil
	}
	captured, err := sub.Gateway.Capture(ctx, sub.Credentials, account.Call(ctx, r.ID, "capture", in.Retries), r.TransactionID)
	refusal, ok := errors.AsType[*saferpay.Error](err)
	switch {
	case ok && refusal.Outcome == saferpay.Done, err == nil && captured.Status == saferpay.StatusCaptured:
		return RefundOutcome{State: refund.Captured}, nil
	case err != nil:
		return RefundOutcome{}, a.Saferpay.NoticeRevoked(ctx, sub.Service, err)
	default:
		return RefundOutcome{State: refund.Pending}, a.change(ctx, in, func(r *refund.Refund) ([]event.Type, error) {
			return nil, r.Become(refund.Pending, a.Now(), "The acquirer has not answered the capture of the refund yet.")
		})
	}
}
