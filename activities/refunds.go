package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/saferpay"
)

// RefundRef names a refund of a company.
type RefundRef struct {
	CompanyID string `json:"company_id"`
	RefundID  string `json:"refund_id"`
}

// RequestRefund asks for money back from a captured payment. A zero amount is all that is left.
type RequestRefund struct {
	RefundRef
	PaymentID string       `json:"payment_id"`
	OrderID   string       `json:"order_id"`
	Amount    money.Amount `json:"amount"`
	Reason    string       `json:"reason"`
}

// RefundTerms are what the process of a refund needs to know. Rest is how long after the capture Saferpay takes none.
type RefundTerms struct {
	State      refund.State  `json:"state"` // as recorded
	Amount     money.Amount  `json:"amount"`
	CapturedAt time.Time     `json:"captured_at"`
	Rest       time.Duration `json:"rest"`
	Awaited    Awaited       `json:"awaited,omitzero"`
}

// RecordRefundRequest records a refund, unless it is there already, and keeps its amount from being refunded twice.
// Problems: payment-not-captured, refund-exceeds-payment, validation-failed.
func (b *Books) RecordRefundRequest(ctx context.Context, in RequestRefund) (RefundTerms, error) {
	var terms RefundTerms
	err := b.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		p, err := tx.LockPayment(ctx, in.PaymentID)
		if err != nil {
			return err
		}
		refunds, err := tx.RefundsOf(ctx, p.ID)
		if err != nil {
			return err
		}
		for _, r := range refunds {
			if r.ID == in.RefundID {
				terms = refundTerms(p, r)
				terms.Awaited, err = awaited(ctx, tx, r.ID)
				return err
			}
		}
		if in.Amount.Currency() == "" {
			in.Amount = refund.Left(p, refunds)
		}
		if err := refund.Allow(p, refunds, in.Amount); err != nil {
			return err
		}
		r := refund.New(refund.Refund{
			ID: in.RefundID, CompanyID: in.CompanyID, PaymentID: p.ID, InvoiceID: p.InvoiceID, OrderID: in.OrderID, Amount: in.Amount, Reason: in.Reason,
		}, b.Now())
		terms = refundTerms(p, r)
		return tx.InsertRefund(ctx, r)
	})
	return terms, err
}

func refundTerms(p payment.Payment, r refund.Refund) RefundTerms {
	return RefundTerms{State: r.State, Amount: r.Amount, CapturedAt: p.Timeline[len(p.Timeline)-1].At, Rest: p.Method.RefundDelay()}
}

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
// be asked again later.
func (s *Saferpay) SendRefund(ctx context.Context, in RefundRef) (RefundOutcome, error) {
	r, sub, err := s.loadRefund(ctx, in)
	if err != nil { // nothing was sent
		return withoutCredentials(err)
	}
	if r.State != refund.Requested { // an attempt that was given up for dead came through
		return RefundOutcome{State: r.State}, nil
	}
	sent, err := sub.gateway.Refund(ctx, sub.credentials, call(ctx, r.ID, "refund"), saferpay.RefundRequest{
		CaptureID: sub.payment.CaptureID, Amount: r.Amount, OrderID: r.OrderID, Description: r.Reason,
	})
	if err != nil {
		return s.recordRefundRefusal(ctx, in, sub, err)
	}
	return s.recordRefund(ctx, in, sent)
}

// withoutCredentials says what becomes of a refund that Saferpay can't be asked for: that of a suspended payment service waits,
// that of a disconnected one is for the merchant to do.
func withoutCredentials(err error) (RefundOutcome, error) {
	out := RefundOutcome{State: refund.Requested, Why: err.Error()}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && (app.Type() == CredentialsRevoked || app.Type() == CredentialsErased) {
		out.ByHand, err = app.Type() == CredentialsErased, nil
	}
	return out, err
}

