package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/workflows/contract"
)

// PaymentsTx is what the calls for payments need of a transaction.
type PaymentsTx interface {
	Payments(ctx context.Context, f listing.Payments) (payments []payment.Payment, next string, err error)
	Payment(ctx context.Context, id string) (payment.Payment, error)
	InvoiceNumbers(ctx context.Context, ids ...string) (map[string]string, error)
}

// ListPayments answers GET /payments.
func (s *server) ListPayments(ctx context.Context, r spec.ListPaymentsRequestObject) (spec.ListPaymentsResponseObject, error) {
	var answer spec.ListPayments200JSONResponse
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx PaymentsTx) error {
		payments, next, err := tx.Payments(ctx, listing.Payments{
			InvoiceID: deref(r.Params.InvoiceID),
			State:     payment.State(deref(r.Params.State)),
			From:      deref(r.Params.From).Time,
			To:        deref(r.Params.To).Time,
			Cursor:    deref(r.Params.Cursor),
			Limit:     deref(r.Params.Limit),
		})
		if err != nil {
			return err
		}
		shown, err := shownPayments(ctx, tx, payments...)
		answer = spec.ListPayments200JSONResponse{Data: shown, NextCursor: optional(next)}
		return err
	})
	return answer, err
}

// shownPayments shows payments outside their invoices, each with the number of its own.
func shownPayments(ctx context.Context, tx PaymentsTx, payments ...payment.Payment) ([]spec.Payment, error) {
	numbers, err := tx.InvoiceNumbers(ctx, mapped(payments, func(p payment.Payment) string { return p.InvoiceID })...)
	return mapped(payments, func(p payment.Payment) spec.Payment {
		shown := shownPayment(p)
		shown.InvoiceNumber = optional(numbers[p.InvoiceID])
		return shown
	}), err
}

// GetPayment answers GET /payments/{payment_id}.
func (s *server) GetPayment(ctx context.Context, r spec.GetPaymentRequestObject) (spec.GetPaymentResponseObject, error) {
	var answer spec.GetPayment200JSONResponse
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx PaymentsTx) error {
		p, err := tx.Payment(ctx, r.PaymentID)
		if err != nil {
			return err
		}
		shown, err := shownPayments(ctx, tx, p)
		answer = spec.GetPayment200JSONResponse(shown[0])
		return err
	})
	return answer, err
}

// shownPayerEmail shows a mail to the payer, nil for none.
func shownPayerEmail(m payment.Mail) *spec.PayerEmail {
	if m == (payment.Mail{}) {
		return nil
	}
	return &spec.PayerEmail{State: spec.PayerEmailState(m.State), At: m.At, Reason: optional(m.Reason)}
}

func shownPayment(p payment.Payment) spec.Payment {
	answer := spec.Payment{
		ID:                p.ID,
		InvoiceID:         p.InvoiceID,
		PaymentServiceID:  p.PaymentServiceID,
		State:             spec.PaymentState(p.State),
		Method:            spec.PaymentMethod(p.Method),
		Amount:            p.Amount.Value(),
		Disputed:          p.Amount.Sub(p.Undisputed()).Value(),
		Currency:          spec.Currency(p.Amount.Currency()),
		PaymentMeans:      optional(p.PaymentMeans),
		Brand:             optional(p.Brand),
		Card:              optional(p.Card),
		AuthorizationCode: optional(p.AuthorizationCode),
		Saferpay: spec.SaferpayReferences{
			OrderID:       p.OrderID,
			TransactionID: optional(p.TransactionID),
			CaptureID:     optional(p.CaptureID),
		},
		LiabilityShift: p.LiabilityShift,
		BookedAccount:  optional(p.BookedAccount),
		Email:          shownPayerEmail(p.Mail),
		Timeline: mapped(p.Timeline, func(step payment.Step) spec.PaymentStep {
			return spec.PaymentStep{At: step.At, State: spec.PaymentState(step.State), Note: optional(step.Note)}
		}),
		WorkflowID: contract.InvoicePaymentID(p.InvoiceID),
		CreatedAt:  p.CreatedAt,
	}
	if p.Failure.Name != "" {
		answer.Failure = &spec.PaymentFailure{Name: p.Failure.Name, PayerMessage: optional(p.Failure.PayerMessage)}
	}
	return answer
}
