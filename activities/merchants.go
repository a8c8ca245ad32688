package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/saferpay"
)

// TerminalReader is what onboarding needs of Saferpay, see *saferpay.Client.
type TerminalReader interface {
	Terminal(ctx context.Context, c saferpay.Credentials, requestID string) (saferpay.Terminal, error)
}

// Merchants are the steps that bring a payment service to life.
type Merchants struct {
	InCompany InCompany
	Terminals map[merchant.Environment]TerminalReader
	Secrets   Opener
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
	return Verification{Status: s.Status, Canton: canton, SubmittedAt: s.SubmittedAt, EarliestAt: s.EarliestAt, DueAt: s.DueAt}
}

// SubmitCredentials are credentials to be checked and saved, with the dates that a verification would get.
type SubmitCredentials struct {
	PaymentServiceRef
	Credentials merchant.Credentials `json:"credentials"`
	SubmittedAt time.Time            `json:"submitted_at"`
	EarliestAt  time.Time            `json:"earliest_at"`
	DueAt       time.Time            `json:"due_at"`
}

// SaveCredentials looks at the terminal with the new credentials (Saferpay Management API 1.14, terminals) and, when they
// work, saves them: the payment service is active when payment methods are contracted, else in verification. Otherwise
// nothing is saved. Problems: credentials-rejected with the field at fault, saferpay-unavailable.
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
	terminal, err := m.look(ctx, service, in.Credentials, "credentials")
	if err != nil {
		return Verification{}, rejected(err)
	}
	if terminal.Type != "ECOM" {
		return Verification{}, credentialFault("terminal_id", "is not an eCommerce terminal but "+terminal.Type+"; take the eCommerce one from mySaferpay")
	}
	if service.Status == merchant.Active && len(contracted(terminal)) == 0 {
		return Verification{}, credentialFault("terminal_id", "has no payment method contracted yet")
	}
	return m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		c := in.Credentials
		s.CustomerID, s.TerminalID, s.APIUsername, s.SealedPassword = c.CustomerID, c.TerminalID, c.APIUsername, c.SealedPassword
		if s.SubmittedAt.IsZero() {
			s.SubmittedAt, s.EarliestAt, s.DueAt = in.SubmittedAt.UTC(), in.EarliestAt.UTC(), in.DueAt.UTC()
		}
		s.Methods, s.LastCheckedAt = contracted(terminal), in.SubmittedAt.UTC()
		if len(s.Methods) > 0 {
			return s.Become(merchant.Active, m.Now(), "The credentials work and payment methods are contracted.")
		}
		return s.Become(merchant.InVerification, m.Now(), "The credentials work; the acquirer has not contracted a payment method yet.")
	})
}

// LookAtTerminal is one look of a verification; At is when, in the time of the verification.
type LookAtTerminal struct {
	PaymentServiceRef
	At time.Time `json:"at"`
}

// CheckVerification looks at the terminal once and makes the payment service active when payment methods are contracted.
func (m *Merchants) CheckVerification(ctx context.Context, in LookAtTerminal) (Verification, error) {
	service, err := m.paymentService(ctx, in.PaymentServiceRef)
	if err != nil {
		return Verification{}, err
	}
	terminal, err := m.look(ctx, service, service.Credentials(), "verification")
	if err != nil {
		return Verification{}, err
	}
	return m.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		s.LastCheckedAt = in.At.UTC()
		if s.Methods = contracted(terminal); len(s.Methods) == 0 || s.Status != merchant.InVerification {
			return nil
		}
		return s.Become(merchant.Active, m.Now(), "The acquirer finished the verification: payment methods are contracted.")
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
		if in.Approved && len(s.Methods) == 0 { // the license lacks the Management API: CHF is contracted by the contract itself
			for _, method := range payment.Methods {
				for _, name := range method.SaferpayNames() {
					s.Methods = append(s.Methods, merchant.ContractedMethod{Method: name, Currencies: []string{"CHF"}})
				}
			}
		}
		return s.Become(next, m.Now(), in.Reason)
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

func (m *Merchants) look(ctx context.Context, s merchant.PaymentService, c merchant.Credentials, step string) (saferpay.Terminal, error) {
	reader, ok := m.Terminals[s.Environment]
	if !ok {
		return saferpay.Terminal{}, fmt.Errorf("no Saferpay is configured for the environment %q", s.Environment)
	}
	credentials, err := credentialsOf(m.Secrets, s.CompanyID, c)
	if err != nil {
		return saferpay.Terminal{}, err
	}
	return reader.Terminal(ctx, credentials, s.ID+"-"+step)
}

// save changes the payment service under lock and writes the event of the state that it reached.
func (m *Merchants) save(ctx context.Context, in PaymentServiceRef, fn func(*merchant.PaymentService) error) (Verification, error) {
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
		before := s.Status
		if err := fn(&s); err != nil {
			return err
		}
		if err := tx.SavePaymentService(ctx, s); err != nil {
			return err
		}
		v = verification(s, company.Canton)
		if name, ok := stateEvents[s.Status]; ok && s.Status != before {
			return tx.AppendEvent(ctx, serviceEvent(name, s, m.Now()))
		}
		return nil
	})
	return v, err
}

var stateEvents = map[merchant.ServiceStatus]event.Type{
	merchant.Active:    event.PaymentServiceActive,
	merchant.Rejected:  event.PaymentServiceRejected,
	merchant.Suspended: event.PaymentServiceSuspended,
}

func serviceEvent(t event.Type, s merchant.PaymentService, at time.Time) event.Event {
	return event.New(t, s.CompanyID, s.ID, at, map[string]string{"payment_service_id": s.ID, "status": string(s.Status)})
}

// contracted keeps what a payer can be offered.
func contracted(t saferpay.Terminal) []merchant.ContractedMethod {
	var methods []merchant.ContractedMethod
	for _, offered := range payment.Methods {
		for _, m := range t.PaymentMethods {
			if slices.Contains(offered.SaferpayNames(), m.Method) && len(m.Currencies) > 0 {
				methods = append(methods, merchant.ContractedMethod{Method: m.Method, Currencies: m.Currencies})
			}
		}
	}
	return methods
}

// rejected names the credential at fault for each way in which Saferpay says no.
func rejected(err error) error {
	refusal, ok := errors.AsType[*saferpay.Error](err)
	switch {
	case !ok:
		return err
	case refusal.Name == saferpay.NameAuthenticationFailed:
		return credentialFault("api_password", "or api_username is wrong: Saferpay does not accept them")
	case refusal.Name == saferpay.NamePermissionDenied:
		return credentialFault("terminal_id", "or customer_id does not belong to this API user")
	case refused(refusal):
		return credentialFault("terminal_id", "is refused by Saferpay: "+refusal.Name)
	default:
		return err
	}
}

func credentialFault(field, message string) error {
	return &problem.Error{
		Code: problem.CredentialsRejected, Detail: field + " " + message + ". Nothing was saved.",
		Fields: []problem.Field{{Name: field, Message: message}},
	}
}