func (s *Saferpay) recordRefund(ctx context.Context, in RefundRef, t saferpay.Transaction) (RefundOutcome, error) {
	states := map[saferpay.TransactionStatus]refund.State{
		saferpay.StatusAuthorized: refund.Authorized, saferpay.StatusPending: refund.Pending,
		saferpay.StatusCaptured: refund.Authorized, // recorded as captured together with its booking
		saferpay.StatusCanceled: refund.Failed,
	}
	next, known := states[t.Status]
	if !known {
		return RefundOutcome{}, fmt.Errorf("saferpay answered with the unknown transaction status %q", t.Status)
	}
	err := s.changeRefund(ctx, in, func(r *refund.Refund) ([]event.Type, error) {
		if t.Type != saferpay.TypeRefund || !t.Amount.Equal(r.Amount) {
			return nil, temporal.NewNonRetryableApplicationError(fmt.Sprintf("Saferpay has a %s of %s for order %s, but refund %s is %s",
				t.Type, t.Amount, t.OrderID, r.ID, r.Amount), SaferpayDisagrees, nil)
		}
		r.TransactionID = t.ID
		if next == refund.Failed {
			r.Failure = payment.Failure{Name: "refund_cancelled"}
			return []event.Type{event.RefundFailed}, r.Become(next, s.Now(), "The refund was cancelled at Saferpay, not by us.")
		}
		return nil, r.Become(next, s.Now(), "Saferpay accepted the refund.")
	})
	if t.Status == saferpay.StatusCaptured {
		next = refund.Captured
	}
	return RefundOutcome{State: next}, err
}

// recordRefundRefusal sorts a refund's errors: a definite no is a result, a lost answer leaves the refund unknown.
func (s *Saferpay) recordRefundRefusal(ctx context.Context, in RefundRef, sub subject, err error) (RefundOutcome, error) {
	refusal, ok := errors.AsType[*saferpay.Error](err)
	switch {
	case ok && refusal.Name == saferpay.NamePermissionDenied:
		return RefundOutcome{State: refund.Requested, ByHand: true}, nil
	case ok && refusal.Name == saferpay.NameAuthenticationFailed:
		return RefundOutcome{State: refund.Requested, Why: refusal.Error()}, s.suspend(ctx, sub.service)
	case ok && refusal.Outcome == saferpay.NotDone && refused(refusal):
		return s.failRefund(ctx, in, refusal)
	case ok && refusal.Outcome == saferpay.NotDone:
		return RefundOutcome{State: refund.Requested, Why: refusal.Error()}, nil
	default:
		return RefundOutcome{State: refund.Unknown}, s.DoubtRefund(ctx, in)
	}
}

func (s *Saferpay) failRefund(ctx context.Context, in RefundRef, refusal *saferpay.Error) (RefundOutcome, error) {
	return RefundOutcome{State: refund.Failed}, s.changeRefund(ctx, in, func(r *refund.Refund) ([]event.Type, error) {
		r.Failure = payment.Failure{Name: refusal.Name, PayerMessage: refusal.PayerMessage}
		return []event.Type{event.RefundFailed}, r.Become(refund.Failed, s.Now(), "Saferpay refused: "+refusal.Name+".")
	})
}

// DoubtRefund records that nobody knows whether the refund happened.
func (s *Saferpay) DoubtRefund(ctx context.Context, in RefundRef) error {
	return s.changeRefund(ctx, in, func(r *refund.Refund) ([]event.Type, error) {
		if !r.State.CanBecome(refund.Unknown) {
			return nil, nil
		}
		return nil, r.Become(refund.Unknown, s.Now(), "The answer to Refund was lost; it is looked for by its order id.")
	})
}

// FindRefund looks a refund up whose answer was lost (Saferpay JSON API 1.53, Transaction/Inquire, by OrderId). Not finding
// it proves nothing, because Saferpay's data lag: the refund stays unknown.
func (s *Saferpay) FindRefund(ctx context.Context, in RefundRef) (RefundOutcome, error) {
	r, sub, err := s.loadRefund(ctx, in)
	if err != nil {
		return RefundOutcome{}, err
	}
	found, err := sub.gateway.Inquire(ctx, sub.credentials, call(ctx, r.ID, "inquire"), saferpay.InquireBy{OrderID: r.OrderID})
	if isNamed(err, saferpay.NameTransactionNotFound) {
		return RefundOutcome{State: refund.Unknown}, nil
	}
	if err != nil {
		return RefundOutcome{}, s.noticeRevoked(ctx, sub.service, err)
	}
	return s.recordRefund(ctx, in, found.Transaction)
}

