package booking_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func (b books) receive(amount string) string {
	b.T.Helper()
	receipt := booking.OtherReceipt{ID: id.New(id.Receipt), InvoiceID: b.Invoice, Amount: francs(amount), Day: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), Account: "1020"}
	b.In(func(tx *postgres.Tx) error {
		_, err := booking.Receipt(b.T.Context(), tx, receipt, now())
		return err
	})
	return receipt.ID
}

func TestMistakenReceiptIsReversedOnceAlsoByTwoAtOnce(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.receive("8.00")
	wrong := b.receive("100.00")
	require.Equal(t, invoice.Paid, b.CurrentInvoice().Status)
	void := func(tx *postgres.Tx) error {
		_, err := booking.VoidReceipt(t.Context(), tx, booking.Void{ReceiptID: wrong, Reason: "Another customer's", By: "key_1"}, now())
		return err
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { assert.NoError(t, b.Store.InCompany(t.Context(), b.Company, void)) })
	}
	both.Wait()
	entries := b.Journal()
	require.Len(t, entries, 3)
	assert.Equal(t, []string{"1020 credit CHF 100.00", "1100 debit CHF 100.00"}, shoptest.Lines(entries[2]))
	assert.Equal(t, entries[1].ID, entries[2].Reverses)
	assert.Contains(t, entries[2].Text, ": Another customer's")
	left := b.CurrentInvoice()
	assert.Equal(t, []any{invoice.PartiallyPaid, "8.00", "100.00"}, []any{left.Status, left.AmountPaid.Value(), left.AmountDue().Value()})
	assert.Equal(t, []string{"1029 debit CHF 100.00", "1100 credit CHF 100.00"}, b.pay(b.authorizedFor("100.00")), "it is paid online now")
	assert.Equal(t, invoice.Paid, b.CurrentInvoice().Status)
	receipts := ledger.OtherReceipts(b.Journal(), left.Number)
	require.Len(t, receipts, 2)
	assert.Equal(t, []bool{true, false}, []bool{receipts[0].VoidedAt.IsZero(), receipts[1].VoidedAt.IsZero()})
}

func TestOnlyAReceiptOfTheCompanyIsVoided(t *testing.T) {
	t.Parallel()
	b := open(t)
	err := b.Store.InCompany(t.Context(), b.Company, func(tx *postgres.Tx) error {
		_, err := booking.VoidReceipt(t.Context(), tx, booking.Void{ReceiptID: id.New(id.Receipt), Reason: "x"}, now())
		return err
	})
	assert.Equal(t, problem.NotFound, problem.CodeOf(err))
}
