// Package problem is the one error type for everything that a caller can do something about. The API renders it as an
// RFC 9457 problem, activities carry its code through Temporal; an error of any other type is ours, not the caller's.
package problem

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Code names a problem; the public form is urn:quittance:problem:<code>.
type Code string

// The closed set of problems.
const (
	Invalid                 Code = "validation-failed"
	Malformed               Code = "malformed-request"
	TooLarge                Code = "body-too-large"
	UnsupportedMedia        Code = "unsupported-media-type"
	MethodNotAllowed        Code = "method-not-allowed"
	TooManyRequests         Code = "too-many-requests"
	KeyReused               Code = "idempotency-key-reused"
	RequestInProgress       Code = "request-in-progress"
	Unauthorized            Code = "unauthorized"
	Forbidden               Code = "forbidden"
	CompanySuspended        Code = "company-suspended"
	AddressNotAllowed       Code = "address-not-allowed"
	NotFound                Code = "not-found"
	InvoiceNumberTaken      Code = "invoice-number-taken"
	InvoiceNotDraft         Code = "invoice-not-draft"
	InvoiceNotOpen          Code = "invoice-not-open"
	InvoicePaid             Code = "invoice-paid"
	InvoiceCancelled        Code = "invoice-cancelled"
	PaymentInProgress       Code = "payment-in-progress"
	PaymentServiceNotActive Code = "payment-service-not-active"
	PaymentMethodNotOffered Code = "payment-method-not-offered"
	CurrencyNotActive       Code = "currency-not-active"
	CredentialsRejected     Code = "credentials-rejected"
	NotInVerification       Code = "payment-service-not-in-verification"
	ExceptionResolved       Code = "exception-resolved"
	DecisionImpossible      Code = "decision-impossible"
	ProcessRestarted        Code = "process-restarted"
	ReceiptExceedsInvoice   Code = "receipt-exceeds-invoice"
	PaymentNotCaptured      Code = "payment-not-captured"
	RefundInstead           Code = "refund-instead"
	RefundExceedsPayment    Code = "refund-exceeds-payment"
	RefundTooLate           Code = "refund-too-late"
	RefundNotRecordable     Code = "refund-not-recordable"
	RefundNotAwaiting       Code = "refund-not-awaiting-approval"
	SecondPersonNeeded      Code = "second-person-needed"
	DisputeExceedsPayment   Code = "dispute-exceeds-payment"
	DisputeDecided          Code = "dispute-decided"
	DisputeRecorded         Code = "dispute-recorded"
	EntryNotBalanced        Code = "entry-not-balanced"
	EntryNotReversible      Code = "entry-not-reversible"
	EntryReversed           Code = "entry-reversed"
	AccountNumberTaken      Code = "account-number-taken"
	BankAccountTaken        Code = "bank-account-taken"
	AccountInUse            Code = "account-in-use"
	PeriodClosed            Code = "period-closed"
	TooManyEndpoints        Code = "too-many-webhook-endpoints"
	LimitReached            Code = "limit-reached"
	NoEndpoint              Code = "no-webhook-endpoint"
	SettlementFileRefused   Code = "settlement-file-refused"
	ColumnsUnknown          Code = "settlement-columns-unknown"
	PayoutDecided           Code = "payout-decided"
	SignInFailed            Code = "sign-in-failed"
	SignInWithoutRole       Code = "sign-in-without-role"
	SignInUnavailable       Code = "sign-in-provider-unavailable"
	SaferpayUnavailable     Code = "saferpay-unavailable"
	Unavailable             Code = "temporarily-unavailable"
)

// Field is what is wrong with one field of a request; Name is its JSON path, such as "customer.email".
type Field struct {
	Name    string `json:"field"`
	Message string `json:"message"`
}

// Error is a problem with a sentence for its reader and, for Invalid, the fields at fault.
type Error struct {
	Code   Code
	Detail string
	Fields []Field
}

// New returns a problem with a formatted sentence.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// InvalidFields returns nil for no fields, else an Invalid problem that names them.
func InvalidFields(fields ...Field) error {
	if len(fields) == 0 {
		return nil
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name + " " + f.Message
	}
	return &Error{Code: Invalid, Detail: strings.Join(names, "; "), Fields: fields}
}

// Together returns one Invalid problem with the fields of all Invalid problems given. What is said first of a field stands also for
// what lies within it, and for what it lies within. An error of another kind comes back as it is, the first one before all else; nil for none.
func Together(errs ...error) error {
	var fields []Field
	for _, err := range errs {
		p, ok := errors.AsType[*Error](err)
		if err != nil && (!ok || p.Code != Invalid) {
			return err
		}
		if err == nil {
			continue
		}
		for _, field := range p.Fields {
			if !slices.ContainsFunc(fields, func(said Field) bool { return overlap(field.Name, said.Name) }) {
				fields = append(fields, field)
			}
		}
	}
	return InvalidFields(fields...)
}

func overlap(a, b string) bool {
	return strings.HasPrefix(a+".", b+".") || strings.HasPrefix(b+".", a+".")
}

// Error returns the code and the sentence.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Detail }

// CodeOf returns the code of the problem in err's chain, or "" when there is none.
func CodeOf(err error) Code {
	if p, ok := errors.AsType[*Error](err); ok {
		return p.Code
	}
	return ""
}
