package onboarding

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/saferpay"
)

// Remind says that the credentials are missing after so many business days.
type Remind struct {
	activities.PaymentServiceRef
	After int `json:"after"`
}

// RemindOfCredentials notes once that the credentials are still missing, which tells the company.
func (a *Activities) RemindOfCredentials(ctx context.Context, in Remind) (Verification, error) {
	days := fmt.Sprint(in.After)
	return a.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		if s.Status == merchant.AwaitingCredentials && !s.Noted(merchant.Reminded, days) {
			s.Note(merchant.ServiceStep{What: merchant.Reminded, About: days, Note: "The credentials are still missing after " + days + " business days."}, a.Now())
		}
		return nil
	})
}

// Abandon disconnects a payment service whose credentials never came.
func (a *Activities) Abandon(ctx context.Context, in Remind) (Verification, error) {
	return a.save(ctx, in.PaymentServiceRef, func(s *merchant.PaymentService) error {
		return s.Abandon(a.Now(), fmt.Sprintf("No credentials were entered in %d business days.", in.After))
	})
}

// SubmitCredentials are credentials to be checked and saved, with the dates that a verification would get.
type SubmitCredentials struct {
	activities.PaymentServiceRef
	Credentials merchant.Credentials `json:"credentials"`
	SubmittedAt time.Time            `json:"submitted_at"`
	EarliestAt  time.Time            `json:"earliest_at"`
	DueAt       time.Time            `json:"due_at"`
}

// SaveCredentials tries the credentials at Saferpay, see inspect, and, when they work, saves them: the payment service is
// active when payment methods are contracted, else in verification. Otherwise nothing is saved, and what works goes on
// working. Problems: payment-service-not-active, credentials-rejected with the field at fault.
func (a *Activities) SaveCredentials(ctx context.Context, in SubmitCredentials) (Verification, error) {
	service, err := a.Saferpay.Service(ctx, in.PaymentServiceRef)
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
	found, err := a.inspect(ctx, service, in.Credentials)
	if err != nil {
		return Verification{}, err
	}
	if service.Status == merchant.Active && len(found.methods) == 0 && !found.unmanaged {
		return Verification{}, credentialFault("terminal_id", "has no payment method contracted yet")
	}
	v, err := a.saveIn(ctx, in.PaymentServiceRef, func(tx Tx, s *merchant.PaymentService) error {
		c := in.Credentials
		if bytes.Equal(s.SealedPassword, c.SealedPassword) {
			return nil // saved before, by an attempt that could not say so any more
		}
		if err := tx.NoteSecurity(ctx, merchant.SecurityNotice{
			ID: id.New(id.SecurityNotice), CompanyID: in.CompanyID, At: a.Now(), Change: merchant.CredentialsChanged, About: s.Label(), Author: c.By,
		}); err != nil {
			return err
		}
		s.CustomerID, s.TerminalID, s.APIUsername, s.SealedPassword = c.CustomerID, c.TerminalID, c.APIUsername, c.SealedPassword
		s.LastCheckedAt = in.SubmittedAt.UTC()
		if !found.unmanaged {
			if err := s.SeeContracts(found.methods, a.Now()); err != nil {
				return err
			}
		}
		switch {
		case s.Status == merchant.Active:
			s.Note(merchant.ServiceStep{What: merchant.CredentialsRenewed, Note: "The new credentials work and have replaced the old ones."}, a.Now())
			return nil
		case len(found.methods) > 0, s.Status == merchant.Suspended && len(s.Methods) > 0: // in a license that shows none, what was known before
			s.Submit(in.SubmittedAt, in.EarliestAt, in.DueAt)
			return s.Become(merchant.Active, a.Now(), "The credentials work and payment methods are contracted.")
		case found.unmanaged:
			s.Submit(in.SubmittedAt, in.EarliestAt, in.DueAt)
			return s.Become(merchant.InVerification, a.Now(), "The credentials work. The Saferpay license has no Management API, so that a person will confirm when the acquirer is done.")
		default:
			s.Submit(in.SubmittedAt, in.EarliestAt, in.DueAt)
			return s.Become(merchant.InVerification, a.Now(), "The credentials work; the acquirer has not contracted a payment method yet.")
		}
	})
	v.Unmanaged = found.unmanaged
	return v, err
}

// inspect tries credentials that a company has entered: the license (Saferpay Management API 1.14, license) shows that user,
// password and customer belong together, the terminal (terminals/{terminalId}) that it is the customer's and takes payments
// online. A license without the Management API is fine, see probe. The problem is credentials-rejected with the field at
// fault; that Saferpay doesn't answer is an error to be tried again.
func (a *Activities) inspect(ctx context.Context, s merchant.PaymentService, c merchant.Credentials) (terminalStatus, error) {
	reader, credentials, err := a.Saferpay.OpenWith(s, c)
	if err != nil {
		return terminalStatus{}, err
	}
	_, err = reader.License(ctx, credentials, s.ID+"-credentials")
	switch {
	case saferpay.NameOf(err) == saferpay.NameAuthenticationFailed:
		return terminalStatus{}, credentialFault("api_password", "or api_username is wrong: Saferpay does not accept them")
	case saferpay.NameOf(err) == saferpay.NamePermissionDenied:
		return a.probe(ctx, s, reader, credentials)
	case err != nil:
		return terminalStatus{}, refusedCredentials(err)
	}
	terminal, err := reader.Terminal(ctx, credentials, s.ID+"-credentials")
	switch {
	case saferpay.NameOf(err) == saferpay.NamePermissionDenied:
		return terminalStatus{}, credentialFault("terminal_id", "is no terminal of the customer "+c.CustomerID)
	case err != nil:
		return terminalStatus{}, refusedCredentials(err)
	case terminal.Type != "ECOM":
		return terminalStatus{}, credentialFault("terminal_id", "is not an eCommerce terminal but "+terminal.Type+"; take the eCommerce one from mySaferpay")
	}
	return terminalStatus{methods: contracted(terminal)}, nil
}

// probe tries credentials without the Management API by opening a payment page that nobody will ever see (Saferpay JSON API
// 1.53, PaymentPage/Initialize): user and password are right already, since Saferpay knew that they may not manage. A page,
// or that nothing is contracted, says that the terminal is right too.
func (a *Activities) probe(ctx context.Context, s merchant.PaymentService, reader Gateway, c saferpay.Credentials) (terminalStatus, error) {
	err := a.openUnseen(ctx, s, reader, c)
	switch saferpay.NameOf(err) {
	case saferpay.NameAuthenticationFailed:
		return terminalStatus{}, credentialFault("customer_id", "is not the customer of this API user")
	case saferpay.NamePermissionDenied:
		return terminalStatus{}, credentialFault("terminal_id", "is not a terminal that this API user may use")
	case saferpay.NameNoContract:
		err = nil
	}
	return terminalStatus{unmanaged: true}, refusedCredentials(err)
}

// refusedCredentials turns a definite no that has no sentence of its own into the problem; anything else stays an error.
func refusedCredentials(err error) error {
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok && refusal.Refused() {
		return credentialFault("terminal_id", "is refused by Saferpay: "+refusal.Name)
	}
	return err
}

func credentialFault(field, message string) error {
	return &problem.Error{
		Code: problem.CredentialsRejected, Detail: field + " " + message + ". Nothing was saved.",
		Fields: []problem.Field{{Name: field, Message: message}},
	}
}
