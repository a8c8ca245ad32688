package collection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
)

// AskOutcome asks what became of a payment. Turn counts the Asserts of the payment: 1, 2, 3 …
type AskOutcome struct {
	activities.PaymentRef
	Turn int `json:"turn"`
}

// Outcome is what Saferpay says: Redirected while the payer has not begun, Pending, Authorized, Captured (by the provider
// itself; CaptureID is set) or a final state without money. Objection is why an authorization must be released.
type Outcome struct {
	State        payment.State     `json:"state"`
	Objection    payment.Objection `json:"objection,omitempty"`
	CaptureID    string            `json:"capture_id,omitempty"`
	AuthorizedAt time.Time         `json:"authorized_at,omitzero"` // since when the money is reserved
}

// AssertPayment asks Saferpay once (JSON API 1.53, PaymentPage/Assert) and records the answer. A payment that failed is a
// result, not an error; what is not known stays an error, and the payment stays as it was.
func (a *Activities) AssertPayment(ctx context.Context, in AskOutcome) (Outcome, error) {
	sub, err := a.Saferpay.Load(ctx, in.PaymentRef)
	if err != nil {
		return Outcome{}, err
	}
	if sub.Payment.State.Final() {
		return Outcome{State: sub.Payment.State, CaptureID: sub.Payment.CaptureID}, nil
	}
	question := account.Call(ctx, in.PaymentID, fmt.Sprintf("assert-%d", in.Turn), in.Retries)
	assertion, err := sub.Gateway.AssertPaymentPage(ctx, sub.Credentials, question, sub.Payment.Token)
	if saferpay.IsNamed(err, saferpay.NameTokenExpired) {
		if sub.Payment.State == payment.Redirected { // CloseExpired looks back once Saferpay's data have caught up
			return Outcome{State: payment.Redirected}, nil
		}
		found, inquired := a.inquire(ctx, sub)
		return a.recordLookBack(ctx, sub, found, inquired)
	}
	if err != nil {
		return a.recordFailure(ctx, sub, err)
	}
	return a.recordAssertion(ctx, sub, assertion)
}

// CloseExpired ends a payment whose page is dead, unless the payer paid at the last moment and nobody told us: it asks once by
// our order id (JSON API 1.53, Transaction/Inquire), which finds every payment that went well. It asserts once more when the
// license has no Inquire, and when Inquire does not know a payment on which the provider may decide later: Assert answers long after
// the page is dead (PaymentPage/Assert: 24 h after Initialize, 120 h for what is pending).
func (a *Activities) CloseExpired(ctx context.Context, in activities.PaymentRef) (Outcome, error) {
	sub, err := a.Saferpay.Load(ctx, in)
	if err != nil {
		return Outcome{}, err
	}
	if sub.Payment.State.Final() {
		return Outcome{State: sub.Payment.State, CaptureID: sub.Payment.CaptureID}, nil
	}
	found, err := a.inquire(ctx, sub)
	if saferpay.IsNamed(err, saferpay.NameTransactionNotFound) && sub.Payment.Method.DecidesLater() {
		found, err = a.orAssert(ctx, sub, found, err)
	}
	return a.recordLookBack(ctx, sub, found, err)
}

// LookOnceMore asks whether the money of a payment moved although a person says that it did not, since the invoice could be paid a
// second time then (JSON API 1.53, Transaction/Inquire by our order id). It records money that was captured, or is authorized and
// must be released; anything else leaves the payment as it is.
func (a *Activities) LookOnceMore(ctx context.Context, in activities.PaymentRef) (Outcome, error) {
	sub, err := a.Saferpay.Load(ctx, in)
	if err != nil {
		return Outcome{}, err
	}
	found, err := a.inquire(ctx, sub)
	if err == nil && (found.Transaction.Status == saferpay.StatusCaptured || found.Transaction.Status == saferpay.StatusAuthorized) {
		return a.recordAssertion(ctx, sub, found)
	}
	return Outcome{State: sub.Payment.State}, err
}

// inquire looks the payment up by our order id, see lookUp.
func (a *Activities) inquire(ctx context.Context, sub subject) (saferpay.Assertion, error) {
	step := "look-back"
	if sub.Payment.Reopened() { // another question than the one when it ended
		step = "look-back-anew"
	}
	return a.lookUp(ctx, sub, step, saferpay.InquireBy{OrderID: sub.Payment.OrderID})
}

