package saferpay

import (
	"context"
	"errors"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// PaymentPageRequest says what a payer shall pay, and how.
type PaymentPageRequest struct {
	Amount         money.Amount // more than nothing
	OrderID        string       // at most 18 alphanumerics, which every payment method keeps whole
	Description    string       // 1–1000 characters, shown to the payer
	PaymentMethods []string     // the methods to offer; none offers all that are contracted
	Language       string       // of the page: de, fr, it or en; empty leaves it to Saferpay

	ReturnURL        string // where the payer comes back to, whatever happened; at most 2000 characters
	SuccessNotifyURL string // called without a body once the payment is authorized; may be empty
	FailNotifyURL    string // called without a body once the payment has failed; may be empty

	Condition string // of PaymentPage/Initialize; empty is NONE. It asks for liability shift, the Assertion tells whether there is one
}

// PaymentPage is a page on which a payer can pay once.
type PaymentPage struct {
	Token       string    // for AssertPaymentPage; a secret
	RedirectURL string    // send the payer here
	Expiration  time.Time // by our clock; from then on the page can't be opened; who is on it can still finish, and Assert answers for a day
}

// Assertion is what Saferpay says about a payment that went well so far. Its details are for those who have to explain a
// payment later; decide by the Transaction and the LiabilityShift.
type Assertion struct {
	Transaction    Transaction
	Method         string // in Saferpay's words, such as VISA
	Brand          string // its name for people to read; Method says which one it is, where Saferpay names it
	PaymentMeans   string // display text with a masked number, such as "9010 xxxx xxxx 0001"
	LiabilityShift bool   // whether the card issuer bears the risk of fraud

	LiableEntity string      // MERCHANT or THREEDS; empty where liability shift does not exist
	InPSD2Scope  string      // YES, NO or UNKNOWN
	ThreeDS      *ThreeDS    // nil without 3-D Secure
	FraudCheck   string      // APPROVED or CHALLENGED; empty when nothing was checked
	Card         *Card       // nil unless paid by card
	Wallet       string      // APPLEPAY or GOOGLEPAY, or empty
	Conversion   *Conversion // nil unless the payer paid in another currency
	Payer        Payer
}

// ThreeDS is what came of 3-D Secure.
type ThreeDS struct {
	Authenticated      bool
	AuthenticationType string `json:",omitempty"` // STRONG_CUSTOMER_AUTHENTICATION, FRICTIONLESS, ATTEMPT, EXEMPTION or NONE
	Version            string `json:",omitempty"`
	XID                string `json:"Xid"` // transaction id at the card scheme, asked for in disputes
}

// Card is a payment card as far as merchants may know it.
type Card struct {
	MaskedNumber  string // such as "901000xxxxxx0001"
	ExpYear       int
	ExpMonth      int
	HolderName    string `json:",omitempty"`
	HolderSegment string `json:",omitempty"` // CONSUMER, CORPORATE, …
	CountryCode   string `json:",omitempty"` // of the issuer
	FundingSource string `json:",omitempty"` // CREDIT, DEBIT, PREPAID or UNSPECIFIED
}

// Conversion is a payment that the payer chose to make in the currency of the card (DCC).
type Conversion struct {
	ExchangeRate string
	Markup       string
	PayerAmount  MinorAmount
}

// Payer is where a payment came from.
type Payer struct {
	IPAddress  string `json:"IpAddress,omitempty"`
	IPLocation string `json:"IpLocation,omitempty"` // country
}

// InitializePaymentPage opens a payment page (Saferpay JSON API 1.53, PaymentPage/Initialize). Repeating it is
// harmless and leaves an unused page behind. Errors to expect: NO_CONTRACT (method or currency not contracted),
// PERMISSION_DENIED (not the customer's terminal), AUTHENTICATION_FAILED, VALIDATION_FAILED.
func (c *Client) InitializePaymentPage(ctx context.Context, credentials Credentials, call Call, request PaymentPageRequest) (PaymentPage, error) {
	body := initializeRequest{
		RequestHeader:  header(credentials, call),
		TerminalID:     credentials.TerminalID,
		Payment:        payment{minorAmount(request.Amount), request.OrderID, request.Description},
		PaymentMethods: request.PaymentMethods,
		ReturnURL:      returnURL{request.ReturnURL},
		Notification:   notification{request.SuccessNotifyURL, request.FailNotifyURL},
		Payer:          payer{request.Language},
		Condition:      request.Condition,
	}
	var page initializeResponse
	if err := c.post(ctx, OperationInitialize, credentials, body, &page); err != nil {
		return PaymentPage{}, err
	}
	return PaymentPage{page.Token, page.RedirectURL, page.Expiration.Add(-page.ahead)}, nil
}

// AssertPaymentPage asks what became of the payment on the page with the token (Saferpay JSON API 1.53,
// PaymentPage/Assert). Call it when the payer returned or a notification came, never in a loop.
//
// A payment that failed is an *Error with NotDone: TRANSACTION_ABORTED, TRANSACTION_DECLINED,
// 3DS_AUTHENTICATION_FAILED, CONDITION_NOT_SATISFIED and their kind. TRANSACTION_NOT_STARTED means that the payer has
// not begun; so does TRANSACTION_IN_WRONG_STATE while the payer is on the page. TOKEN_EXPIRED means that the 24 hours since
// Initialize are over (120 hours when the payment is pending), paid or not; they go on long after the page's Expiration.
func (c *Client) AssertPaymentPage(ctx context.Context, credentials Credentials, call Call, token string) (Assertion, error) {
	body := struct {
		RequestHeader requestHeader
		Token         string
	}{header(credentials, call), token}
	var result transactionResponse
	if err := c.post(ctx, OperationAssert, credentials, body, &result, token); err != nil {
		return Assertion{}, err
	}
	return result.assertion(), nil
}

type initializeRequest struct {
	RequestHeader  requestHeader
	TerminalID     string `json:"TerminalId"`
	Payment        payment
	PaymentMethods []string     `json:",omitempty"`
	ReturnURL      returnURL    `json:"ReturnUrl"`
	Notification   notification `json:",omitzero"`
	Payer          payer        `json:",omitzero"`
	Condition      string       `json:",omitempty"`
}

type payment struct {
	Amount      MinorAmount
	OrderID     string `json:"OrderId"`
	Description string
}

type returnURL struct {
	URL string `json:"Url"`
}

type notification struct {
	SuccessNotifyURL string `json:"SuccessNotifyUrl,omitempty"`
	FailNotifyURL    string `json:"FailNotifyUrl,omitempty"`
}

type payer struct {
	LanguageCode string
}

type initializeResponse struct {
	ResponseHeader responseHeader
	Token          string
	RedirectURL    string `json:"RedirectUrl"`
	Expiration     time.Time
	ahead          time.Duration // of Saferpay's clock
}

func (r *initializeResponse) readClock(ahead time.Duration) { r.ahead = ahead }

func (r *initializeResponse) validate() error {
	if r.Token == "" || r.RedirectURL == "" || r.Expiration.IsZero() {
		return errors.New("it has no Token, RedirectUrl or Expiration")
	}
	return nil
}
