package saferpay

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// TransactionStatus is where a transaction stands at Saferpay (JSON API 1.53, Transaction.Status).
type TransactionStatus string

// The values of Transaction.Status.
const (
	StatusAuthorized TransactionStatus = "AUTHORIZED" // must be captured, or the merchant never gets the money
	StatusCaptured   TransactionStatus = "CAPTURED"   // must not be captured again and can only be refunded
	StatusPending    TransactionStatus = "PENDING"    // not decided yet; a notification will tell
	StatusCanceled   TransactionStatus = "CANCELED"   // authorized once, then released
)

// TransactionType tells payments from refunds.
type TransactionType string

// The values of Transaction.Type.
const (
	TypePayment TransactionType = "PAYMENT"
	TypeRefund  TransactionType = "REFUND"
)

// Transaction is one movement of money at Saferpay.
type Transaction struct {
	ID        string
	Type      TransactionType
	Status    TransactionStatus
	Amount    money.Amount
	OrderID   string
	CaptureID string // empty until captured
	Date      time.Time

	// What the merchant, Worldline's support and the acquirer find the transaction by, on statements too. Each may be empty.
	AcquirerName            string
	AcquirerReference       string
	ApprovalCode            string
	SixTransactionReference string
	IssuerReference         *IssuerReference
}

// IssuerReference is how the card scheme refers to a transaction.
type IssuerReference struct {
	TransactionStamp string `json:",omitempty"`
	SettlementDate   string `json:",omitempty"` // MMDD
	MastercardTLID   string `json:",omitempty"`
}

// Capture is a payment whose money is on its way to the merchant, or a refund on its way to the payer.
type Capture struct {
	ID     string            // needed to refund a payment
	Status TransactionStatus // CAPTURED, or PENDING until the acquirer has answered
	Date   time.Time
}

// InquireBy names a transaction by its own id or by the order id that it was initialized with; one of the two.
type InquireBy struct {
	TransactionID string
	OrderID       string
}

// Capture takes the money of an authorized payment, the whole of it, or sends that of an authorized refund (Saferpay JSON
// API 1.53, Transaction/Capture).
//
// It must not be repeated blindly. An *Error with Done (TRANSACTION_ALREADY_CAPTURED) says that an earlier call went
// through: Inquire then confirms it and gives the capture id. TRANSACTION_IN_WRONG_STATE means pending or cancelled.
func (c *Client) Capture(ctx context.Context, credentials Credentials, call Call, transactionID string) (Capture, error) {
	var result captureResponse
	if err := c.post(ctx, OperationCapture, credentials, referring(credentials, call, InquireBy{TransactionID: transactionID}), &result); err != nil {
		return Capture{}, err
	}
	return Capture{ID: result.CaptureID, Status: result.Status, Date: result.Date}, nil
}

// Cancel releases an authorized transaction (Saferpay JSON API 1.53, Transaction/Cancel). What is captured cannot be
// cancelled: TRANSACTION_ALREADY_CAPTURED, with NotDone. A second Cancel answers TRANSACTION_IN_WRONG_STATE.
func (c *Client) Cancel(ctx context.Context, credentials Credentials, call Call, transactionID string) error {
	return c.post(ctx, OperationCancel, credentials, referring(credentials, call, InquireBy{TransactionID: transactionID}), &cancelResponse{})
}

// Inquire looks a successful transaction up (Saferpay JSON API 1.53, Transaction/Inquire); never call it in a loop.
// Saferpay's data lag some minutes behind and never hold failed payments: TRANSACTION_NOT_FOUND proves nothing about
// the last minutes. PERMISSION_DENIED means that the license does not include Inquire; AssertPaymentPage is the way then.
func (c *Client) Inquire(ctx context.Context, credentials Credentials, call Call, by InquireBy) (Assertion, error) {
	var result transactionResponse
	if err := c.post(ctx, OperationInquire, credentials, referring(credentials, call, by), &result); err != nil {
		return Assertion{}, err
	}
	return result.assertion(), nil
}

// CloseBatch ends the day of the terminal: what is captured goes to the acquirers (Saferpay JSON API 1.53, Batch/Close).
// Saferpay does it by itself every evening unless the merchant has switched that off.
func (c *Client) CloseBatch(ctx context.Context, credentials Credentials, call Call) error {
	body := struct {
		RequestHeader requestHeader
		TerminalID    string `json:"TerminalId"`
	}{header(credentials, call), credentials.TerminalID}
	return c.post(ctx, OperationBatchClose, credentials, body, &headerResponse{})
}

type referenceRequest struct {
	RequestHeader        requestHeader
	TransactionReference transactionReference
}

type transactionReference struct {
	TransactionID string `json:"TransactionId,omitempty"`
	OrderID       string `json:"OrderId,omitempty"`
}

func referring(credentials Credentials, call Call, to InquireBy) referenceRequest {
	return referenceRequest{header(credentials, call), transactionReference(to)}
}
