// Package contract is what outsiders need to talk to a workflow: the only place with workflow type names, message names,
// message types, task queues and id builders. Commands sends the messages.
//
// Nothing here may be renamed once a history holds it. Arguments and results are structs, never bare strings: the SDK uses
// bare strings for summaries and details, which stay readable in Temporal Web, while every struct is encrypted.
package contract

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/money"
)

// Task queues. Webhooks have one of their own, so that slow receivers hold up nothing but webhooks.
const (
	PaymentsQueue   = "payments"
	OnboardingQueue = "onboarding"
	WebhooksQueue   = "webhooks"
)

// Queues are all of them.
var Queues = []string{PaymentsQueue, OnboardingQueue, WebhooksQueue}

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
	BankReceiptsType       = "BankReceipts"
	SettlementFetchType    = "SettlementFetch"
	RetentionType          = "Retention"
	SweepBucketType        = "SweepBucket"
	HealthBucketType       = "HealthBucket"
	GateType               = "Gate"
)

// Updates: the caller waits for the answer.
const (
	UpdateIssue       = "issue"              // InvoicePayment, with start: → Issued
	UpdatePayNow      = "pay-now"            // InvoicePayment: PayNow → Checkout
	UpdateCancel      = "cancel"             // InvoicePayment: CancelInvoice → Acknowledged
	UpdateSend        = "send"               // InvoicePayment, with start: SendInvoice → Acknowledged
	UpdateReceipt     = "record-receipt"     // InvoicePayment: RecordReceipt → Acknowledged
	UpdateVoidReceipt = "void-receipt"       // InvoicePayment, with start: VoidReceipt → Acknowledged
	UpdateLoseDispute = "lose-dispute"       // InvoicePayment, with start: LoseDispute → Acknowledged
	UpdateBankReceipt = "book-bank-receipt"  // InvoicePayment, with start: BookBankReceipt → Acknowledged
	UpdateRefund      = "request"            // Refund, with start: → Acknowledged
	UpdateRecorded    = "record"             // Refund: RefundRecorded → Acknowledged
	UpdateApprove     = "approve"            // Refund: DecideRefund → Acknowledged
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
	SignalRemind           = "remind"            // Remind, with start: a reminder's time has come
	SignalServiceChanged   = "service-changed"   // ServiceChanged, with start: something happened to a payment service elsewhere
)

// InvoicePaymentID is the workflow id of the collection of an invoice.
func InvoicePaymentID(invoiceID string) string { return "invoice/" + invoiceID }

// RefundID is the workflow id of a refund.
func RefundID(refundID string) string { return "refund/" + refundID }

// SweepID is the workflow id of a sweep of a payment service. Before buckets it was the id of a Temporal Schedule.
func SweepID(paymentServiceID string) string { return "sweep/" + paymentServiceID }

// RetentionID is the id of the Temporal Schedule that erases what companies keep long enough; the workflows that it starts have ids that
// begin with it.
const RetentionID = "retention"

// GateID is the workflow id of the gate that a version of the worker passes on a task queue.
func GateID(queue, buildID string) string { return "gate/" + queue + "/" + buildID }

// HealthID is the workflow id of a look at a payment service. Before buckets it was the id of a Temporal Schedule.
func HealthID(paymentServiceID string) string { return "health/" + paymentServiceID }

// SweepBucketID is the id of the Temporal Schedule that sweeps a bucket of companies every night; the workflows that it starts have ids
// that begin with it.
func SweepBucketID(bucket int) string { return fmt.Sprintf("sweep/bucket-%02d", bucket) }

// HealthBucketID is the same for the daily look.
func HealthBucketID(bucket int) string { return fmt.Sprintf("health/bucket-%02d", bucket) }

// CurrencyID is the workflow id of the activation of a currency for a payment service.
func CurrencyID(paymentServiceID string, currency money.Currency) string {
	return "currency/" + paymentServiceID + "/" + string(currency)
}

// FindingID is the workflow id of an exception that the nightly sweep raised.
func FindingID(exceptionID string) string { return "exception/" + exceptionID }

// BankReceiptsID is the workflow id of the booking of bank receipts, after what began it: a settlement, an exception or the company.
func BankReceiptsID(cause string) string { return "bank-receipts/" + cause }

// SettlementFetchID is the workflow id of a look for new settlement files of a company, of which there is one at a time.
func SettlementFetchID(companyID string) string { return "settlement-fetch/" + companyID }

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
