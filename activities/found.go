package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/saferpay"
)

// FoundTransaction is a transaction at Saferpay that a person decided on. Amount is what was authorized.
type FoundTransaction struct {
	PaymentServiceRef
	ExceptionID   string       `json:"exception_id"`
	TransactionID string       `json:"transaction_id"`
	Amount        money.Amount `json:"amount"`
}

// Taken is how much money a capture moved.
type Taken struct {
	Amount money.Amount `json:"amount"`
}

// CaptureFound captures a transaction (Saferpay JSON API 1.53, Transaction/Capture). It may be repeated: what was captured
// before is looked up, since another amount may have been.
func (s *Saferpay) CaptureFound(ctx context.Context, in FoundTransaction) (Taken, error) {
	service, err := s.paymentService(ctx, in.PaymentServiceRef)
	if err != nil {
		return Taken{}, err
	}
	gateway, credentials, err := s.openUnlessRefused(service)
	if err != nil {
		return Taken{}, err
	}
	captured, err := gateway.Capture(ctx, credentials, call(ctx, in.ExceptionID, "capture"), in.TransactionID)
	if refusal, ok := errors.AsType[*saferpay.Error](err); ok && refusal.Outcome == saferpay.Done {
		found, err := gateway.Inquire(ctx, credentials, call(ctx, in.ExceptionID, "inquire"), saferpay.InquireBy{TransactionID: in.TransactionID})
		return Taken{Amount: found.Transaction.Amount}, notYet(err)
	}
	if err == nil && captured.Status != saferpay.StatusCaptured { // Transaction/Capture: Status PENDING
		err = &saferpay.Error{Operation: saferpay.OperationCapture, Outcome: saferpay.Unknown, Message: "the acquirer has not answered yet"}
	}
	return Taken{Amount: in.Amount}, s.noticeRevoked(ctx, service, err)
}

// ReleaseFound gives an authorization back to the payer (Saferpay JSON API 1.53, Transaction/Cancel). It may be repeated: what
// was cancelled before is fine.
func (s *Saferpay) ReleaseFound(ctx context.Context, in FoundTransaction) error {
	service, err := s.paymentService(ctx, in.PaymentServiceRef)
	if err != nil {
		return err
	}
	gateway, credentials, err := s.openUnlessRefused(service)
	if err != nil {
		return err
	}
	err = gateway.Cancel(ctx, credentials, call(ctx, in.ExceptionID, "cancel"), in.TransactionID)
	if isNamed(err, saferpay.NameTransactionInWrongState) {
		found, inquired := gateway.Inquire(ctx, credentials, call(ctx, in.ExceptionID, "inquire"), saferpay.InquireBy{TransactionID: in.TransactionID})
		if inquired == nil && found.Transaction.Status == saferpay.StatusCanceled {
			return nil
		}
	}
	return s.noticeRevoked(ctx, service, err)
}

// FoundMoney is what a transaction at Saferpay moved beyond what is booked for it: more than 0 when it came, less than 0 when
// it went. Invoice and payment are empty when none is known; By is the id of the key that decided.
type FoundMoney struct {
	PaymentRef
	InvoiceID     string       `json:"invoice_id"`
	TransactionID string       `json:"transaction_id"`
	Amount        money.Amount `json:"amount"`
	By            string       `json:"by"`
}

// BookFound books what Saferpay moved against 2030, prepayments received, on the account of the payment's receipt if it has
// one. A transaction is booked once.
func (b *Books) BookFound(ctx context.Context, in FoundMoney) error {
	return b.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		account := company.ReceiptAccount
		if in.PaymentID != "" {
			p, err := tx.Payment(ctx, in.PaymentID)
			if err != nil {
				return err
			}
			if p.BookedAccount != "" {
				account = p.BookedAccount
			}
		}
		_, err = tx.Append(ctx, ledger.Found(ledger.Occasion{
			CompanyID: in.CompanyID, Language: company.Language, InvoiceID: in.InvoiceID, PaymentID: in.PaymentID, Amount: in.Amount, Day: calendar.Day(b.Now()),
		}, account, in.TransactionID, in.By))
		return err
	})
}

