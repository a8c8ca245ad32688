package saferpay

import (
	"context"
	"errors"
	"slices"
)

// License is what a merchant has bought from Saferpay.
type License struct {
	Package  string   // id of the license package, such as SAFERPAY_FLEX
	Features []string // ids of the features, such as FeatureManagementAPI
}

// Has reports whether the license includes the feature.
func (l License) Has(feature string) bool { return slices.Contains(l.Features, feature) }

// Terminal is a merchant's point of sale with what is contracted for it. A terminal that awaits its verification has no
// payment methods.
type Terminal struct {
	ID             string
	Type           string // ECOM, SPG or MPO; payment pages need ECOM
	Description    string
	PaymentMethods []PaymentMethod
	Wallets        []string // such as APPLEPAY and GOOGLEPAY
}

// PaymentMethod is a method with the currencies (ISO 4217) that are contracted for it.
type PaymentMethod struct {
	Method     string
	Currencies []string
}

// License reads the license of the customer (Saferpay Management API 1.14, license). PERMISSION_DENIED means that the
// license lacks the Management API.
func (c *Client) License(ctx context.Context, credentials Credentials, requestID string) (License, error) {
	var result licenseResponse
	if err := c.get(ctx, OperationLicense, credentials, requestID, &result, nil, "license"); err != nil {
		return License{}, err
	}
	license := License{Package: result.Package.ID}
	for _, feature := range result.Features {
		license.Features = append(license.Features, feature.ID)
	}
	return license, nil
}

// Terminal reads the terminal of the credentials (Saferpay Management API 1.14, terminals/{terminalId}): this is where a
// finished verification shows. PERMISSION_DENIED means that the terminal is another customer's, or that the license
// lacks the Management API.
func (c *Client) Terminal(ctx context.Context, credentials Credentials, requestID string) (Terminal, error) {
	var result terminalResponse
	if err := c.get(ctx, OperationTerminals, credentials, requestID, &result, nil, "terminals", credentials.TerminalID); err != nil {
		return Terminal{}, err
	}
	return result.terminal(), nil
}

// Terminals lists all terminals of the customer (Saferpay Management API 1.14, terminals).
func (c *Client) Terminals(ctx context.Context, credentials Credentials, requestID string) ([]Terminal, error) {
	var result terminalsResponse
	if err := c.get(ctx, OperationTerminals, credentials, requestID, &result, nil, "terminals"); err != nil {
		return nil, err
	}
	terminals := make([]Terminal, len(result.Terminals))
	for i := range result.Terminals {
		terminals[i] = result.Terminals[i].terminal()
	}
	return terminals, nil
}

type licenseItem struct {
	ID          string `json:"Id"`
	DisplayName string
}

type licenseResponse struct {
	Package  licenseItem
	Features []licenseItem
}

func (r *licenseResponse) validate() error {
	if r.Package.ID == "" {
		return errors.New("it has no Package.Id")
	}
	return nil
}

type terminalResponse struct {
	TerminalID     string       `json:"TerminalId"`
	Type           string       `json:",omitempty"`
	Description    string       `json:",omitempty"`
	PaymentMethods []methodInfo `json:",omitempty"`
	Wallets        []walletInfo `json:",omitempty"`
}

type methodInfo struct {
	PaymentMethod string
	Currencies    []string
	LogoURL       string `json:"LogoUrl,omitempty"`
}

type walletInfo struct {
	WalletName string
	LogoURL    string `json:"LogoUrl,omitempty"`
}

func (r *terminalResponse) validate() error {
	if r.TerminalID == "" {
		return errors.New("it has no TerminalId")
	}
	return nil
}

func (r *terminalResponse) terminal() Terminal {
	t := Terminal{ID: r.TerminalID, Type: r.Type, Description: r.Description}
	for _, method := range r.PaymentMethods {
		t.PaymentMethods = append(t.PaymentMethods, PaymentMethod{method.PaymentMethod, method.Currencies})
	}
	for _, wallet := range r.Wallets {
		t.Wallets = append(t.Wallets, wallet.WalletName)
	}
	return t
}

type terminalsResponse struct {
	Terminals []terminalResponse
}

func (r *terminalsResponse) validate() error {
	for i := range r.Terminals {
		if err := r.Terminals[i].validate(); err != nil {
			return err
		}
	}
	return nil
}
