package activities

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/saferpay"
)

// LookAtTerminal is one look of a verification; At is when, in the time of the verification.
type LookAtTerminal struct {
	PaymentServiceRef
	At time.Time `json:"at"`
}

// CheckVerification looks at the terminal once and makes the payment service active when payment methods are contracted,
// suspended when Saferpay no longer takes its credentials. One that is overdue is escalated, once.
func (m *Merchants) CheckVerification(ctx context.Context, in LookAtTerminal) (Verification, error) {
	service, err := m.paymentService(ctx, in.PaymentServiceRef)
	if err != nil {
		return Verification{}, err
	}
	found, err := m.look(ctx, service, "verification")
	if nameOf(err) == saferpay.NameAuthenticationFailed {
		return m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error { return s.RefuseCredentials(service.SealedPassword, m.Now()) })
	}
	if err != nil {
		return Verification{}, err
	}
	v, err := m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		s.LastCheckedAt = in.At.UTC()
		if len(found.methods) == 0 || s.Status != merchant.InVerification {
			m.escalate(s, in.At)
			return nil
		}
		if err := s.SeeContracts(found.methods, m.Now()); err != nil {
			return err
		}
		return s.Become(merchant.Active, m.Now(), "The acquirer finished the verification: payment methods are contracted.")
	})
	v.Unmanaged = found.unmanaged
	return v, err
}

// NoteBlindLook is for a look that failed: time goes on all the same.
func (m *Merchants) NoteBlindLook(ctx context.Context, in LookAtTerminal) (Verification, error) {
	return m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		m.escalate(s, in.At)
		return nil
	})
}

// escalate notes once that the verification takes longer than it should, which tells the company and the operators. At is the
// time of the verification.
func (m *Merchants) escalate(s *merchant.PaymentService, at time.Time) {
	if s.Status == merchant.InVerification && !at.Before(s.DueAt) && !s.Late() {
		s.Note(merchant.ServiceStep{What: merchant.Overdue, Note: "The acquirer has not finished the verification in time."}, m.Now())
	}
}

// DecideVerification is a person's decision on a payment service that is in verification.
type DecideVerification struct {
	PaymentServiceRef
	Approved bool   `json:"approved"`
	Reason   string `json:"reason"`
}

// RecordDecision makes the payment service active or rejected. Problem: payment-service-not-in-verification.
func (m *Merchants) RecordDecision(ctx context.Context, in DecideVerification) (Verification, error) {
	next := merchant.Rejected
	if in.Approved {
		next = merchant.Active
	}
	return m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		if s.Status != merchant.InVerification && s.Status != next {
			return problem.New(problem.NotInVerification, "Payment service %s is %s; only one in verification can be decided on.", s.ID, s.Status)
		}
		if in.Approved {
			s.AssumeContracts()
		}
		if !in.Approved {
			s.SealedPassword = nil // it was never more than looked with
		}
		return s.Become(next, m.Now(), in.Reason)
	})
}
