// Package account is the way to the accounts that companies have at Saferpay, for every activity that speaks to it.
package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/sealed"
)

// Tx is what Access needs of a transaction.
type Tx interface {
	ServiceTx
	Alone() // see postgres.Tx
	// PaymentOfAccount returns a payment and its payment service.
	PaymentOfAccount(ctx context.Context, id string) (payment.Payment, merchant.PaymentService, error)
	PaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
	LockPaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
}

// Onboarding is the workflow of a payment service, see contract.Commands.
type Onboarding interface {
	// ServiceChanged has the onboarding of the payment service see to what happened: credentials that Saferpay refused, named
	// by their sealed password, or a step on the timeline that somebody is to be told of.
	ServiceChanged(ctx context.Context, s merchant.PaymentService, refusedPassword []byte) error
}

// Access opens accounts at Saferpay. G is what its user calls there, see *saferpay.Client.
type Access[G any] struct {
	InCompany  activities.InCompany[Tx]
	Gateways   map[merchant.Environment]G
	Secrets    activities.Opener
	Onboarding Onboarding
	Now        func() time.Time
}

// Subject is a payment with what is needed to speak to Saferpay about it.
type Subject[G any] struct {
	Payment     payment.Payment
	Service     merchant.PaymentService
	Gateway     G
	Credentials saferpay.Credentials
	Retries     int // how often its workflow tried the step before
}

// Load reads a payment and the credentials as they are now, so that new ones help payments in flight. Errors: those of
// OpenUnlessRefused.
func (a Access[G]) Load(ctx context.Context, ref activities.PaymentRef) (Subject[G], error) {
	var sub Subject[G]
	err := a.InCompany(ctx, ref.CompanyID, func(tx Tx) (err error) {
		tx.Alone()
		sub.Payment, sub.Service, err = tx.PaymentOfAccount(ctx, ref.PaymentID)
		return err
	})
	if err != nil {
		return Subject[G]{}, err
	}
	sub.Retries = ref.Retries
	sub.Gateway, sub.Credentials, err = a.OpenUnlessRefused(sub.Service)
	return sub, err
}

// Service reads a payment service.
func (a Access[G]) Service(ctx context.Context, ref activities.PaymentServiceRef) (service merchant.PaymentService, err error) {
	err = a.InCompany(ctx, ref.CompanyID, func(tx Tx) (err error) {
		service, err = tx.PaymentService(ctx, ref.PaymentServiceID)
		return err
	})
	return service, err
}

// OpenUnlessRefused is Open for what moves money or asks about it. Errors of the type CredentialsRevoked, since a password that was
// refused is never tried again, and CredentialsErased.
func (a Access[G]) OpenUnlessRefused(service merchant.PaymentService) (gateway G, credentials saferpay.Credentials, err error) {
	if service.CredentialsRefused() {
		return gateway, credentials, temporal.NewNonRetryableApplicationError(
			"Saferpay refused the credentials of payment service "+service.ID+": it is asked again once the company has entered new ones", activities.CredentialsRevoked, nil)
	}
	if len(service.SealedPassword) == 0 {
		return gateway, credentials, temporal.NewNonRetryableApplicationError(
			"the payment service "+service.ID+" is "+string(service.Status)+" and its credentials are erased", activities.CredentialsErased, nil)
	}
	return a.Open(service)
}

// Open returns the Saferpay of the payment service's environment, and its credentials.
func (a Access[G]) Open(service merchant.PaymentService) (G, saferpay.Credentials, error) {
	return a.OpenWith(service, service.Credentials())
}

// OpenWith is Open with credentials that are not, or not yet, those of the payment service.
func (a Access[G]) OpenWith(service merchant.PaymentService, c merchant.Credentials) (gateway G, credentials saferpay.Credentials, err error) {
	gateway, ok := a.Gateways[service.Environment]
	if !ok {
		return gateway, credentials, fmt.Errorf("no Saferpay is configured for the environment %q", service.Environment)
	}
	password, err := a.Secrets.OpenAt(c.SealedPassword, sealed.ServicePassword.Of(service.CompanyID, service.ID))
	if err != nil {
		return gateway, credentials, fmt.Errorf("the Saferpay password of company %s: %w", service.CompanyID, err)
	}
	return gateway, saferpay.Credentials{CustomerID: c.CustomerID, TerminalID: c.TerminalID, Username: c.APIUsername, Password: string(password)}, nil
}

// NoticeRevoked suspends the payment service when err says that Saferpay no longer takes its credentials, so that nobody
// else runs into it. It returns err, joined with what went wrong while noting it.
func (a Access[G]) NoticeRevoked(ctx context.Context, service merchant.PaymentService, err error) error {
	if !saferpay.IsNamed(err, saferpay.NameAuthenticationFailed) {
		return err
	}
	return errors.Join(err, a.Suspend(ctx, service))
}

// Suspend records that Saferpay no longer takes the credentials, unless somebody has before, or they have been renewed since.
// The onboarding tells the company of it, and is asked first: should this activity end in between, it does the rest.
func (a Access[G]) Suspend(ctx context.Context, service merchant.PaymentService) error {
	if err := a.Onboarding.ServiceChanged(ctx, service, service.SealedPassword); err != nil {
		return err
	}
	ref := activities.PaymentServiceRef{CompanyID: service.CompanyID, PaymentServiceID: service.ID}
	return a.Change(ctx, ref, func(current *merchant.PaymentService) error {
		return current.RefuseCredentials(service.SealedPassword, a.Now())
	})
}

// Change reads the payment service under lock and lets fn change it, see ChangeService.
func (a Access[G]) Change(ctx context.Context, ref activities.PaymentServiceRef, fn func(*merchant.PaymentService) error) error {
	return a.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		service, err := tx.LockPaymentService(ctx, ref.PaymentServiceID)
		if err != nil {
			return err
		}
		return ChangeService(ctx, tx, &service, a.Now(), fn)
	})
}

// ServiceTx is what ChangeService needs of a transaction.
type ServiceTx interface {
	SavePaymentService(ctx context.Context, s merchant.PaymentService) error
	AppendEvent(ctx context.Context, e event.Event) error
}

// ChangeService lets fn change a payment service that is locked, saves it, and writes the events of its new steps.
func ChangeService(ctx context.Context, tx ServiceTx, s *merchant.PaymentService, at time.Time, fn func(*merchant.PaymentService) error) error {
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

// Call identifies a step of a payment, a refund or a decision to Saferpay: the same on every attempt, with the number of earlier
// attempts, of which retries are those that the workflow counted. Saferpay's RetryIndicator goes up to 9.
func Call(ctx context.Context, subject, step string, retries int) saferpay.Call {
	return saferpay.Call{RequestID: subject + "-" + step, RetryIndicator: min(int(activity.GetInfo(ctx).Attempt)-1+retries, 9)}
}
