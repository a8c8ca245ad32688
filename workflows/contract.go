// Package workflows holds the durable processes of Quittance: what happens to an invoice between being issued and being
// settled, and to a payment service between being added and being active.
//
// This file is the contract: the only place with workflow type names, message names, task queues and id builders. Nothing
// in it may be renamed once a history holds it. Arguments and results are structs, never bare strings: a bare string is
// what the SDK uses for summaries and details, and those stay readable in Temporal Web while every struct is encrypted.
package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	reconciliationacts "github.com/quittance/quittance/activities/reconciliation"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// Task queues: payments are pinned to the worker version that began them, onboarding moves on with new versions. Webhooks
// have a queue of their own, so that slow receivers hold up nothing but webhooks.
const (
	PaymentsQueue   = "payments"
	OnboardingQueue = "onboarding"
	WebhooksQueue   = "webhooks"
)

// Workflow types.
const (
	InvoicePaymentType     = "InvoicePayment"
	OnboardingType         = "Onboarding"
	RefundType             = "Refund"
	NightlySweepType       = "NightlySweep"
	ServiceHealthType      = "ServiceHealth"
	CurrencyActivationType = "CurrencyActivation"
	FindingType            = "Finding"
	EventDeliveryType      = "EventDelivery"
)

// Updates: the caller waits for the answer.
const (
	UpdateIssue       = "issue"              // InvoicePayment, with start: → Issued
	UpdatePayNow      = "pay-now"            // InvoicePayment: PayNow → Checkout
	UpdateCancel      = "cancel"             // InvoicePayment: CancelInvoice → Acknowledged
	UpdateReceipt     = "record-receipt"     // InvoicePayment: RecordReceipt → Acknowledged
	UpdateRefund      = "request"            // Refund, with start: → Acknowledged
	UpdateRecorded    = "record"             // Refund: RefundRecorded → Acknowledged
	UpdateResolve     = "resolve"            // whoever raised the exception: ResolveException → Acknowledged
	UpdateConnect     = "connect"            // Onboarding, with start: → Acknowledged
	UpdateCredentials = "submit-credentials" // Onboarding, with start: merchant.Credentials → ServiceState
	UpdateDecide      = "decide"             // Onboarding: Decision → ServiceState; CurrencyActivation: Decision → CurrencyState
	UpdateDocument    = "mail-document"      // Onboarding, with start: MailDocument → Acknowledged
	UpdateCurrency    = "request-currency"   // CurrencyActivation, with start: → CurrencyState
	UpdateDisconnect  = "disconnect"         // Onboarding, with start: → ServiceState
)

// Signals: facts and wishes that nobody waits for. Those of an InvoicePayment are only hints; what happened is what Assert says.
const (
	SignalPayerReturned    = "payer-returned"    // PaymentHint
	SignalSaferpayNotified = "saferpay-notified" // PaymentHint
	SignalTryAgain         = "try-again"         // PaymentHint, from an operator, the nightly sweep or new credentials: run the step that failed once more; EventDelivery: TryNow
	SignalMoneyReturned    = "money-returned"    // PaymentHint, from a refund: all of a payment that came twice has gone back
	SignalServiceChanged   = "service-changed"   // ServiceChanged, with start: something happened to a payment service elsewhere
)

// InvoicePaymentID is the workflow id of the collection of an invoice.
func InvoicePaymentID(invoiceID string) string { return "invoice/" + invoiceID }

// RefundID is the workflow id of a refund.
func RefundID(refundID string) string { return "refund/" + refundID }

// SweepID is the id of the Temporal Schedule that sweeps a payment service; the workflows that it starts have ids that begin
// with it.
func SweepID(paymentServiceID string) string { return "sweep/" + paymentServiceID }

// HealthID is the id of the Temporal Schedule that looks at a payment service every day; the workflows that it starts have ids
// that begin with it.
func HealthID(paymentServiceID string) string { return "health/" + paymentServiceID }

