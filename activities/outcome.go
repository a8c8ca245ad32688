package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
)

// AskOutcome asks what became of a payment. Turn counts the Asserts of the payment: 1, 2, 3 …
type AskOutcome struct {
	PaymentRef
	Turn  int `json:"turn"`
	Asked int `json:"asked,omitempty"` // how often in this turn before this activity
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
func (s *Saferpay) AssertPayment(ctx context.Context, in AskOutcome) (Outcome, error) {
	sub, err := s.load(ctx, in.PaymentRef)
	if err != nil {
		return Outcome{}, err
	}
	if sub.payment.State.Final() {
		return Outcome{State: sub.payment.State, CaptureID: sub.payment.CaptureID}, nil
	}
	question := call(ctx, in.PaymentID, fmt.Sprintf("assert-%d", in.Turn))
	question.RetryIndicator += in.Asked
	assertion, err := sub.gateway.AssertPaymentPage(ctx, sub.credentials, question, sub.payment.Token)
	if isNamed(err, saferpay.NameTokenExpired) {
		if sub.payment.State == payment.Redirected { // CloseExpired looks back once Saferpay's data have caught up
			return Outcome{State: payment.Redirected}, nil
		}
		found, inquired := s.inquire(ctx, sub)
		return s.recordLookBack(ctx, sub, found, inquired)
	}
	if err != nil {
		return s.recordFailure(ctx, sub, err)
	}
	return s.recordAssertion(ctx, sub, assertion)
}

// CloseExpired ends a payment whose page is dead, unless the payer paid at the last moment and nobody told us: it asks once by
// our order id (JSON API 1.53, Transaction/Inquire), which finds every payment that went well. Where the provider may decide
// later, a payment that Inquire does not know is asserted once more: Assert answers for what is pending long after the page
// (PaymentPage/Assert: 120 h).
func (s *Saferpay) CloseExpired(ctx context.Context, in PaymentRef) (Outcome, error) {
	sub, err := s.load(ctx, in)
	if err != nil {
		return Outcome{}, err
	}
	if sub.payment.State.Final() {
		return Outcome{State: sub.payment.State, CaptureID: sub.payment.CaptureID}, nil
	}
	found, err := s.inquire(ctx, sub)
	if isNamed(err, saferpay.NameTransactionNotFound) && sub.payment.Method.DecidesLater() {
		assertion, late := sub.gateway.AssertPaymentPage(ctx, sub.credentials, call(ctx, in.PaymentID, "assert-late"), sub.payment.Token)
		switch {
		case late == nil:
			return s.recordAssertion(ctx, sub, assertion)
		case !isNamed(late, saferpay.NameTokenExpired, saferpay.NameTransactionNotStarted):
			return s.recordFailure(ctx, sub, late)
		}
	}
	return s.recordLookBack(ctx, sub, found, err)
}

// LookOnceMore asks whether the money of a payment moved although a person says that it did not, since the invoice could be paid a
// second time then (JSON API 1.53, Transaction/Inquire by our order id). It records nothing but what was captured; anything else
// leaves the payment as it is.
func (s *Saferpay) LookOnceMore(ctx context.Context, in PaymentRef) (Outcome, error) {
	sub, err := s.load(ctx, in)
	if err != nil {
		return Outcome{}, err
	}
	found, err := s.inquire(ctx, sub)
	if err == nil && found.Transaction.Status == saferpay.StatusCaptured {
		return s.recordAssertion(ctx, sub, found)
	}
	return Outcome{State: sub.payment.State}, err
}

func (s *Saferpay) inquire(ctx context.Context, sub subject) (saferpay.Assertion, error) {
	step := "look-back"
	if sub.payment.Reopened() { // another question than the one when it ended
		step = "look-back-anew"
	}
	return sub.gateway.Inquire(ctx, sub.credentials, call(ctx, sub.payment.ID, step), saferpay.InquireBy{OrderID: sub.payment.OrderID})
}

// recordLookBack records what Inquire said by our order id of a payment whose token is dead, which by itself says nothing about
// whether the payer paid before. Of a payment that Saferpay knew before, not finding it proves nothing.
func (s *Saferpay) recordLookBack(ctx context.Context, sub subject, found saferpay.Assertion, err error) (Outcome, error) {
	switch {
	case err == nil:
		return s.recordAssertion(ctx, sub, found)
	case !isNamed(err, saferpay.NameTransactionNotFound):
		return Outcome{}, s.noticeRevoked(ctx, sub.service, err)
	case sub.payment.State == payment.Pending:
		return Outcome{State: payment.Pending}, nil
	case sub.payment.State != payment.Redirected:
		return Outcome{}, notYet(err)
	}
	return Outcome{State: payment.Expired}, s.change(ctx, ref(sub.payment), func(p *payment.Payment) ([]event.Type, error) {
		return nil, p.Become(payment.Expired, s.Now(), "The payer did not pay before the payment page expired.")
	})
}

func (s *Saferpay) recordAssertion(ctx context.Context, sub subject, a saferpay.Assertion) (Outcome, error) {
	out := Outcome{
		CaptureID: a.Transaction.CaptureID, AuthorizedAt: a.Transaction.Date.UTC(),
		Objection: sub.payment.Examine(a.Transaction.OrderID, a.Transaction.Amount, a.LiabilityShift, sub.company.Liability == merchant.Require),
	}
	different := out.Objection == payment.OrderMismatch || out.Objection == payment.AmountMismatch
	if different && a.Transaction.Status == saferpay.StatusCaptured { // it can't be given back by cancelling it
		return Outcome{}, disagrees(sub.payment, a)
	}
	var note string
	switch a.Transaction.Status {
	case saferpay.StatusAuthorized:
		out.State, note = payment.Authorized, "Saferpay authorized "+a.PaymentMeans+"."
	case saferpay.StatusCaptured:
		out.State = payment.Captured // recorded together with its booking
	case saferpay.StatusPending:
		out.State, note = payment.Pending, "The provider decides later."
	case saferpay.StatusCanceled:
		out.State, note = payment.Cancelled, "The authorization was released at Saferpay."
	default:
		return Outcome{}, fmt.Errorf("saferpay answered with the unknown transaction status %q", a.Transaction.Status)
	}
	err := s.change(ctx, ref(sub.payment), func(p *payment.Payment) ([]event.Type, error) {
		p.TransactionID, p.PaymentMeans, p.LiabilityShift = a.Transaction.ID, a.PaymentMeans, a.LiabilityShift
		if out.State == payment.Captured || p.State == out.State {
			return nil, nil
		}
		if err := p.Become(out.State, s.Now(), note); err != nil {
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

// declines are the errors that say for certain that no money moves (Saferpay JSON API 1.53, error names).
var declines = []string{
	saferpay.NameTransactionDeclined, saferpay.Name3DSAuthenticationFailed, saferpay.NameConditionNotSatisfied, saferpay.NameGeneralDeclined,
	saferpay.NamePayerAuthenticationNeeded, saferpay.NameBlockedByRiskManagement, saferpay.NameCardCheckFailed, saferpay.NameCardCVCInvalid,
	saferpay.NameCardCVCRequired, saferpay.NamePaymentMeansInvalid, saferpay.NamePaymentMeansNotSupported, saferpay.NameNoContract,
	saferpay.NameNoCreditsAvailable, saferpay.NameOtherMeans, saferpay.NameUpdateCardInformation, saferpay.NameAliasInvalid,
}

// recordFailure sorts Assert's errors into results. Only Saferpay's own definite answers are results (JSON API 1.53,
// PaymentPage/Assert); everything else goes back as the error that it is.
func (s *Saferpay) recordFailure(ctx context.Context, sub subject, err error) (Outcome, error) {
	refusal, ok := errors.AsType[*saferpay.Error](err)
	if !ok || refusal.Name == "" || refusal.Outcome != saferpay.NotDone {
		return Outcome{}, err
	}
	var out Outcome
	var note string
	switch refusal.Name {
	case saferpay.NameTransactionNotStarted:
		return Outcome{State: sub.payment.State}, nil
	case saferpay.NameAuthenticationFailed, saferpay.NamePermissionDenied, saferpay.NameValidationFailed,
		saferpay.NameRetryLater, saferpay.NameCommunicationFailed:
		return Outcome{}, s.noticeRevoked(ctx, sub.service, err) // about the call, not about the payment
	case saferpay.NameTransactionAborted:
		out.State, note = payment.Aborted, "The payer went back."
	default:
		if !slices.Contains(declines, refusal.Name) {
			return Outcome{}, err // says nothing certain about the money
		}
		out.State, note = payment.Failed, "Declined: "+refusal.Name+"."
	}
	err = s.change(ctx, ref(sub.payment), func(p *payment.Payment) ([]event.Type, error) {
		if p.State == out.State {
			return nil, nil
		}
		p.TransactionID = refusal.TransactionID
		p.Failure = payment.Failure{Name: refusal.Name, PayerMessage: refusal.PayerMessage}
		if err := p.Become(out.State, s.Now(), note); err != nil {
			return nil, err
		}
		if out.State == payment.Failed {
			return []event.Type{event.PaymentFailed}, nil
		}
		return nil, nil
	})
	return out, err
}

func ref(p payment.Payment) PaymentRef { return PaymentRef{CompanyID: p.CompanyID, PaymentID: p.ID} }

// disagrees is for a person: Saferpay holds other money than we asked for, which is neither booked nor touched.
func disagrees(p payment.Payment, a saferpay.Assertion) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf("Saferpay has %s %s for order %s, but payment %s is %s for order %s: nothing was booked",
		a.Transaction.Status, a.Transaction.Amount, a.Transaction.OrderID, p.ID, p.Amount, p.OrderID), SaferpayDisagrees, nil)
}
