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

// inspect tries credentials that a company has entered: the license (Saferpay Management API 1.14, license) shows that user,
// password and customer belong together, the terminal (terminals/{terminalId}) that it is the customer's and takes payments
// online. A license without the Management API is fine, see probe. The problem is credentials-rejected with the field at
// fault; that Saferpay doesn't answer is an error to be tried again.
func (m *Merchants) inspect(ctx context.Context, s merchant.PaymentService, c merchant.Credentials) (finding, error) {
	reader, credentials, err := m.reader(s, c)
	if err != nil {
		return finding{}, err
	}
	_, err = reader.License(ctx, credentials, s.ID+"-credentials")
	switch {
	case nameOf(err) == saferpay.NameAuthenticationFailed:
		return finding{}, credentialFault("api_password", "or api_username is wrong: Saferpay does not accept them")
	case nameOf(err) == saferpay.NamePermissionDenied:
		return m.probe(ctx, s, reader, credentials)
	case err != nil:
		return finding{}, refusedCredentials(err)
	}
	terminal, err := reader.Terminal(ctx, credentials, s.ID+"-credentials")
	switch {
	case nameOf(err) == saferpay.NamePermissionDenied:
		return finding{}, credentialFault("terminal_id", "is no terminal of the customer "+c.CustomerID)
	case err != nil:
		return finding{}, refusedCredentials(err)
	case terminal.Type != "ECOM":
		return finding{}, credentialFault("terminal_id", "is not an eCommerce terminal but "+terminal.Type+"; take the eCommerce one from mySaferpay")
	}
	return finding{methods: contracted(terminal)}, nil
}

// probe tries credentials without the Management API by opening a payment page that nobody will ever see (Saferpay JSON API
// 1.53, PaymentPage/Initialize): user and password are right already, since Saferpay knew that they may not manage. A page,
// or that nothing is contracted, says that the terminal is right too.
func (m *Merchants) probe(ctx context.Context, s merchant.PaymentService, reader TerminalReader, c saferpay.Credentials) (finding, error) {
	err := m.openUnseen(ctx, s, reader, c)
	switch nameOf(err) {
	case saferpay.NameAuthenticationFailed:
		return finding{}, credentialFault("customer_id", "is not the customer of this API user")
	case saferpay.NamePermissionDenied:
		return finding{}, credentialFault("terminal_id", "is not a terminal that this API user may use")
	case saferpay.NameNoContract:
		err = nil
	}
	return finding{unmanaged: true}, refusedCredentials(err)
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

// refusedCredentials turns a definite no that has no sentence of its own into the problem; anything else stays an error.
func refusedCredentials(err error) error {
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok && refused(refusal) {
		return credentialFault("terminal_id", "is refused by Saferpay: "+refusal.Name)
	}
	return err
}