// FoundRefund is a refund that was made at Saferpay without us, and the payment that it fits.
type FoundRefund struct {
	PaymentRef
	InvoiceID     string       `json:"invoice_id"`
	TransactionID string       `json:"transaction_id"`
	Amount        money.Amount `json:"amount"`
}

// RecordFoundRefund records the refund as the merchant's own, and books it; one that is recorded already stays as it is.
// Problems: payment-not-captured, refund-exceeds-payment.
func (b *Books) RecordFoundRefund(ctx context.Context, in FoundRefund) (back GivenBack, err error) {
	err = b.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		if _, err := tx.LockInvoice(ctx, in.InvoiceID); err != nil {
			return err
		}
		p, err := tx.LockPayment(ctx, in.PaymentID)
		if err != nil {
			return err
		}
		refunds, err := tx.RefundsOf(ctx, p.ID)
		if err != nil {
			return err
		}
		for _, r := range refunds {
			if r.TransactionID == in.TransactionID {
				back, err = givenBack(ctx, tx, p)
				return err
			}
		}
		if err := refund.Allow(p, refunds, in.Amount, b.Now()); err != nil {
			return err
		}
		r := refund.New(refund.Refund{
			ID: id.New(id.Refund), CompanyID: in.CompanyID, PaymentID: p.ID, InvoiceID: p.InvoiceID, OrderID: id.NewOrder(), Amount: in.Amount,
			Reason: "Made in the Saferpay Backoffice", TransactionID: in.TransactionID,
		}, b.Now())
		if err := tx.InsertRefund(ctx, r); err != nil {
			return err
		}
		back, err = b.bookRefund(ctx, tx, GiveBack{
			RefundRef: RefundRef{CompanyID: in.CompanyID, RefundID: r.ID}, State: refund.Recorded, Note: "Found in Saferpay's transaction report.",
		})
		return err
	})
	return back, err
}

// LeftBehind is where an invoice stands whose process is gone, with what is unfinished of its payments, the oldest first.
type LeftBehind struct {
	Standing
	Payments []Unfinished `json:"payments"`
}

// Unfinished is a payment that has not ended, or whose money is parked (State is Captured) until a person decides.
type Unfinished struct {
	PaymentID   string         `json:"payment_id"`
	Method      payment.Method `json:"method"`
	Amount      money.Amount   `json:"amount"`
	RedirectURL string         `json:"redirect_url"`
	State       payment.State  `json:"state"`
	OpenedAt    time.Time      `json:"opened_at"`
	ExpiresAt   time.Time      `json:"expires_at"`
	Reopened    bool           `json:"reopened,omitempty"` // it had ended and was begun anew
	Awaited     Awaited        `json:"awaited,omitzero"`
}

// TakeUpInvoice returns where an invoice stands that was issued before, and what is unfinished about it. It changes nothing.
// Problem: invoice-not-open for a draft.
func (b *Books) TakeUpInvoice(ctx context.Context, in InvoiceRef) (LeftBehind, error) {
	var left LeftBehind
	err := b.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		inv, err := tx.Invoice(ctx, in.InvoiceID)
		if err != nil {
			return err
		}
		if inv.Status == invoice.Draft {
			return problem.New(problem.InvoiceNotOpen, "Invoice %s is a draft.", inv.Number)
		}
		left = LeftBehind{Standing: Standing{InvoiceStatus: inv.Status, Due: inv.AmountDue()}}
		payments, err := tx.PaymentsOf(ctx, inv.ID)
		if err != nil {
			return err
		}
		for _, p := range slices.Backward(payments[inv.ID]) {
			parked := p.State == payment.Captured && p.Parked
			if p.State.Final() && !parked {
				continue
			}
			waiting, err := awaited(ctx, tx, p.ID)
			if err != nil {
				return err
			}
			if parked && waiting.Kind != exception.DoublePayment { // decided
				continue
			}
			left.Payments = append(left.Payments, Unfinished{
				PaymentID: p.ID, Method: p.Method, Amount: p.Amount, RedirectURL: p.RedirectURL, State: p.State,
				OpenedAt: p.CreatedAt, ExpiresAt: p.ExpiresAt, Reopened: p.Reopened(), Awaited: waiting,
			})
		}
		return nil
	})
	return left, err
}
