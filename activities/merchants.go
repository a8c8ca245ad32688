package activities

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/saferpay"
)

// Merchants are the steps that bring a payment service to life.
type Merchants struct {
	InCompany InCompany
	Terminals map[merchant.Environment]TerminalReader
	Secrets   Opener
	Processes Processes
	PublicURL string
	Now       func() time.Time
}

// PaymentServiceRef names a payment service of a company.
type PaymentServiceRef struct {
	CompanyID        string `json:"company_id"`
	PaymentServiceID string `json:"payment_service_id"`
}

// Connect adds a payment service.
type Connect struct {
	PaymentServiceRef
	Environment merchant.Environment `json:"environment"`
	Name        string               `json:"name"`
}

// Verification is where a payment service stands. The dates are zero before working credentials were entered.
type Verification struct {
	Status      merchant.ServiceStatus `json:"status"`
	Canton      string                 `json:"canton"` // decides the business days
	SubmittedAt time.Time              `json:"submitted_at"`
	EarliestAt  time.Time              `json:"earliest_at"`
	DueAt       time.Time              `json:"due_at"`
	Overdue     bool                   `json:"overdue,omitempty"`   // the company and the operators were told that it takes too long
	Untold      []merchant.Letter      `json:"untold"`              // the mails that its timeline calls for
	Connected   bool                   `json:"connected"`           // its credentials are kept here
	Unmanaged   bool                   `json:"unmanaged,omitempty"` // a look found nothing out: the license lacks the Management API
}

// RecordPaymentService adds the payment service, unless it is there already, and returns where it stands.
func (m *Merchants) RecordPaymentService(ctx context.Context, in Connect) (Verification, error) {
	var v Verification
	err := m.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		s, err := tx.PaymentService(ctx, in.PaymentServiceID)
		if problem.CodeOf(err) == problem.NotFound {
			s = merchant.NewPaymentService(merchant.PaymentService{
				ID: in.PaymentServiceID, CompanyID: in.CompanyID, Name: in.Name, Environment: in.Environment,
			}, m.Now())
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
		Overdue: s.Noted(merchant.Overdue, ""), Untold: s.Untold(), Connected: len(s.SealedPassword) > 0,
	}
}

// Remind says that the credentials are missing after so many business days.
type Remind struct {
	PaymentServiceRef
	After int `json:"after"`
}

// RemindOfCredentials notes once that the credentials are still missing, which tells the company.
func (m *Merchants) RemindOfCredentials(ctx context.Context, in Remind) (Verification, error) {
	days := fmt.Sprint(in.After)
	return m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		if s.Status == merchant.AwaitingCredentials && !s.Noted(merchant.Reminded, days) {
			s.Note(merchant.ServiceStep{What: merchant.Reminded, About: days, Note: "The credentials are still missing after " + days + " business days."}, m.Now())
		}
		return nil
	})
}

// Abandon disconnects a payment service whose credentials never came.
func (m *Merchants) Abandon(ctx context.Context, in Remind) (Verification, error) {
	return m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		return s.Abandon(m.Now(), fmt.Sprintf("No credentials were entered in %d business days.", in.After))
	})
}

// SubmitCredentials are credentials to be checked and saved, with the dates that a verification would get.
type SubmitCredentials struct {
	PaymentServiceRef
	Credentials merchant.Credentials `json:"credentials"`
	SubmittedAt time.Time            `json:"submitted_at"`
	EarliestAt  time.Time            `json:"earliest_at"`
	DueAt       time.Time            `json:"due_at"`
}

