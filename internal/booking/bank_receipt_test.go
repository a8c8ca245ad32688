package booking_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

// tells stores that a bank's file tells of money for the invoice.
func (b books) tells(amount money.Amount, certain bool) string {
	b.T.Helper()
	r := settlement.Receipt{
		ID: id.New(id.Receipt), CompanyID: b.Company, State: settlement.ReceiptWaiting, InvoiceID: b.Invoice, Reference: "RF18539007547034",
		Amount: amount, Date: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Occurrence: 1, IBAN: "CH9300762011623852957", Account: "1010",
		Certain: certain, SeenIn: []string{"set_1"}, CreatedAt: now(),
	}
	b.In(func(tx *postgres.Tx) error { return tx.InsertBankReceipts(b.T.Context(), []settlement.Receipt{r}) })
	return r.ID
}

// booked books a bank receipt two times, and returns what became of it the first time.
func (b books) booked(receiptID string) (first booking.Received) {
	b.T.Helper()
	for i := range 2 {
		b.In(func(tx *postgres.Tx) error {
			received, err := booking.BankReceipt(b.T.Context(), tx, b.Invoice, receiptID, now())
			if i == 0 {
				first = received
			}
			return err
		})
	}
	return first
}

func TestBankReceiptIsBookedAsFarAsItIsDue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		amount, tolerance, parked string
		status                    invoice.Status
		lines                     []string
	}{
		"what is due":         {"108.00", "0", "0.00", invoice.Paid, []string{"1010 debit CHF 108.00", "1100 credit CHF 108.00"}},
		"too much":            {"150.00", "0", "42.00", invoice.Paid, []string{"1010 debit CHF 150.00", "1100 credit CHF 108.00", "2030 credit CHF 42.00"}},
		"too little":          {"107.95", "0", "0.00", invoice.PartiallyPaid, []string{"1010 debit CHF 107.95", "1100 credit CHF 107.95"}},
		"almost":              {"107.95", "0.05", "0.00", invoice.Paid, []string{"1010 debit CHF 107.95", "3805 debit CHF 0.05", "1100 credit CHF 108.00"}},
		"less than is let go": {"107.94", "0.05", "0.00", invoice.PartiallyPaid, []string{"1010 debit CHF 107.94", "1100 credit CHF 107.94"}},
	} {
		b := open(t)
		b.In(func(tx *postgres.Tx) error {
			company, err := tx.LockCompany(t.Context())
			require.NoError(t, err)
			company.PaymentTolerance = decimal.RequireFromString(c.tolerance)
			return tx.SaveCompany(t.Context(), company)
		})
		received := b.booked(b.tells(francs(c.amount), true))
		entries := b.Journal()
		require.Len(t, entries, 1, name)
		assert.Equal(t, c.lines, shoptest.Lines(entries[0]), name)
		assert.Equal(t, []any{c.status, c.parked, c.parked != "0.00"}, []any{b.CurrentInvoice().Status, received.Receipt.Parked.Value(), received.Asks}, name)
	}
}

func TestMoneyInAnotherCurrencyIsParked(t *testing.T) {
	t.Parallel()
	b := open(t)
	received := b.booked(b.tells(money.MustParse("108.00", money.EUR), true))
	assert.True(t, received.Asks)
	assert.Equal(t, []string{"1010 debit EUR 108.00", "2030 credit EUR 108.00"}, shoptest.Lines(b.Journal()[0]))
	assert.Equal(t, invoice.Open, b.CurrentInvoice().Status)
}

func TestWhatIsNotCertainIsNotBooked(t *testing.T) {
	t.Parallel()
	b := open(t)
	assert.True(t, b.booked(b.tells(francs("108.00"), false)).Asks)
	assert.Empty(t, b.Journal())
}
