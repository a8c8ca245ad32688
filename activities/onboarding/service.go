package onboarding

import (
	"context"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
)

// Verification is where a payment service stands. The dates are zero before working credentials were entered.
type Verification struct {
	Status       merchant.ServiceStatus `json:"status"`
	Canton       string                 `json:"canton"` // decides the business days
	SubmittedAt  time.Time              `json:"submitted_at"`
	EarliestAt   time.Time              `json:"earliest_at"`
	DueAt        time.Time              `json:"due_at"`
	Overdue      bool                   `json:"overdue,omitempty"`   // the company and the operators were told that it takes too long
	PendingMails []merchant.Letter      `json:"untold"`              // the mails that its timeline calls for
	Connected    bool                   `json:"connected"`           // its credentials are kept here
	Unmanaged    bool                   `json:"unmanaged,omitempty"` // a look found nothing out: the license lacks the Management API
}

// RecordPaymentService adds the payment service, unless it is there already, and returns where it stands.
func (a *Activities) RecordPaymentService(ctx context.Context, in contract.ConnectPaymentService) (Verification, error) {
	var v Verification
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		s, err := tx.PaymentService(ctx, in.PaymentServiceID)
		if problem.CodeOf(err) == problem.NotFound {
			s = merchant.NewPaymentService(merchant.PaymentService{
				ID: in.PaymentServiceID, CompanyID: in.CompanyID, Name: in.Name, Environment: in.Environment,
			}, a.Now())
			err = tx.InsertPaymentService(ctx, s)
		}
		v = verification(s, company.Canton)
		return err
	})
	return v, err
}

func verification(s merchant.PaymentService, canton string) Verification {
	return Verification{
		Status: s.Status, Canton: canton, SubmittedAt: s.SubmittedAt, EarliestAt: s.EarliestAt, DueAt: s.DueAt,
		Overdue: s.Late(), PendingMails: s.PendingMails(), Connected: len(s.SealedPassword) > 0,
	}
}

// ServiceNews is something that happened to a payment service elsewhere. RefusedPassword is the sealed password that Saferpay no
// longer takes, if that is what happened.
type ServiceNews struct {
	activities.PaymentServiceRef
	RefusedPassword []byte `json:"refused_password,omitempty"`
}

// CatchUp returns where the payment service stands after something happened to it elsewhere.
func (a *Activities) CatchUp(ctx context.Context, in ServiceNews) (Verification, error) {
	return a.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		if len(in.RefusedPassword) == 0 {
			return nil
		}
		return s.RefuseCredentials(in.RefusedPassword, a.Now())
	})
}

// Disconnect ends a payment service for the company. What is in flight ends as it would.
func (a *Activities) Disconnect(ctx context.Context, in activities.PaymentServiceRef) (Verification, error) {
	return a.save(ctx, in, func(s *merchant.PaymentService) error {
		return s.Become(merchant.Disconnected, a.Now(), "Disconnected by the company. No new payment begins; what is under way comes to its end.")
	})
}

// save changes the payment service under lock and writes the events of the steps that were added to its timeline.
func (a *Activities) save(ctx context.Context, in activities.PaymentServiceRef, fn func(*merchant.PaymentService) error) (Verification, error) {
	return a.saveIn(ctx, in, func(_ Tx, s *merchant.PaymentService) error { return fn(s) })
}

// saveIn is save for a step that changes something else in the same transaction.
func (a *Activities) saveIn(ctx context.Context, in activities.PaymentServiceRef, fn func(Tx, *merchant.PaymentService) error) (Verification, error) {
	var v Verification
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		s, err := tx.LockPaymentService(ctx, in.PaymentServiceID)
		if err != nil {
			return err
		}
		err = account.ChangeService(ctx, tx, &s, a.Now(), func(s *merchant.PaymentService) error { return fn(tx, s) })
		v = verification(s, company.Canton)
		return err
	})
	return v, err
}
