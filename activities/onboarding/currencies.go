package onboarding

import (
	"context"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/workflows/contract"
)

// CurrencyRef names a currency of a payment service.
type CurrencyRef struct {
	activities.PaymentServiceRef
	Currency money.Currency `json:"currency"`
}

// CurrencyStanding is where a currency stands. It is pending as long as somebody must look whether it is contracted.
type CurrencyStanding struct {
	Status       merchant.CurrencyStatus `json:"status"`
	Pending      bool                    `json:"pending"`
	Canton       string                  `json:"canton"`              // decides the business days
	PendingMails bool                    `json:"untold"`              // the timeline calls for mails
	Unmanaged    bool                    `json:"unmanaged,omitempty"` // a look found nothing out: the license lacks the Management API
}

func currencyStanding(s merchant.PaymentService, canton string, c money.Currency) CurrencyStanding {
	return CurrencyStanding{Status: s.CurrencyStatus(c), Pending: s.Awaits(c), Canton: canton, PendingMails: len(s.PendingMails()) > 0}
}

// RequestCurrency notes that the company wants the currency, which tells the acquirer. Problem: payment-service-not-active.
func (a *Activities) RequestCurrency(ctx context.Context, in CurrencyRef) (CurrencyStanding, error) {
	return a.saveCurrency(ctx, in, func(s *merchant.PaymentService) error { return s.RequestCurrency(in.Currency, a.Now()) })
}

// CheckCurrency looks at the terminal once and sees whether the currency is contracted, and what else has come or gone. A
// payment service whose credentials Saferpay refuses is suspended; as long as it is, nobody looks. During the verification its own
// daily look finds the currency too.
func (a *Activities) CheckCurrency(ctx context.Context, in CurrencyRef) (CurrencyStanding, error) {
	service, err := a.Saferpay.Service(ctx, in.PaymentServiceRef)
	if err != nil {
		return CurrencyStanding{}, err
	}
	needless := service.CredentialsRefused() || service.Status == merchant.InVerification || len(service.SealedPassword) == 0
	if needless || service.CurrencyStatus(in.Currency) != merchant.CurrencyRequested {
		return a.saveCurrency(ctx, in, func(*merchant.PaymentService) error { return nil })
	}
	found, err := a.look(ctx, service, "currency")
	if saferpay.NameOf(err) == saferpay.NameAuthenticationFailed {
		return a.saveCurrency(ctx, in, func(s *merchant.PaymentService) error { return s.RefuseCredentials(service.SealedPassword, a.Now()) })
	}
	if err != nil {
		return CurrencyStanding{}, err
	}
	standing, err := a.saveCurrency(ctx, in, func(s *merchant.PaymentService) error {
		if found.unmanaged || s.Status == merchant.InVerification { // since this look began
			return nil
		}
		return s.SeeContracts(found.methods, a.Now())
	})
	standing.Unmanaged = found.unmanaged
	return standing, err
}

// DecideCurrency is what a person learnt from the acquirer about a requested currency.
type DecideCurrency struct {
	CurrencyRef
	contract.Decision
}

// RecordCurrencyDecision makes a requested currency active or rejected.
func (a *Activities) RecordCurrencyDecision(ctx context.Context, in DecideCurrency) (CurrencyStanding, error) {
	return a.saveCurrency(ctx, in.CurrencyRef, func(s *merchant.PaymentService) error {
		s.DecideCurrency(in.Currency, in.Approved, in.Reason, a.Now())
		return nil
	})
}

func (a *Activities) saveCurrency(ctx context.Context, in CurrencyRef, fn func(*merchant.PaymentService) error) (CurrencyStanding, error) {
	var standing CurrencyStanding
	_, err := a.saveIn(ctx, in.PaymentServiceRef, func(tx Tx, s *merchant.PaymentService) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		err = fn(s)
		standing = currencyStanding(*s, company.Canton, in.Currency)
		return err
	})
	return standing, err
}

// PassOn has the onboarding write the letters that the timeline calls for: it is the only one who does, so that no letter is
// written twice.
func (a *Activities) PassOn(ctx context.Context, in activities.PaymentServiceRef) error {
	service, err := a.Saferpay.Service(ctx, in)
	if err != nil {
		return err
	}
	return a.Workflows.ServiceChanged(ctx, service, nil)
}
