package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// The requests that the simulator understands, as far as it acts on them, and their schemas (Saferpay JSON API 1.53).
// They are written down here a second time, apart from the client's, so that one cannot repeat the other's mistakes.

type requestHeader struct {
	SpecVersion, CustomerID, RequestID string
}

type amount struct{ Value, CurrencyCode string }

type initializeRequest struct {
	RequestHeader requestHeader
	TerminalID    string
	Payment       struct {
		Amount               amount
		OrderID, Description string
		Options              struct{ AllowPartialAuthorization bool }
	}
	PaymentMethods []string
	ReturnURL      struct{ URL string }
	Notification   struct{ SuccessNotifyURL, FailNotifyURL string }
	Payer          struct{ LanguageCode string }
	Condition      string
}

type assertRequest struct {
	RequestHeader requestHeader
	Token         string
}

type referenceRequest struct {
	RequestHeader        requestHeader
	TransactionReference struct{ TransactionID, OrderID string }
}

type captureRequest struct {
	referenceRequest
	Amount              *amount
	PendingNotification struct{ NotifyURL string }
}

type multipartRequest struct {
	referenceRequest
	Amount      amount
	OrderPartID string
	Type        string
}

type captureReferenceRequest struct {
	RequestHeader    requestHeader
	CaptureReference struct{ CaptureID, TransactionID, OrderID string }
}

type refundRequest struct {
	captureReferenceRequest
	Refund struct {
		Amount                               amount
		OrderID                              string
		RestrictRefundAmountToCapturedAmount bool
	}
	PendingNotification struct{ NotifyURL string }
}

type batchRequest struct {
	RequestHeader requestHeader
	TerminalID    string
}

var initializeSchema = object{
	"RequestHeader":  required(headerSchema.check),
	"TerminalId":     required(text(numericCharacters, 8, 8)),
	"Payment":        required(paymentSchema.check),
	"PaymentMethods": optional(listOf(oneOf(methods...))),
	"Wallets":        optional(listOf(oneOf("APPLEPAY", "GOOGLEPAY", "CLICKTOPAY"))),
	"ReturnUrl":      required(object{"Url": required(webAddress)}.check),
	"Notification":   optional(notificationSchema.check),
	"Payer":          optional(payerSchema.check),
	"Condition":      optional(oneOf(conditionNone, conditionThreeDS, conditionChallenge)),
	"ConfigSet":      optional(id(20)),
	"CardForm":       optional(object{"HolderName": optional(oneOf("NONE", "MANDATORY"))}.check),
	"Authentication": optional(object{
		"Exemption":        optional(oneOf("LOW_VALUE", "TRANSACTION_RISK_ANALYSIS")),
		"ThreeDsChallenge": optional(oneOf("FORCE")),
	}.check),
	"BillingAddressForm":  optional(billingAddressForm.check),
	"DeliveryAddressForm": optional(deliveryAddressForm.check),
	"Order":               optional(orderSchema.check),
	"PaymentMethodsOptions": optional(object{"Klarna": optional(object{"Attachment": required(object{
		"Body":        required(utf8text(100000)),
		"ContentType": required(utf8text(1000)),
	}.check)}.check)}.check),
	"RegisterAlias": optional(object{
		"IdGenerator": required(oneOf("MANUAL", "RANDOM", "RANDOM_UNIQUE")),
		"Id":          optional(id(40)),
		"Lifetime":    optional(integer(1, 1600)),
	}.check),
	"RiskFactors": optional(riskSchema.check),
}

var methods = []string{
	"ACCOUNTTOACCOUNT", "ALIPAY", "AMEX", "BANCONTACT", "BLIK", "DINERS", methodCard, "DIRECTDEBIT", "EPRZELEWY", "EPS",
	"GIFTCARD", "IDEAL", "JCB", "KLARNA", "MAESTRO", methodMastercard, "PAYCONIQ", "PAYPAL", "POSTFINANCEPAY",
	"REKA", methodTwint, "UNIONPAY", methodVisa, "WECHATPAY", "WERO",
}

var assertSchema = object{
	"RequestHeader": required(headerSchema.check),
	"Token":         required(id(50)),
}

var referenceSchema = object{
	"RequestHeader":        required(headerSchema.check),
	"TransactionReference": required(transactionReference),
}

var captureSchema = object{
	"RequestHeader":                required(headerSchema.check),
	"TransactionReference":         required(transactionReference),
	"Amount":                       optional(amountSchema.check),
	"Marketplace":                  optional(marketplaceSchema.check),
	"MastercardIssuerInstallments": optional(installmentsSchema.check),
	"MerchantFundDistributor":      optional(fundDistributorSchema.check),
	"PendingNotification":          optional(pendingNotificationSchema.check),
}

// The values of MultipartCapture's Type.
const (
	partPartial = "PARTIAL"
	partFinal   = "FINAL"
)

var multipartSchema = object{
	"RequestHeader":           required(headerSchema.check),
	"TransactionReference":    required(transactionReference),
	"Amount":                  required(amountSchema.check),
	"OrderPartId":             required(id(80)),
	"Type":                    required(oneOf(partPartial, partFinal)),
	"Marketplace":             optional(marketplaceSchema.check),
	"MerchantFundDistributor": optional(fundDistributorSchema.check),
}

var captureReferenceSchema = object{
	"RequestHeader":    required(headerSchema.check),
	"CaptureReference": required(captureReference),
}

var refundSchema = object{
	"RequestHeader":    required(headerSchema.check),
	"CaptureReference": required(captureReference),
	"Refund": required(object{
		"Amount":                               required(amountSchema.check),
		"OrderId":                              optional(id(80)),
		"Description":                          optional(utf8text(1000)),
		"PayerNote":                            optional(utf8text(50)),
		"RestrictRefundAmountToCapturedAmount": optional(boolean),
	}.check),
	"PaymentMethodsOptions": optional(object{"Ideal": optional(object{
		"AccountHolderName": required(utf8text(140)),
	}.check)}.check),
	"PendingNotification": optional(pendingNotificationSchema.check),
}

var batchSchema = object{
	"RequestHeader": required(headerSchema.check),
	"TerminalId":    required(text(numericCharacters, 8, 8)),
}

func specVersions() []string {
	versions := make([]string, 54)
	for minor := range versions {
		versions[minor] = fmt.Sprintf("1.%d", minor)
	}
	return versions
}

// decodeRequest reads one JSON object into the request after checking it against the schema, and returns what is wrong
// with it. The request is only to be used when nothing is.
func decodeRequest(body []byte, schema object, request any) (problems []string) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return []string{"The request is not valid JSON."}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return []string{"The request has something behind its JSON object."}
	}
	if problems := schema.check("", value); len(problems) > 0 {
		return problems
	}
	if err := json.Unmarshal(body, request); err != nil {
		return []string{"The request is not readable."}
	}
	return nil
}
