// Package refunding holds the activities that give money of a payment back.
package refunding

import (
	"context"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/saferpay"
)

// Activities are the steps. One that speaks to Saferpay asks it once, and records the answer in one transaction.
type Activities struct {
	InCompany activities.InCompany[Tx]
	Saferpay  account.Access[Gateway]
	Now       func() time.Time
}

// Tx is what the steps need of a transaction.
type Tx interface {
	booking.RefundTx
	escalation.AwaitedTx
	ApprovalTx
	InsertRefund(ctx context.Context, r refund.Refund) error
}

// Gateway is what the steps call at Saferpay, see *saferpay.Client.
type Gateway interface {
	Refund(context.Context, saferpay.Credentials, saferpay.Call, saferpay.RefundRequest) (saferpay.Transaction, error)
	AssertRefund(ctx context.Context, c saferpay.Credentials, call saferpay.Call, transactionID string) (saferpay.Progress, error)
	Capture(ctx context.Context, c saferpay.Credentials, call saferpay.Call, transactionID string) (saferpay.Capture, error)
	Inquire(context.Context, saferpay.Credentials, saferpay.Call, saferpay.InquireBy) (saferpay.Assertion, error)
}

// subject is the payment of a refund with what is needed to speak to Saferpay about it.
type subject = account.Subject[Gateway]

func (a *Activities) load(ctx context.Context, in activities.RefundRef) (refund.Refund, subject, error) {
	var r refund.Refund
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		r, err = tx.Refund(ctx, in.RefundID)
		return err
	})
	if err != nil {
		return r, subject{}, err
	}
	sub, err := a.Saferpay.Load(ctx, activities.PaymentRef{CompanyID: in.CompanyID, PaymentID: r.PaymentID})
	return r, sub, err
}

// change reads the refund under lock, lets fn change it, and saves it with the events that fn returns.
func (a *Activities) change(ctx context.Context, in activities.RefundRef, fn func(*refund.Refund) ([]event.Type, error)) error {
	return a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
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
			if err := tx.AppendEvent(ctx, event.New(t, r.CompanyID, r.ID, a.Now(), r.Facts())); err != nil {
				return err
			}
		}
		return nil
	})
}