// lookUp asks Inquire about the payment's transaction. A license without Inquire answers PERMISSION_DENIED: then it asserts the
// payment, which tells its status and its capture as well.
func (a *Activities) lookUp(ctx context.Context, sub subject, step string, by saferpay.InquireBy) (saferpay.Assertion, error) {
	found, err := sub.Gateway.Inquire(ctx, sub.Credentials, account.Call(ctx, sub.Payment.ID, step, sub.Retries), by)
	if saferpay.IsNamed(err, saferpay.NamePermissionDenied) {
		return a.orAssert(ctx, sub, found, err)
	}
	return found, err
}

// orAssert asserts a payment of which Inquire said nothing. Once the token is dead, what Inquire said stands.
func (a *Activities) orAssert(ctx context.Context, sub subject, found saferpay.Assertion, err error) (saferpay.Assertion, error) {
	assertion, late := sub.Gateway.AssertPaymentPage(ctx, sub.Credentials, account.Call(ctx, sub.Payment.ID, "assert-late", sub.Retries), sub.Payment.Token)
	if saferpay.IsNamed(late, saferpay.NameTokenExpired) {
		return found, err
	}
	return assertion, late
}

// unpaid are the answers of Inquire and of Assert about a page on which nobody has paid.
var unpaid = []string{saferpay.NameTransactionNotFound, saferpay.NameTransactionNotStarted, saferpay.NameTransactionInWrongState}

// recordLookBack records what Saferpay said of a payment whose page is dead, which by itself says nothing about whether the payer
// paid before. Of a payment that Saferpay knew before, not finding it proves nothing.
func (a *Activities) recordLookBack(ctx context.Context, sub subject, found saferpay.Assertion, err error) (Outcome, error) {
	switch {
	case err == nil:
		return a.recordAssertion(ctx, sub, found)
	case !saferpay.IsNamed(err, unpaid...):
		return a.recordFailure(ctx, sub, err)
	case sub.Payment.State == payment.Pending:
		return Outcome{State: payment.Pending}, nil
	case sub.Payment.State != payment.Redirected:
		return Outcome{}, saferpay.NotYet(err)
	}
	return Outcome{State: payment.Expired}, a.change(ctx, ref(sub.Payment), func(p *payment.Payment) ([]event.Type, error) {
		return nil, p.Become(payment.Expired, a.Now(), "The payer did not pay before the payment page expired.")
	})
}

// objection returns what speaks against taking the money. Whether the company wants a liability shift is read only when there is none.
func (a *Activities) objection(ctx context.Context, p payment.Payment, found saferpay.Assertion) (payment.Objection, error) {
	objection := p.Examine(found.Transaction.OrderID, found.Transaction.Amount, found.LiabilityShift, true)
	if objection != payment.NoLiabilityShift {
		return objection, nil
	}
	err := a.InCompany(ctx, p.CompanyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err == nil && company.Liability != merchant.Require {
			objection = payment.NoObjection
		}
		return err
	})
	return objection, err
}

func (a *Activities) recordAssertion(ctx context.Context, sub subject, found saferpay.Assertion) (Outcome, error) {
	objection, err := a.objection(ctx, sub.Payment, found)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{CaptureID: found.Transaction.CaptureID, AuthorizedAt: found.Transaction.Date.UTC(), Objection: objection}
	different := out.Objection == payment.OrderMismatch || out.Objection == payment.AmountMismatch
	if different && found.Transaction.Status == saferpay.StatusCaptured { // it can't be given back by cancelling it
		return Outcome{}, disagrees(sub.Payment, found)
	}
	var note string
	switch found.Transaction.Status {
	case saferpay.StatusAuthorized:
		out.State, note = payment.Authorized, "Saferpay authorized "+found.PaymentMeans+"."
	case saferpay.StatusCaptured:
		out.State = payment.Captured // recorded together with its booking
	case saferpay.StatusPending:
		out.State, note = payment.Pending, "The provider decides later."
	case saferpay.StatusCanceled:
		out.State, note = payment.Cancelled, "The authorization was released at Saferpay."
	default:
		return Outcome{}, fmt.Errorf("saferpay answered with the unknown transaction status %q", found.Transaction.Status)
	}
	err = a.change(ctx, ref(sub.Payment), func(p *payment.Payment) ([]event.Type, error) {
		p.TransactionID, p.PaymentMeans, p.LiabilityShift = found.Transaction.ID, found.PaymentMeans, found.LiabilityShift
		p.Brand, p.AuthorizationCode = cmp.Or(found.Method, found.Brand), found.Transaction.ApprovalCode
		if found.Card != nil {
			p.Card = payment.MaskedCard(found.Card.MaskedNumber)
		}
		if out.State == payment.Captured || p.State == out.State {
			return nil, nil
		}
		if err := p.Become(out.State, a.Now(), note); err != nil {
			return nil, err
		}
		switch out.State {
		case payment.Authorized:
			return []event.Type{event.PaymentAuthorized}, nil
		case payment.Cancelled:
			p.Failure = payment.Failure{Name: "authorization_cancelled"}
			return []event.Type{event.PaymentFailed}, nil
		default:
			return nil, nil
		}
	})
	return out, err
}