// AskRefund asks what became of a pending refund (Saferpay JSON API 1.53, Transaction/AssertRefund).
func (s *Saferpay) AskRefund(ctx context.Context, in RefundRef) (RefundOutcome, error) {
	r, sub, err := s.loadRefund(ctx, in)
	if err != nil {
		return RefundOutcome{}, err
	}
	progress, err := sub.gateway.AssertRefund(ctx, sub.credentials, call(ctx, r.ID, "assert"), r.TransactionID)
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok && refusal.Outcome == saferpay.NotDone && slices.Contains(declines, refusal.Name) {
		return s.failRefund(ctx, in, refusal)
	}
	if err != nil {
		return RefundOutcome{}, s.noticeRevoked(ctx, sub.service, err)
	}
	if progress.Status == saferpay.StatusCaptured {
		return RefundOutcome{State: refund.Captured}, nil
	}
	return RefundOutcome{State: refund.Pending}, nil
}

// CaptureRefund captures an authorized refund, without which the payer never gets the money (Saferpay JSON API 1.53,
// Transaction/Refund). Like any capture it may be repeated: TRANSACTION_ALREADY_CAPTURED says that it worked before. When
// the acquirer leaves the answer open, the refund is pending.
func (s *Saferpay) CaptureRefund(ctx context.Context, in RefundRef) (RefundOutcome, error) {
	r, sub, err := s.loadRefund(ctx, in)
	if err != nil {
		return RefundOutcome{}, err
	}
	if r.State == refund.Pending {
		return RefundOutcome{State: refund.Pending}, nil
	}
	captured, err := sub.gateway.Capture(ctx, sub.credentials, call(ctx, r.ID, "capture"), r.TransactionID)
	refusal, ok := errors.AsType[*saferpay.Error](err)
	switch {
	case ok && refusal.Outcome == saferpay.Done, err == nil && captured.Status == saferpay.StatusCaptured:
		return RefundOutcome{State: refund.Captured}, nil
	case err != nil:
		return RefundOutcome{}, s.noticeRevoked(ctx, sub.service, err)
	default:
		return RefundOutcome{State: refund.Pending}, s.changeRefund(ctx, in, func(r *refund.Refund) ([]event.Type, error) {
			return nil, r.Become(refund.Pending, s.Now(), "The acquirer has not answered the capture of the refund yet.")
		})
	}
}

// GiveBack is a refund that has happened, to be booked: State is Captured, or Recorded when the merchant did it by hand.
type GiveBack struct {
	RefundRef
	State refund.State `json:"state"`
	Note  string       `json:"note"`
}

// GivenBack is what a refund left of its payment.
type GivenBack struct {
	InvoiceID string `json:"invoice_id"`
	PaymentID string `json:"payment_id"`
	// Unparked says that the payment was parked on 2030, and that all of it has gone back: nothing is left to decide about it.
	Unparked bool `json:"unparked,omitempty"`
}

// BookRefund records a refund that has happened: refund, invoice, journal entry and event in one transaction. It goes
// against the accounts of its receipt, wherever receipts are booked by now. One that is booked already changes nothing.
func (b *Books) BookRefund(ctx context.Context, in GiveBack) (back GivenBack, err error) {
	err = b.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		back, err = b.bookRefund(ctx, tx, in)
		return err
	})
	return back, err
}

func givenBack(ctx context.Context, tx Tx, p payment.Payment) (GivenBack, error) {
	back := GivenBack{InvoiceID: p.InvoiceID, PaymentID: p.ID}
	if !p.Parked {
		return back, nil
	}
	refunds, err := tx.RefundsOf(ctx, p.ID)
	back.Unparked = refund.Whole(p, refunds)
	return back, err
}

