package onboarding

import (
	"context"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
)

// CheckHealth looks at the terminal of a payment service that collects, or would if it had contracts: it takes over what has
// come and gone, suspends a service whose credentials Saferpay refuses or that lost every contract, and makes one active
// again whose contracts are back. Without the Management API it tries to open a payment page that nobody will see. A service
// in another state is left alone.
func (a *Activities) CheckHealth(ctx context.Context, in activities.PaymentServiceRef) (Verification, error) {
	service, err := a.Saferpay.Service(ctx, in)
	if err != nil {
		return Verification{}, err
	}
	if collects := service.Status == merchant.Active || service.Status == merchant.Suspended; !collects || service.CredentialsRefused() {
		return a.save(ctx, in, func(*merchant.PaymentService) error { return nil })
	}
	found, err := a.look(ctx, service, "health")
	if err == nil && found.unmanaged {
		found, err = a.probeContracts(ctx, service)
	}
	if saferpay.NameOf(err) == saferpay.NameAuthenticationFailed {
		return a.save(ctx, in, func(s *merchant.PaymentService) error { return s.RefuseCredentials(service.SealedPassword, a.Now()) })
	}
	if err != nil {
		return Verification{}, err
	}
	return a.save(ctx, in, func(s *merchant.PaymentService) error {
		if s.Status != service.Status {
			return nil // it has become something else during the look
		}
		if found.unmanaged { // and a payment page opened
			s.AssumeContracts()
			s.ConfirmContracts(money.CHF)
		} else if err := s.SeeContracts(found.methods, a.Now()); err != nil {
			return err
		}
		if s.Status == merchant.Suspended && len(s.Methods) > 0 {
			return s.Become(merchant.Active, a.Now(), "Payment methods are contracted again.")
		}
		return nil
	})
}

// probeContracts finds out without the Management API whether payments in francs are still contracted.
func (a *Activities) probeContracts(ctx context.Context, s merchant.PaymentService) (terminalStatus, error) {
	reader, credentials, err := a.Saferpay.Open(s)
	if err != nil {
		return terminalStatus{}, err
	}
	var methods []string
	for _, method := range payment.Methods {
		methods = append(methods, s.SaferpayMethods(method, money.CHF)...)
	}
	err = a.openUnseen(ctx, s, reader, credentials, methods...)
	switch saferpay.NameOf(err) {
	case saferpay.NameNoContract, saferpay.NamePermissionDenied: // the terminal is not even the customer's any more
		return terminalStatus{methods: s.WithoutContracts(money.CHF)}, nil
	default:
		return terminalStatus{unmanaged: true}, err
	}
}