// SaveCredentials tries the credentials at Saferpay, see inspect, and, when they work, saves them: the payment service is
// active when payment methods are contracted, else in verification. Otherwise nothing is saved, and what works goes on
// working. Problems: payment-service-not-active, credentials-rejected with the field at fault.
func (m *Merchants) SaveCredentials(ctx context.Context, in SubmitCredentials) (Verification, error) {
	service, err := m.paymentService(ctx, in.PaymentServiceRef)
	if err != nil {
		return Verification{}, err
	}
	if service.Status == merchant.Disconnected || service.Status == merchant.Rejected {
		return Verification{}, problem.New(problem.PaymentServiceNotActive, "Payment service %s is %s; add a new one.", service.ID, service.Status)
	}
	inUse := service.Status == merchant.Active || service.Status == merchant.Suspended
	if inUse && service.CustomerID != in.Credentials.CustomerID {
		return Verification{}, credentialFault("customer_id", "is another Saferpay account than the one that payments are under way with; add a new payment service for it")
	}
	found, err := m.inspect(ctx, service, in.Credentials)
	if err != nil {
		return Verification{}, err
	}
	if service.Status == merchant.Active && len(found.methods) == 0 && !found.unmanaged {
		return Verification{}, credentialFault("terminal_id", "has no payment method contracted yet")
	}
	v, err := m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		c := in.Credentials
		if bytes.Equal(s.SealedPassword, c.SealedPassword) {
			return nil // saved before, by an attempt that could not say so any more
		}
		s.CustomerID, s.TerminalID, s.APIUsername, s.SealedPassword = c.CustomerID, c.TerminalID, c.APIUsername, c.SealedPassword
		s.LastCheckedAt = in.SubmittedAt.UTC()
		if !found.unmanaged {
			if err := s.SeeContracts(found.methods, m.Now()); err != nil {
				return err
			}
		}
		switch {
		case s.Status == merchant.Active:
			s.Note(merchant.ServiceStep{What: merchant.CredentialsRenewed, Note: "The new credentials work and have replaced the old ones."}, m.Now())
			return nil
		case len(s.Methods) > 0:
			s.Submit(in.SubmittedAt, in.EarliestAt, in.DueAt)
			return s.Become(merchant.Active, m.Now(), "The credentials work and payment methods are contracted.")
		case found.unmanaged:
			s.Submit(in.SubmittedAt, in.EarliestAt, in.DueAt)
			return s.Become(merchant.InVerification, m.Now(), "The credentials work. The Saferpay license has no Management API, so that a person will confirm when the acquirer is done.")
		default:
			s.Submit(in.SubmittedAt, in.EarliestAt, in.DueAt)
			return s.Become(merchant.InVerification, m.Now(), "The credentials work; the acquirer has not contracted a payment method yet.")
		}
	})
	v.Unmanaged = found.unmanaged
	return v, err
}

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
	if s.Status == merchant.InVerification && !at.Before(s.DueAt) && !s.Noted(merchant.Overdue, "") {
		s.Note(merchant.ServiceStep{What: merchant.Overdue, Note: "The acquirer has not finished the verification in time."}, m.Now())
	}
}

// ServiceNews is something that happened to a payment service elsewhere. RefusedPassword is the sealed password that Saferpay no
// longer takes, if that is what happened.
type ServiceNews struct {
	PaymentServiceRef
	RefusedPassword []byte `json:"refused_password,omitempty"`
}

// CatchUp returns where the payment service stands after something happened to it elsewhere.
func (m *Merchants) CatchUp(ctx context.Context, in ServiceNews) (Verification, error) {
	return m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		if len(in.RefusedPassword) == 0 {
			return nil
		}
		return s.RefuseCredentials(in.RefusedPassword, m.Now())
	})
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

// Disconnect ends a payment service for the company. What is under way ends as it would.
func (m *Merchants) Disconnect(ctx context.Context, in PaymentServiceRef) (Verification, error) {
	return m.save(ctx, in, func(s *merchant.PaymentService) error {
		return s.Become(merchant.Disconnected, m.Now(), "Disconnected by the company. No new payment begins; what is under way comes to its end.")
	})
}

// Tidings are what became of a letter.
type Tidings struct {
	Tell
	Told Told `json:"told"`
}