func (b *Books) bookRefund(ctx context.Context, tx Tx, in GiveBack) (GivenBack, error) {
	r, err := tx.Refund(ctx, in.RefundID) // for ids that never change
	if err != nil {
		return GivenBack{}, err
	}
	inv, err := tx.LockInvoice(ctx, r.InvoiceID)
	if err != nil {
		return GivenBack{}, err
	}
	p, err := tx.LockPayment(ctx, r.PaymentID)
	if err != nil {
		return GivenBack{}, err
	}
	if r, err = tx.LockRefund(ctx, in.RefundID); err != nil {
		return GivenBack{}, err
	}
	if r.State.Happened() {
		return givenBack(ctx, tx, p)
	}
	counter := ledger.Receivables
	if p.Parked {
		counter = ledger.Prepayments
	} else if err := inv.Return(r.Amount); err != nil {
		return GivenBack{}, err
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return GivenBack{}, err
	}
	entry, err := tx.Append(ctx, ledger.Refund(occasion(company, inv, p.ID, r.Amount, calendar.Day(b.Now())), p.BookedAccount, counter, r.ID))
	if err != nil {
		return GivenBack{}, err
	}
	r.BookedAccount = p.BookedAccount
	if err := r.Become(in.State, b.Now(), in.Note+" Booked as journal entry "+entry.ID+"."); err != nil {
		return GivenBack{}, err
	}
	if err := errors.Join(tx.SaveRefund(ctx, r), tx.SaveInvoice(ctx, inv)); err != nil {
		return GivenBack{}, err
	}
	if err := tx.AppendEvent(ctx, refundEvent(event.RefundCaptured, r, b.Now())); err != nil {
		return GivenBack{}, err
	}
	return givenBack(ctx, tx, p)
}

// Reopen is a decision that a refund did not happen: it fails, or is asked for again under another order.
type Reopen struct {
	RefundRef
	Again bool `json:"again"`
}

// ReopenRefund records that a person made sure that a refund did not happen. One that has ended stays as it is.
func (b *Books) ReopenRefund(ctx context.Context, in Reopen) error {
	return b.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		r, err := tx.LockRefund(ctx, in.RefundID)
		if err != nil || r.State.Final() {
			return err
		}
		if in.Again && r.State == refund.Requested {
			return nil // done before; the order id stays
		}
		if in.Again {
			r.OrderID = id.NewOrder()
			if err := r.Become(refund.Requested, b.Now(), "A person made sure that it did not happen; it is asked for again."); err != nil {
				return err
			}
			return tx.SaveRefund(ctx, r)
		}
		r.Failure = payment.Failure{Name: "did_not_happen"}
		if err := r.Become(refund.Failed, b.Now(), "A person made sure that it did not happen."); err != nil {
			return err
		}
		return errors.Join(tx.SaveRefund(ctx, r), tx.AppendEvent(ctx, refundEvent(event.RefundFailed, r, b.Now())))
	})
}

func (s *Saferpay) loadRefund(ctx context.Context, in RefundRef) (refund.Refund, subject, error) {
	var r refund.Refund
	err := s.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		r, err = tx.Refund(ctx, in.RefundID)
		return err
	})
	if err != nil {
		return r, subject{}, err
	}
	sub, err := s.load(ctx, PaymentRef{CompanyID: in.CompanyID, PaymentID: r.PaymentID})
	return r, sub, err
}

// changeRefund reads the refund under lock, lets fn change it, and saves it with the events that fn returns.
func (s *Saferpay) changeRefund(ctx context.Context, in RefundRef, fn func(*refund.Refund) ([]event.Type, error)) error {
	return s.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		r, err := tx.LockRefund(ctx, in.RefundID)
		if err != nil {
			return err
		}
		events, err := fn(&r)
		if err != nil {
			return err
		}
		if err := tx.SaveRefund(ctx, r); err != nil {
			return err
		}
		for _, t := range events {
			if err := tx.AppendEvent(ctx, refundEvent(t, r, s.Now())); err != nil {
				return err
			}
		}
		return nil
	})
}

func refundEvent(t event.Type, r refund.Refund, at time.Time) event.Event {
	return event.New(t, r.CompanyID, r.ID, at, withAmount(r.Amount, map[string]string{
		"refund_id": r.ID, "payment_id": r.PaymentID, "invoice_id": r.InvoiceID, "state": string(r.State),
	}))
}
