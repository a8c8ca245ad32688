package collection_test

import (
	"testing"
	"time"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestBankTransferSettlesTheInvoiceOnce(t *testing.T) {
	t.Parallel()
	s := issued(t)
	receipt := collection.OtherReceipt{InvoiceRef: s.InvoiceRef(), RecordReceipt: contract.RecordReceipt{
		ReceiptID: id.New(id.Receipt), Amount: money.MustParse("100.00", money.CHF),
		Day: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Account: "1020", Reference: "QR 21 00000",
	}}
	for range 2 {
		standing := do[activities.Standing](s, s.Collection.RecordReceipt, receipt)
		assert.Equal(t, invoice.PartiallyPaid, standing.InvoiceStatus)
		assert.Equal(t, "8.00", standing.Due.Value())
	}
	receipt.ReceiptID = id.New(id.Receipt)
	_, err := s.Run(s.Collection.RecordReceipt, receipt)
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.ReceiptExceedsInvoice), name)
	receipt.Amount = money.MustParse("8.00", money.CHF)
	assert.Equal(t, invoice.Paid, do[activities.Standing](s, s.Collection.RecordReceipt, receipt).InvoiceStatus)
	entries := s.Journal()
	require.Len(t, entries, 2)
	assert.Equal(t, []string{"1020 debit CHF 100.00", "1100 credit CHF 100.00"}, shoptest.Lines(entries[0]))
	assert.Equal(t, ledger.FromReceipt, entries[0].Source.Kind)
	assert.Equal(t, []event.Type{event.InvoiceOpened, event.InvoicePartiallyPaid, event.InvoicePaid}, s.Events())
}

func TestVoidedReceiptIsTakenOffTheInvoiceOnce(t *testing.T) {
	t.Parallel()
	s := issued(t)
	receipt := contract.RecordReceipt{ReceiptID: id.New(id.Receipt), Amount: money.MustParse("108.00", money.CHF), Day: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Account: "1020"}
	do[activities.Standing](s, s.Collection.RecordReceipt, collection.OtherReceipt{InvoiceRef: s.InvoiceRef(), RecordReceipt: receipt})
	for range 2 {
		standing := do[activities.Standing](s, s.Collection.VoidReceipt, collection.VoidedReceipt{
			InvoiceRef: s.InvoiceRef(), VoidReceipt: contract.VoidReceipt{ReceiptID: receipt.ReceiptID, Reason: "Another customer's", By: "key_1"},
		})
		assert.Equal(t, []any{invoice.Open, "108.00"}, []any{standing.InvoiceStatus, standing.Due.Value()})
	}
	assert.Len(t, s.Journal(), 2)
	assert.Equal(t, []event.Type{event.InvoiceOpened, event.InvoicePaid, event.InvoiceReceiptVoided}, s.Events())
}

func TestPersonEndsAPaymentInDoubt(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	for range 2 {
		assert.Equal(t, payment.Cancelled, do[collection.Outcome](s, s.Collection.GiveUpPayment, s.Ref(paymentID)).State)
	}
	assert.Equal(t, "given_up", s.Payment(paymentID).Failure.Name)
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.PaymentFailed))
}