// NoteLetter notes on the timeline what became of a letter, so that it is never sent again.
func (m *Merchants) NoteLetter(ctx context.Context, in Tidings) (Verification, error) {
	return m.saveIn(ctx, in.PaymentServiceRef, func(tx Tx, s *merchant.PaymentService) error {
		if !slices.Contains(s.Untold(), in.Letter) {
			return nil
		}
		if in.Letter.What == merchant.DocumentReceived {
			return m.noteDocument(ctx, tx, s, s.Timeline[in.Letter.Step].About, in)
		}
		what := merchant.NotMailed
		if in.Told.Sent {
			what = merchant.Mailed
		}
		s.Note(merchant.ServiceStep{What: what, Note: in.Told.Note, Letter: &in.Letter}, m.Now())
		return nil
	})
}

func (m *Merchants) paymentService(ctx context.Context, in PaymentServiceRef) (merchant.PaymentService, error) {
	var s merchant.PaymentService
	err := m.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		s, err = tx.PaymentService(ctx, in.PaymentServiceID)
		return err
	})
	return s, err
}

// save changes the payment service under lock and writes the events of the steps that were added to its timeline.
func (m *Merchants) save(ctx context.Context, in PaymentServiceRef, fn func(*merchant.PaymentService) error) (Verification, error) {
	return m.saveIn(ctx, in, func(_ Tx, s *merchant.PaymentService) error { return fn(s) })
}

// saveIn is save for a step that changes something else in the same transaction.
func (m *Merchants) saveIn(ctx context.Context, in PaymentServiceRef, fn func(Tx, *merchant.PaymentService) error) (Verification, error) {
	var v Verification
	err := m.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		s, err := tx.LockPaymentService(ctx, in.PaymentServiceID)
		if err != nil {
			return err
		}
		err = changeService(ctx, tx, &s, m.Now(), func(s *merchant.PaymentService) error { return fn(tx, s) })
		v = verification(s, company.Canton)
		return err
	})
	return v, err
}

// changeService lets fn change a payment service that is locked, saves it, and writes the events of its new steps.
func changeService(ctx context.Context, tx Tx, s *merchant.PaymentService, at time.Time, fn func(*merchant.PaymentService) error) error {
	before := len(s.Timeline)
	if err := fn(s); err != nil {
		return err
	}
	if err := tx.SavePaymentService(ctx, *s); err != nil {
		return err
	}
	for _, step := range s.Timeline[before:] {
		name, ok := stepEvents[step.What]
		if !ok {
			continue
		}
		data := map[string]string{"payment_service_id": s.ID, "status": string(step.Status)}
		if step.About != "" {
			data["about"] = step.About
		}
		if err := tx.AppendEvent(ctx, event.New(name, s.CompanyID, s.ID, at, data)); err != nil {
			return err
		}
	}
	return nil
}

// stepEvents are what a company can be told of the life of a payment service.
var stepEvents = map[merchant.What]event.Type{
	merchant.Reminded:                      event.PaymentServiceReminded,
	merchant.Abandoned:                     event.PaymentServiceDisconnected,
	merchant.What(merchant.InVerification): event.PaymentServiceInVerification,
	merchant.Overdue:                       event.PaymentServiceOverdue,
	merchant.What(merchant.Active):         event.PaymentServiceActive,
	merchant.What(merchant.Rejected):       event.PaymentServiceRejected,
	merchant.What(merchant.Suspended):      event.PaymentServiceSuspended,
	merchant.ContractsLost:                 event.PaymentServiceSuspended,
	merchant.MethodsLost:                   event.PaymentServiceMethodsChanged,
	merchant.MethodsAdded:                  event.PaymentServiceMethodsChanged,
	merchant.CurrencyWanted:                event.PaymentServiceCurrencyRequested,
	merchant.CurrencyContracted:            event.PaymentServiceCurrencyActive,
	merchant.CurrencyDeclined:              event.PaymentServiceCurrencyRejected,
	merchant.DocumentSent:                  event.PaymentServiceDocumentSent,
	merchant.DocumentRefused:               event.PaymentServiceDocumentRefused,
	merchant.What(merchant.Disconnected):   event.PaymentServiceDisconnected,
}

func credentialFault(field, message string) error {
	return &problem.Error{
		Code: problem.CredentialsRejected, Detail: field + " " + message + ". Nothing was saved.",
		Fields: []problem.Field{{Name: field, Message: message}},
	}
}
