package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
)

// Gateway is what payments, refunds and their nightly comparison need of Saferpay, see *saferpay.Client.
type Gateway interface {
	InitializePaymentPage(context.Context, saferpay.Credentials, saferpay.Call, saferpay.PaymentPageRequest) (saferpay.PaymentPage, error)
	AssertPaymentPage(ctx context.Context, c saferpay.Credentials, call saferpay.Call, token string) (saferpay.Assertion, error)
	Capture(ctx context.Context, c saferpay.Credentials, call saferpay.Call, transactionID string) (saferpay.Capture, error)
	AssertCapture(ctx context.Context, c saferpay.Credentials, call saferpay.Call, captureID string) (saferpay.Progress, error)
	Cancel(ctx context.Context, c saferpay.Credentials, call saferpay.Call, transactionID string) error
	Inquire(context.Context, saferpay.Credentials, saferpay.Call, saferpay.InquireBy) (saferpay.Assertion, error)
	Refund(context.Context, saferpay.Credentials, saferpay.Call, saferpay.RefundRequest) (saferpay.Transaction, error)
	AssertRefund(ctx context.Context, c saferpay.Credentials, call saferpay.Call, transactionID string) (saferpay.Progress, error)
	Transactions(ctx context.Context, c saferpay.Credentials, requestID string, query saferpay.ReportQuery) (saferpay.Report, error)
}

// Opener opens sealed passwords, see internal/secrets.
type Opener interface {
	Open(sealed []byte, associated string) ([]byte, error)
}

// Saferpay are the steps that move money. Each asks Saferpay once and records the answer in one transaction.
type Saferpay struct {
	InCompany InCompany
	Gateways  map[merchant.Environment]Gateway
	Secrets   Opener
	Processes Processes
	PublicURL string // base of the return and notification URLs
	Now       func() time.Time
}

// subject is a payment with what is needed to speak to Saferpay about it.
type subject struct {
	payment     payment.Payment
	company     merchant.Company
	service     merchant.PaymentService
	gateway     Gateway
	credentials saferpay.Credentials
}

// load reads a payment and the credentials as they are now, so that new ones help payments that are under way.
func (s *Saferpay) load(ctx context.Context, ref PaymentRef) (subject, error) {
	var sub subject
	err := s.InCompany(ctx, ref.CompanyID, func(tx Tx) (err error) {
		if sub.company, err = tx.Company(ctx); err != nil {
			return err
		}
		if sub.payment, err = tx.Payment(ctx, ref.PaymentID); err != nil {
			return err
		}
		sub.service, err = tx.PaymentService(ctx, sub.payment.PaymentServiceID)
		return err
	})
	if err != nil {
		return subject{}, err
	}
	sub.gateway, sub.credentials, err = s.openUnlessRefused(sub.service)
	return sub, err
}

// openUnlessRefused is open, for what moves money or asks about it: a password that was refused is never tried again.
func (s *Saferpay) openUnlessRefused(service merchant.PaymentService) (Gateway, saferpay.Credentials, error) {
	if service.CredentialsRefused() {
		return nil, saferpay.Credentials{}, temporal.NewNonRetryableApplicationError(
			"Saferpay refused the credentials of payment service "+service.ID+": it is asked again once the company has entered new ones", CredentialsRevoked, nil)
	}
	if len(service.SealedPassword) == 0 {
		return nil, saferpay.Credentials{}, temporal.NewNonRetryableApplicationError(
			"the payment service "+service.ID+" is "+string(service.Status)+" and its credentials are erased", CredentialsErased, nil)
	}
	return s.open(service)
}

func (s *Saferpay) open(service merchant.PaymentService) (Gateway, saferpay.Credentials, error) {
	gateway, ok := s.Gateways[service.Environment]
	if !ok {
		return nil, saferpay.Credentials{}, fmt.Errorf("no Saferpay is configured for the environment %q", service.Environment)
	}
	credentials, err := credentialsOf(s.Secrets, service.CompanyID, service.Credentials())
	return gateway, credentials, err
}

func credentialsOf(secrets Opener, companyID string, c merchant.Credentials) (saferpay.Credentials, error) {
	password, err := secrets.Open(c.SealedPassword, companyID)
	if err != nil {
		return saferpay.Credentials{}, fmt.Errorf("the Saferpay password of company %s: %w", companyID, err)
	}
	return saferpay.Credentials{CustomerID: c.CustomerID, TerminalID: c.TerminalID, Username: c.APIUsername, Password: string(password)}, nil
}

// change reads the payment under lock, lets fn change it, and saves it with the events that fn returns.
func (s *Saferpay) change(ctx context.Context, ref PaymentRef, fn func(*payment.Payment) ([]event.Type, error)) error {
	var changed payment.Payment
	err := s.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		p, err := tx.LockPayment(ctx, ref.PaymentID)
		if err != nil {
			return err
		}
		events, err := fn(&p)
		if err != nil {
			return err
		}
		if err := tx.SavePayment(ctx, p); err != nil {
			return err
		}
		for _, t := range events {
			if err := tx.AppendEvent(ctx, paymentEvent(t, p, s.Now())); err != nil {
				return err
			}
		}
		changed = p
		return nil
	})
	if err == nil {
		countEnd(ctx, changed, s.Now())
	}
	return err
}

// noticeRevoked suspends the payment service when err says that Saferpay no longer takes its credentials, so that nobody
// else runs into it. It returns err, joined with what went wrong while noting it.
func (s *Saferpay) noticeRevoked(ctx context.Context, service merchant.PaymentService, err error) error {
	refusal, ok := errors.AsType[*saferpay.Error](err)
	if !ok || refusal.Name != saferpay.NameAuthenticationFailed {
		return err
	}
	return errors.Join(err, s.suspend(ctx, service))
}

// suspend records that Saferpay no longer takes the credentials, unless somebody has before, or they have been renewed since.
// The company is told of it by the onboarding, which is asked first: should this process end in between, it does the rest.
func (s *Saferpay) suspend(ctx context.Context, service merchant.PaymentService) error {
	if err := s.Processes.ServiceChanged(ctx, service, service.SealedPassword); err != nil {
		return err
	}
	return s.InCompany(ctx, service.CompanyID, func(tx Tx) error {
		current, err := tx.LockPaymentService(ctx, service.ID)
		if err != nil {
			return err
		}
		return changeService(ctx, tx, &current, s.Now(), func(current *merchant.PaymentService) error {
			return current.RefuseCredentials(service.SealedPassword, s.Now())
		})
	})
}

// call identifies a step of a payment, a refund or a decision to Saferpay: the same on every attempt, with the number of
// earlier attempts.
func call(ctx context.Context, subject, step string) saferpay.Call {
	return saferpay.Call{RequestID: subject + "-" + step, RetryIndicator: int(activity.GetInfo(ctx).Attempt) - 1}
}
