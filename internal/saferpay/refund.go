package saferpay

import (
	"context"

	"github.com/quittance/quittance/internal/money"
)

// RefundRequest says which capture is to be given back, and how much of it.
type RefundRequest struct {
	CaptureID   string       // of the payment, see Capture
	Amount      money.Amount // more than nothing, in the currency of the payment
	OrderID     string       // of the refund itself, at most 18 alphanumerics: the only way to find it after a lost answer
	Description string       // for the merchant's Backoffice, at most 1000 characters; may be empty
	NotifyURL   string       // called once a pending refund is decided; may be empty
}

// Refund gives money back (Saferpay JSON API 1.53, Transaction/Refund). The answer is a transaction of its own, of type
// REFUND: AUTHORIZED must still be captured with Capture, by its transaction id; PENDING is decided later, see
// AssertRefund.
//
// It must never be repeated blindly: RequestId is no idempotency key, and a second refund is a second payment to the
// payer. After an *Error with Unknown, Inquire by the refund's OrderID, minutes later, or leave it to a person.
//
// Saferpay itself does not check the amount against the payment unless asked to. This asks it to, always: all refunds of
// a capture together, cancelled ones aside, must not exceed it. That is a second line of defence and no licence to
// repeat, since half of the amount can still go out twice.
//
// Errors to expect: PERMISSION_DENIED (the license has no refunds: the merchant refunds in the Backoffice), AMOUNT_INVALID
// (more than was captured), TRANSACTION_NOT_FOUND, and for TWINT within two hours of the payment a refusal that passes.
func (c *Client) Refund(ctx context.Context, credentials Credentials, call Call, request RefundRequest) (Transaction, error) {
	body := refundRequest{
		RequestHeader: header(credentials, call),
		Refund: refund{
			Amount: minorAmount(request.Amount), OrderID: request.OrderID, Description: request.Description,
			RestrictRefundAmountToCapturedAmount: true,
		},
		CaptureReference:    captureReference{request.CaptureID},
		PendingNotification: pendingNotification{request.NotifyURL},
	}
	var result transactionResponse
	if err := c.post(ctx, OperationRefund, credentials, body, &result); err != nil {
		return Transaction{}, err
	}
	return result.transaction(), nil
}

// Progress is how far a capture or refund got that was PENDING at first.
type Progress struct {
	TransactionID string
	OrderID       string            // may be empty
	Status        TransactionStatus // CAPTURED, or still PENDING
}

// AssertRefund asks whether a PENDING refund is through, by its transaction id (Saferpay JSON API 1.53,
// Transaction/AssertRefund). Call it when the notification came, never in a loop. A refund that failed is an *Error with
// NotDone.
func (c *Client) AssertRefund(ctx context.Context, credentials Credentials, call Call, transactionID string) (Progress, error) {
	return c.progress(ctx, OperationAssertRefund, credentials, referring(credentials, call, InquireBy{TransactionID: transactionID}))
}

// AssertCapture asks whether a PENDING capture is through, by its capture id (Saferpay JSON API 1.53,
// Transaction/AssertCapture). Call it when the notification came, never in a loop.
func (c *Client) AssertCapture(ctx context.Context, credentials Credentials, call Call, captureID string) (Progress, error) {
	return c.progress(ctx, OperationAssertCapture, credentials, captureReferenceRequest{header(credentials, call), captureReference{captureID}})
}

func (c *Client) progress(ctx context.Context, operation string, credentials Credentials, body any) (Progress, error) {
	var result progressResponse
	if err := c.post(ctx, operation, credentials, body, &result); err != nil {
		return Progress{}, err
	}
	return Progress{result.TransactionID, result.OrderID, result.Status}, nil
}

type refundRequest struct {
	RequestHeader       requestHeader
	Refund              refund
	CaptureReference    captureReference
	PendingNotification pendingNotification `json:",omitzero"`
}

type refund struct {
	Amount                               MinorAmount
	OrderID                              string `json:"OrderId,omitempty"`
	Description                          string `json:",omitempty"`
	RestrictRefundAmountToCapturedAmount bool
}

type pendingNotification struct {
	NotifyURL string `json:"NotifyUrl"`
}

type captureReferenceRequest struct {
	RequestHeader    requestHeader
	CaptureReference captureReference
}

type captureReference struct {
	CaptureID string `json:"CaptureId"`
}
