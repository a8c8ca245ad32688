package contract

import (
	"time"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/sweep"
)

// IssueInvoice starts the collection of a draft.
type IssueInvoice struct {
	CompanyID string `json:"company_id"`
	InvoiceID string `json:"invoice_id"`
	EmailID   string `json:"email_id,omitempty"` // of the mail with the link to the customer; empty when none is to be sent
	TakeUp    bool   `json:"take_up,omitempty"`  // it was issued before, and its workflow was ended from outside
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
	// ReturnURL is where the payer goes after it; empty for the online document.
	ReturnURL string `json:"return_url,omitempty"`
}

// Checkout is a payment page that is ready for the payer.
type Checkout struct {
	PaymentID   string `json:"payment_id"`
	RedirectURL string `json:"redirect_url"`
}

// CancelInvoice asks to cancel an open invoice.
type CancelInvoice struct{}

// SendInvoice asks to mail the link of the online document to the customer. The caller makes the id, so that asking again is the
// same mail. To is a new address of the customer; empty when it stays the one that is known.
type SendInvoice struct {
	EmailID string `json:"email_id"`
	To      string `json:"to,omitempty"`
}

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

// VoidReceipt takes back a receipt that was recorded by mistake. By is the id of the key that voids it.
type VoidReceipt struct {
	ReceiptID string `json:"receipt_id"`
	Reason    string `json:"reason"`
	By        string `json:"by,omitempty"`
}

// LoseDispute says that a dispute was lost, and that the invoice is owed again. By is the id of the key that says so.
type LoseDispute struct {
	DisputeID string    `json:"dispute_id"`
	On        time.Time `json:"on"` // midnight UTC
	By        string    `json:"by,omitempty"`
}

// BookBankReceipt asks to book a receipt that a bank's file tells, and that is on record.
type BookBankReceipt struct {
	ReceiptID string `json:"receipt_id"`
}

// BookBankReceipts asks to book every bank receipt of a company that waits.
type BookBankReceipts struct {
	CompanyID string `json:"company_id"`
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
	By        string       `json:"by,omitempty"`      // who asked for it, as the audit log names them
}

// DecideRefund is a second person's decision about a refund that awaits approval.
type DecideRefund struct {
	refund.Decider
	Release bool `json:"release"`
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

// Remind says that the time of a reminder has come. It goes only if the invoice is still due on that day, and the step as far from it.
type Remind struct {
	Step         int       `json:"step"`
	DaysAfterDue int       `json:"days_after_due"`
	DueDate      time.Time `json:"due_date"` // midnight UTC
}

// PaymentHint says that something may have happened to a payment.
type PaymentHint struct {
	PaymentID string `json:"payment_id"`
	// OnlyFailed is for SignalTryAgain: a payment of which no step has failed is no reason to ask Saferpay.
	OnlyFailed bool `json:"only_failed,omitempty"`
}

// Acknowledged answers an update that has nothing to tell.
type Acknowledged struct{}

// SweepPaymentService starts a nightly sweep.
type SweepPaymentService struct {
	CompanyID        string `json:"company_id"`
	PaymentServiceID string `json:"payment_service_id"`
	// SweptUntil is until when the report was compared before; zero when it never was, or the run before says so.
	SweptUntil time.Time `json:"swept_until,omitzero"`
}

// LookAfterBucket starts what is done for a bucket of companies: Bucket, from 0, of so many.
type LookAfterBucket struct {
	Bucket  int `json:"bucket"`
	Buckets int `json:"buckets"`
}

// CheckPaymentService starts a daily look at a payment service.
type CheckPaymentService struct {
	CompanyID        string `json:"company_id"`
	PaymentServiceID string `json:"payment_service_id"`
}

// RequestCurrency starts the activation of a currency.
type RequestCurrency struct {
	CompanyID        string         `json:"company_id"`
	PaymentServiceID string         `json:"payment_service_id"`
	Currency         money.Currency `json:"currency"`
}

// CurrencyState answers how far a company has come with a currency.
type CurrencyState struct {
	Status merchant.CurrencyStatus `json:"status"`
}

// OpenFinding puts what a nightly sweep found before a person.
type OpenFinding struct {
	CompanyID        string `json:"company_id"`
	PaymentServiceID string `json:"payment_service_id"`
	Found            Found  `json:"found"`
}

// Found is a finding with the id for its exception.
type Found struct {
	ExceptionID string `json:"exception_id"`
	sweep.Finding
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
	// First is the attempt that failed before this began, and is not recorded yet; nil when there was none.
	First *FirstAttempt `json:"first,omitempty"`
}

// FirstAttempt is an attempt to deliver an event that was made outside of a workflow.
type FirstAttempt struct {
	delivery.Attempt
	Round      int           `json:"round"`
	RetryAfter time.Duration `json:"retry_after,omitempty"` // for how long the receiver asks not to be called again
}

// TryNow asks for an attempt at once.
type TryNow struct{}

// EventDelivered is how a delivery ended: delivered or parked; or withdrawn, because the endpoint was deleted.
type EventDelivered struct {
	State     delivery.State `json:"state,omitempty"`
	Withdrawn bool           `json:"withdrawn,omitempty"`
}
