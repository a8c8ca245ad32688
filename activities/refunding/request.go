package refunding

import (
	"context"
	"errors"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/workflows/contract"
)

// RefundTerms are what the workflow of a refund needs to know. Rest is how long after the capture Saferpay takes none.
type RefundTerms struct {
	State      refund.State       `json:"state"` // as recorded
	Amount     money.Amount       `json:"amount"`
	CapturedAt time.Time          `json:"captured_at"`
	Method     payment.Method     `json:"method"`
	Rest       time.Duration      `json:"rest"`
	Awaited    escalation.Awaited `json:"awaited,omitzero"`
}

// RecordRefundRequest records a refund, unless it is there already, and keeps its amount from being refunded twice. Above the company's
// limit it awaits approval.
// Problems: payment-not-captured, refund-exceeds-payment, validation-failed.
func (a *Activities) RecordRefundRequest(ctx context.Context, in contract.RequestRefund) (RefundTerms, error) {
	var terms RefundTerms
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
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
				terms.Awaited, err = escalation.AwaitedAbout(ctx, tx, r.ID)
				return err
			}
		}
		if in.Amount.Currency() == "" {
			in.Amount = refund.Left(p, refunds)
		}
		if err := refund.Allow(p, refunds, in.Amount, a.Now()); err != nil {
			return err
		}
		r := refund.New(refund.Refund{
			ID: in.RefundID, CompanyID: in.CompanyID, PaymentID: p.ID, InvoiceID: p.InvoiceID, OrderID: in.OrderID, Amount: in.Amount, Reason: in.Reason,
			AskedBy: in.By,
		}, a.Now())
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		if r.AskedBy == "" {
			if r.AskedBy, err = whoGivesBack(ctx, tx, p.ID); err != nil {
				return err
			}
		}
		hold, err := needsApproval(ctx, tx, company.RefundApprovalAbove, refunds, in.Amount, a.Now())
		if err != nil {
			return err
		}
		if hold {
			r.Hold()
			if err := tx.AppendEvent(ctx, event.New(event.RefundAwaitingApproval, r.CompanyID, r.ID, a.Now(), r.Facts())); err != nil {
				return err
			}
		}
		terms = refundTerms(p, r)
		return tx.InsertRefund(ctx, r)
	})
	return terms, err
}

// whoGivesBack returns who decided that a payment that came twice goes back; empty when nobody did.
func whoGivesBack(ctx context.Context, tx Tx, paymentID string) (by string, err error) {
	exceptions, err := tx.ExceptionsAbout(ctx, []string{paymentID})
	for _, e := range exceptions {
		if e.Choice == exception.GiveBack {
			by = e.ResolvedBy
		}
	}
	return by, err
}

func refundTerms(p payment.Payment, r refund.Refund) RefundTerms {
	return RefundTerms{State: r.State, Amount: r.Amount, CapturedAt: p.CapturedAt(), Method: p.Method, Rest: p.Method.RefundDelay()}
}

// Reopen is a decision that a refund did not happen: it fails, or is asked for again under another order.
type Reopen struct {
	activities.RefundRef
	Again bool `json:"again"`
}

// ReopenRefund records that a person made sure that a refund did not happen. One that has ended stays as it is.
func (a *Activities) ReopenRefund(ctx context.Context, in Reopen) error {
	return a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		r, err := tx.LockRefund(ctx, in.RefundID)
		if err != nil || r.State.Final() {
			return err
		}
		if in.Again && r.State == refund.Requested {
			return nil // done before; the order id stays
		}
		if in.Again {
			r.OrderID, r.Attempt = id.NewOrder(), ""
			if err := r.Become(refund.Requested, a.Now(), "A person made sure that it did not happen; it is asked for again."); err != nil {
				return err
			}
			return tx.SaveRefund(ctx, r)
		}
		r.Failure = payment.Failure{Name: "did_not_happen"}
		if err := r.Become(refund.Failed, a.Now(), "A person made sure that it did not happen."); err != nil {
			return err
		}
		return errors.Join(tx.SaveRefund(ctx, r), tx.AppendEvent(ctx, event.New(event.RefundFailed, r.CompanyID, r.ID, a.Now(), r.Facts())))
	})
}
