package onboarding

import (
	"context"
	"slices"

	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/saferpay"
)

// terminalStatus is what a look at a terminal shows.
type terminalStatus struct {
	methods []merchant.ContractedMethod // that a payer can be offered
	// unmanaged says that the license lacks the Management API: nobody but a person can tell what is contracted.
	unmanaged bool
}

// openUnseen opens a payment page over one franc that nobody will ever see, for these methods, or all when there are none.
func (a *Activities) openUnseen(ctx context.Context, s merchant.PaymentService, reader Gateway, c saferpay.Credentials, methods ...string) error {
	_, err := reader.InitializePaymentPage(ctx, c, account.Call(ctx, s.ID, "probe", 0), saferpay.PaymentPageRequest{
		Amount: money.FromMinor(100, money.CHF), OrderID: id.NewOrder(), Description: "Quittance tries the credentials", PaymentMethods: methods, ReturnURL: a.PublicURL,
	})
	return err
}

// look reads which payment methods are contracted for the terminal of a payment service.
func (a *Activities) look(ctx context.Context, s merchant.PaymentService, step string) (terminalStatus, error) {
	reader, credentials, err := a.Saferpay.Open(s)
	if err != nil {
		return terminalStatus{}, err
	}
	terminal, err := reader.Terminal(ctx, credentials, s.ID+"-"+step)
	if saferpay.NameOf(err) == saferpay.NamePermissionDenied {
		return terminalStatus{unmanaged: true}, nil
	}
	return terminalStatus{methods: contracted(terminal)}, err
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