// CurrencyID is the workflow id of the activation of a currency for a payment service.
func CurrencyID(paymentServiceID string, currency money.Currency) string {
	return "currency/" + paymentServiceID + "/" + string(currency)
}

// FindingID is the workflow id of an exception that the nightly sweep raised.
func FindingID(exceptionID string) string { return "exception/" + exceptionID }

// EventDeliveryID is the workflow id of an event on its way to a webhook endpoint.
func EventDeliveryID(eventID, endpointID string) string {
	return "delivery/" + eventID + "/" + endpointID
}

// OnboardingID is the workflow id of the onboarding of a payment service.
func OnboardingID(paymentServiceID string) string { return "onboarding/" + paymentServiceID }

// Search attributes. They are readable to every operator, so none holds personal data.
var (
	CompanyID        = temporal.NewSearchAttributeKeyKeyword("CompanyId")
	InvoiceNumber    = temporal.NewSearchAttributeKeyKeyword("InvoiceNumber")
	PaymentServiceID = temporal.NewSearchAttributeKeyKeyword("PaymentServiceId")
	PaymentState     = temporal.NewSearchAttributeKeyKeyword("PaymentState")
	Currency         = temporal.NewSearchAttributeKeyKeyword("Currency")
	NeedsAttention   = temporal.NewSearchAttributeKeyBool("NeedsAttention")
)

// SearchAttributes is what a namespace must know before the first workflow starts.
var SearchAttributes = map[string]enumspb.IndexedValueType{
	CompanyID.GetName():        enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	InvoiceNumber.GetName():    enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	PaymentServiceID.GetName(): enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	PaymentState.GetName():     enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	Currency.GetName():         enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	NeedsAttention.GetName():   enumspb.INDEXED_VALUE_TYPE_BOOL,
}

// IssueInvoice starts the collection of a draft. Resume is set only when a long history continues as a new one.
type IssueInvoice struct {
	CompanyID string      `json:"company_id"`
	InvoiceID string      `json:"invoice_id"`
	SendEmail bool        `json:"send_email"`           // mail the link of the online document to the customer
	TakeUp    bool        `json:"take_up,omitempty"`    // it was issued before, and its workflow was ended from outside
	AskInside bool        `json:"ask_inside,omitempty"` // Saferpay is asked inside the workflow task first; not in those that began before that was so
	Resume    *collection `json:"resume,omitempty"`
}

// Issued answers UpdateIssue: the invoice is open.
type Issued struct {
	InvoiceID string `json:"invoice_id"`
}

// PayNow asks for a payment page. The caller makes the ids and the secret, so that asking again is the same request.
type PayNow struct {
	PaymentID          string         `json:"payment_id"`
	OrderID            string         `json:"order_id"`
	NotificationSecret string         `json:"notification_secret"`
	Method             payment.Method `json:"method"`
	Language           string         `json:"language"` // of the payment page
}

// Checkout is a payment page that is ready for the payer.
type Checkout struct {
	PaymentID   string `json:"payment_id"`
	RedirectURL string `json:"redirect_url"`
}

// CancelInvoice asks to cancel an open invoice.
type CancelInvoice struct{}

// RecordReceipt is money for the invoice that came by other means. The caller makes the id, so that recording it again is
// the same receipt. By is the id of the key that recorded it.
type RecordReceipt struct {
	ReceiptID string       `json:"receipt_id"`
	Amount    money.Amount `json:"amount"`
	Day       time.Time    `json:"day"` // midnight UTC
	Account   string       `json:"account"`
	Reference string       `json:"reference"`
	By        string       `json:"by,omitempty"`
}

// RequestRefund starts a refund. The caller makes the ids, so that asking again is the same refund. A zero amount is all
// that is left of the payment.
type RequestRefund struct {
	CompanyID string       `json:"company_id"`
	RefundID  string       `json:"refund_id"`
	PaymentID string       `json:"payment_id"`
	OrderID   string       `json:"order_id"`
	Amount    money.Amount `json:"amount"`
	Reason    string       `json:"reason"`
	TakeUp    bool         `json:"take_up,omitempty"` // it was requested before, and its workflow was ended from outside
}

