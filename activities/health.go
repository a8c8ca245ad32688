package activities

import (
	"context"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
)

// CheckHealth looks at the terminal of a payment service that collects, or would if it had contracts: it takes over what has
// come and gone, suspends a service whose credentials Saferpay refuses or that lost every contract, and makes one active
// again whose contracts are back. Without the Management API it tries to open a payment page that nobody will see. A service
// in another state is left alone.
func (m *Merchants) CheckHealth(ctx context.Context, in PaymentServiceRef) (Verification, error) {
	service, err := m.paymentService(ctx, in)
	if err != nil {
		return Verification{}, err
	}
	if collects := service.Status == merchant.Active || service.Status == merchant.Suspended; !collects || service.CredentialsRefused() {
		return m.save(ctx, in, func(*merchant.PaymentService) error { return nil })
	}
	found, err := m.look(ctx, service, "health")
	if err == nil && found.unmanaged {
		found, err = m.probeContracts(ctx, service)
	}
	if nameOf(err) == saferpay.NameAuthenticationFailed {
		return m.save(ctx, in, func(s *merchant.PaymentService) error { return s.RefuseCredentials(service.SealedPassword, m.Now()) })
	}
	if err != nil {
		return Verification{}, err
	}
	return m.save(ctx, in, func(s *merchant.PaymentService) error {
		if s.Status != service.Status {
			return nil // it has become something else during the look
		}
		if found.unmanaged { // and a payment page opened
			s.AssumeContracts()
			s.ConfirmContracts(money.CHF)
		} else if err := s.SeeContracts(found.methods, m.Now()); err != nil {
			return err
		}
		if s.Status == merchant.Suspended && len(s.Methods) > 0 {
			return s.Become(merchant.Active, m.Now(), "Payment methods are contracted again.")
		}
		return nil
	})
}

// probeContracts finds out without the Management API whether payments in francs are still contracted.
func (m *Merchants) probeContracts(ctx context.Context, s merchant.PaymentService) (finding, error) {
	reader, credentials, err := m.reader(s, s.Credentials())
	if err != nil {
		return finding{}, err
	}
	var methods []string
	for _, method := range payment.Methods {
		methods = append(methods, s.SaferpayMethods(method, money.CHF)...)
	}
	err = m.openUnseen(ctx, s, reader, credentials, methods...)
	switch nameOf(err) {
	case saferpay.NameNoContract, saferpay.NamePermissionDenied: // the terminal is not even the customer's any more
		return finding{methods: s.WithoutContracts(money.CHF)}, nil
	default:
		return finding{unmanaged: true}, err
	}
}
