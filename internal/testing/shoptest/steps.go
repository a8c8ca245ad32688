package shoptest

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/refund"
)

// Run runs one activity as a worker would.
func (s *Shop) Run(step, in any) (converter.EncodedValue, error) {
	return s.Env.ExecuteActivity(step, in)
}

// Do runs one activity that must work, and reads its result.
func Do[T any](s *Shop, step, in any) T {
	s.T.Helper()
	value, err := s.Run(step, in)
	require.NoError(s.T, err)
	var out T
	require.NoError(s.T, value.Get(&out))
	return out
}

// InvoiceRef names the invoice.
func (s *Shop) InvoiceRef() activities.InvoiceRef {
	return activities.InvoiceRef{CompanyID: s.Company, InvoiceID: s.Invoice}
}

// Ref names a payment.
func (s *Shop) Ref(paymentID string) activities.PaymentRef {
	return activities.PaymentRef{CompanyID: s.Company, PaymentID: paymentID}
}

// Issue opens the invoice.
func (s *Shop) Issue() {
	s.T.Helper()
	_, err := s.Run(s.Collection.OpenInvoice, collection.Opening{InvoiceRef: s.InvoiceRef()})
	require.NoError(s.T, err)
}

// Checkout opens a payment page and returns the payment's id and the page.
func (s *Shop) Checkout(m payment.Method) (string, string) {
	s.T.Helper()
	in := collection.StartCheckout{
		InvoiceRef: s.InvoiceRef(),
		PayNow:     contract.PayNow{PaymentID: id.New(id.Payment), OrderID: id.NewOrder(), NotificationSecret: id.NewSecret(), Method: m, Language: "de"},
	}
	return in.PaymentID, Do[collection.PaymentPage](s, s.Collection.OpenPaymentPage, in).RedirectURL
}

// Authorized returns a payment whose money is reserved at Saferpay, as Assert found it.
func (s *Shop) Authorized() string {
	s.T.Helper()
	paymentID, page := s.Checkout(payment.Card)
	s.Pay(page, "9010003150000001", "pay")
	assert.Equal(s.T, payment.Authorized, s.Ask(paymentID).State)
	return paymentID
}

// CaptureAndBook takes the money of an authorized payment.
func (s *Shop) CaptureAndBook(paymentID string) collection.Booked {
	s.T.Helper()
	captured := Do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(paymentID))
	return Do[collection.Booked](s, s.Collection.BookReceipt, collection.Receipt{PaymentRef: s.Ref(paymentID), CaptureID: captured.CaptureID})
}

// Ask asserts the payment once.
func (s *Shop) Ask(paymentID string) collection.Outcome {
	s.T.Helper()
	return Do[collection.Outcome](s, s.Collection.AssertPayment, collection.AskOutcome{PaymentRef: s.Ref(paymentID), Turn: 1})
}

// Paid returns a payment that was captured and booked.
func (s *Shop) Paid(m payment.Method) string {
	s.T.Helper()
	paymentID, page := s.Checkout(m)
	means := map[payment.Method]string{payment.Card: "9010003150000001", payment.TWINT: "twint"}[m]
	s.Pay(page, means, "pay")
	require.Equal(s.T, payment.Authorized, s.Ask(paymentID).State)
	s.CaptureAndBook(paymentID)
	return paymentID
}

// Wanted records a refund of the payment; an empty amount is all that is left.
func (s *Shop) Wanted(paymentID, amount string) (activities.RefundRef, error) {
	s.T.Helper()
	in := contract.RequestRefund{
		CompanyID: s.Company, RefundID: id.New(id.Refund), PaymentID: paymentID, OrderID: id.NewOrder(), Reason: "Returned", By: "key_1",
	}
	if amount != "" {
		in.Amount = money.MustParse(amount, money.CHF)
	}
	_, err := s.Run(s.Refunding.RecordRefundRequest, in)
	return activities.RefundRef{CompanyID: in.CompanyID, RefundID: in.RefundID}, err
}

// Refund returns the refund as it stands in the record.
func (s *Shop) Refund(ref activities.RefundRef) (r refund.Refund) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) (err error) {
		r, err = tx.Refund(s.T.Context(), ref.RefundID)
		return err
	})
	return r
}

// ServiceRef names the payment service.
func (s *Shop) ServiceRef() activities.PaymentServiceRef {
	return activities.PaymentServiceRef{CompanyID: s.Company, PaymentServiceID: s.Service}
}