// RefundRecorded says that the merchant gave the money back in the Saferpay Backoffice. By is the id of the key that said so.
type RefundRecorded struct {
	By string `json:"by"`
}

// ResolveException is a person's decision. By is the id of the key that decided; an operator who decides in Temporal Web enters
// their name, and is "operator" without one.
type ResolveException struct {
	ExceptionID string           `json:"exception_id"`
	Choice      exception.Choice `json:"choice"`
	Note        string           `json:"note"`
	By          string           `json:"by"`
}

// PaymentHint says that something may have happened to a payment.
type PaymentHint struct {
	PaymentID string `json:"payment_id"`
	// OnlyFailed is for SignalTryAgain: a payment of which no step has failed is no reason to ask Saferpay.
	OnlyFailed bool `json:"only_failed,omitempty"`
}

// Acknowledged answers an update that has nothing to tell.
type Acknowledged struct{}

// SweepPaymentService starts a nightly sweep. Resume is set only when a long history continues as a new one.
type SweepPaymentService struct {
	CompanyID        string         `json:"company_id"`
	PaymentServiceID string         `json:"payment_service_id"`
	Resume           *sweepProgress `json:"resume,omitempty"`
}

// CheckPaymentService starts a daily look at a payment service.
type CheckPaymentService struct {
	CompanyID        string `json:"company_id"`
	PaymentServiceID string `json:"payment_service_id"`
}

// RequestCurrency starts the activation of a currency. Looks is set only when a long history continues as a new one.
type RequestCurrency struct {
	CompanyID        string         `json:"company_id"`
	PaymentServiceID string         `json:"payment_service_id"`
	Currency         money.Currency `json:"currency"`
	Looks            int            `json:"looks,omitempty"` // at the terminal so far
}

// CurrencyState answers how far a company has come with a currency.
type CurrencyState struct {
	Status merchant.CurrencyStatus `json:"status"`
}

// OpenFinding puts what a nightly sweep found before a person.
type OpenFinding struct {
	CompanyID        string                   `json:"company_id"`
	PaymentServiceID string                   `json:"payment_service_id"`
	Found            reconciliationacts.Found `json:"found"`
}

// ConnectPaymentService starts the onboarding of a payment service.
type ConnectPaymentService struct {
	CompanyID        string               `json:"company_id"`
	PaymentServiceID string               `json:"payment_service_id"`
	Environment      merchant.Environment `json:"environment"`
	Name             string               `json:"name"`
}

// Decision ends a verification by a person.
type Decision struct {
	Approved bool   `json:"approved"`
	Reason   string `json:"reason"`
}

// ServiceChanged is something that happened to a payment service elsewhere: what stands on its timeline already, or that
// Saferpay refused credentials, which are named by their sealed password.
type ServiceChanged struct {
	RefusedPassword []byte `json:"refused_password,omitempty"`
}

// MailDocument sends a document, which is in the record already, to the acquirer.
type MailDocument struct {
	DocumentID string `json:"document_id"`
}

// ServiceState answers what a payment service has become.
type ServiceState struct {
	Status merchant.ServiceStatus `json:"status"`
}

// DeliverEvent starts bringing an event to a webhook endpoint.
type DeliverEvent struct {
	CompanyID  string `json:"company_id"`
	EventID    string `json:"event_id"`
	EndpointID string `json:"endpoint_id"`
}

// TryNow asks for an attempt at once.
type TryNow struct{}

// EventDelivered is how a delivery ended: delivered or parked; or withdrawn, because the endpoint was deleted.
type EventDelivered struct {
	State     delivery.State `json:"state,omitempty"`
	Withdrawn bool           `json:"withdrawn,omitempty"`
}
