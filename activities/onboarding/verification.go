package onboarding

import (
	"context"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/workflows/contract"
)

// LookAtTerminal is one look of a verification; At is when, in the time of the verification.
type LookAtTerminal struct {
	activities.PaymentServiceRef
	At time.Time `json:"at"`
}

// CheckVerification looks at the terminal once and makes the payment service active when payment methods are contracted,
// suspended when Saferpay no longer takes its credentials. One that is overdue is escalated, once.
func (a *Activities) CheckVerification(ctx context.Context, in LookAtTerminal) (Verification, error) {
	service, err := a.Saferpay.Service(ctx, in.PaymentServiceRef)
	if err != nil {
		return Verification{}, err
	}
	found, err := a.look(ctx, service, "verification")
	if saferpay.NameOf(err) == saferpay.NameAuthenticationFailed {
		return a.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error { return s.RefuseCredentials(service.SealedPassword, a.Now()) })
	}
	if err != nil {
		return Verification{}, err
	}
	v, err := a.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		s.LastCheckedAt = in.At.UTC()
		if len(found.methods) == 0 || s.Status != merchant.InVerification {
			a.escalate(s, in.At)
			return nil
		}
		if err := s.SeeContracts(found.methods, a.Now()); err != nil {
			return err
		}
		return s.Become(merchant.Active, a.Now(), "The acquirer finished the verification: payment methods are contracted.")
	})
	v.Unmanaged = found.unmanaged
	return v, err
}

// NoteBlindLook is for a look that failed: time goes on anyway.
func (a *Activities) NoteBlindLook(ctx context.Context, in LookAtTerminal) (Verification, error) {
	return a.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		a.escalate(s, in.At)
		return nil
	})
}

// escalate notes once that the verification takes longer than it should, which tells the company and the operators. At is the
// time of the verification.
func (a *Activities) escalate(s *merchant.PaymentService, at time.Time) {
	if s.Status == merchant.InVerification && !at.Before(s.DueAt) && !s.Late() {
		s.Note(merchant.ServiceStep{What: merchant.Overdue, Note: "The acquirer has not finished the verification in time."}, a.Now())
	}
}

// DecideVerification is a person's decision on a payment service that is in verification.
type DecideVerification struct {
	activities.PaymentServiceRef
	contract.Decision
}

// RecordDecision makes the payment service active or rejected. Problem: payment-service-not-in-verification.
func (a *Activities) RecordDecision(ctx context.Context, in DecideVerification) (Verification, error) {
	next := merchant.Rejected
	if in.Approved {
		next = merchant.Active
	}
	return a.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		if s.Status != merchant.InVerification && s.Status != next {
			return problem.New(problem.NotInVerification, "Payment service %s is %s; only one in verification can be decided on.", s.ID, s.Status)
		}
		if in.Approved {
			s.AssumeContracts()
		}
		if !in.Approved {
			s.SealedPassword = nil // it was never more than looked with
		}
		return s.Become(next, a.Now(), in.Reason)
	})
}
