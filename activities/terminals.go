package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
)

// TerminalReader is what onboarding needs of Saferpay, see *saferpay.Client.
type TerminalReader interface {
	License(ctx context.Context, c saferpay.Credentials, requestID string) (saferpay.License, error)
	Terminal(ctx context.Context, c saferpay.Credentials, requestID string) (saferpay.Terminal, error)
	InitializePaymentPage(context.Context, saferpay.Credentials, saferpay.Call, saferpay.PaymentPageRequest) (saferpay.PaymentPage, error)
}

// finding is what a look at a terminal found.
type finding struct {
	methods []merchant.ContractedMethod // that a payer can be offered
	// unmanaged says that the license lacks the Management API: nobody but a person can tell what is contracted.
	unmanaged bool
}

// openUnseen opens a payment page over one franc that nobody will ever see, for these methods, or all when there are none.
func (m *Merchants) openUnseen(ctx context.Context, s merchant.PaymentService, reader TerminalReader, c saferpay.Credentials, methods ...string) error {
	_, err := reader.InitializePaymentPage(ctx, c, call(ctx, s.ID, "probe"), saferpay.PaymentPageRequest{
		Amount: money.FromMinor(100, money.CHF), OrderID: id.NewOrder(), Description: "Quittance tries the credentials", PaymentMethods: methods, ReturnURL: m.PublicURL,
	})
	return err
}

// look reads which payment methods are contracted for the terminal of a payment service.
func (m *Merchants) look(ctx context.Context, s merchant.PaymentService, step string) (finding, error) {
	reader, credentials, err := m.reader(s, s.Credentials())
	if err != nil {
		return finding{}, err
	}
	terminal, err := reader.Terminal(ctx, credentials, s.ID+"-"+step)
	if nameOf(err) == saferpay.NamePermissionDenied {
		return finding{unmanaged: true}, nil
	}
	return finding{methods: contracted(terminal)}, err
}

func (m *Merchants) reader(s merchant.PaymentService, c merchant.Credentials) (TerminalReader, saferpay.Credentials, error) {
	reader, ok := m.Terminals[s.Environment]
	if !ok {
		return nil, saferpay.Credentials{}, fmt.Errorf("no Saferpay is configured for the environment %q", s.Environment)
	}
	credentials, err := credentialsOf(m.Secrets, s.CompanyID, c)
	return reader, credentials, err
}

// nameOf is the name of Saferpay's own error, or "".
func nameOf(err error) string {
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok {
		return refusal.Name
	}
	return ""
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