// recordFailure sorts Assert's errors into results. Only Saferpay's own definite answers are results (JSON API 1.53,
// PaymentPage/Assert); everything else goes back as the error that it is.
func (a *Activities) recordFailure(ctx context.Context, sub subject, err error) (Outcome, error) {
	refusal, ok := errors.AsType[*saferpay.Error](err)
	if !ok || refusal.Name == "" || refusal.Outcome != saferpay.NotDone {
		return Outcome{}, err
	}
	var out Outcome
	var note string
	premature := refusal.Name == saferpay.NameTransactionInWrongState && sub.Payment.State == payment.Redirected // the payer is still on the page
	if premature || refusal.Name == saferpay.NameTransactionNotStarted {
		return Outcome{State: sub.Payment.State}, nil
	}
	switch refusal.Name {
	case saferpay.NameAuthenticationFailed, saferpay.NamePermissionDenied, saferpay.NameValidationFailed,
		saferpay.NameRetryLater, saferpay.NameCommunicationFailed:
		return Outcome{}, a.Saferpay.NoticeRevoked(ctx, sub.Service, err) // about the call, not about the payment
	case saferpay.NameTransactionAborted:
		out.State, note = payment.Aborted, "The payer went back."
	default:
		if !refusal.Declined() {
			return Outcome{}, err // says nothing certain about the money
		}
		out.State, note = payment.Failed, "Declined: "+refusal.Name+"."
	}
	err = a.change(ctx, ref(sub.Payment), func(p *payment.Payment) ([]event.Type, error) {
		if p.State == out.State {
			return nil, nil
		}
		p.TransactionID = refusal.TransactionID
		p.Failure = payment.Failure{Name: refusal.Name, PayerMessage: refusal.PayerMessage}
		if err := p.Become(out.State, a.Now(), note); err != nil {
			return nil, err
		}
		if out.State == payment.Failed {
			return []event.Type{event.PaymentFailed}, nil
		}
		return nil, nil
	})
	return out, err
}

// disagrees is for a person: Saferpay holds other money than we asked for, which is neither booked nor touched.
func disagrees(p payment.Payment, found saferpay.Assertion) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf("Saferpay has %s %s for order %s, but payment %s is %s for order %s: nothing was booked",
		found.Transaction.Status, found.Transaction.Amount, found.Transaction.OrderID, p.ID, p.Amount, p.OrderID), activities.SaferpayDisagrees, nil)
}

// GiveUpPayment ends a payment because a person made sure at Saferpay that no money moves. One that has ended stays as it is.
func (a *Activities) GiveUpPayment(ctx context.Context, ref activities.PaymentRef) (Outcome, error) {
	var out Outcome
	err := a.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		p, err := tx.LockPayment(ctx, ref.PaymentID)
		if err != nil {
			return err
		}
		for _, end := range []payment.State{payment.Failed, payment.Cancelled} {
			if !p.State.CanBecome(end) {
				continue
			}
			p.Failure = payment.Failure{Name: payment.GivenUp}
			if err := p.Become(end, a.Now(), "A person made sure at Saferpay that no money moves."); err != nil {
				return err
			}
			if err := tx.SavePayment(ctx, p); err != nil {
				return err
			}
			if err := tx.AppendEvent(ctx, event.New(event.PaymentFailed, p.CompanyID, p.ID, a.Now(), p.Facts())); err != nil {
				return err
			}
			break
		}
		out.State = p.State
		return nil
	})
	return out, err
}
