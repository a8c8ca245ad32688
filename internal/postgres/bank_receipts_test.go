package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/qrbill"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// bankReceipt is money for the invoice that a bank's file tells.
func (b books) bankReceipt(settlementID string) settlement.Receipt {
	return settlement.Receipt{
		ID: id.New(id.Receipt), CompanyID: b.company.ID, State: settlement.ReceiptWaiting, InvoiceID: b.invoice.ID, Reference: "RF18539007547034",
		BankRefs: []string{"B-1"}, Amount: money.MustParse("108.00", money.CHF), Date: day, Occurrence: 1, IBAN: "CH9300762011623852957", Account: ledger.Bank, Line: 7, SeenIn: []string{settlementID}, CreatedAt: noon,
	}
}

func TestInvoiceIsFoundByTheNumberOfEitherReferenceOnceItIsIssued(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	var numbers []string
	for _, account := range []string{"CH9300762011623852957", "CH4431999123000889012"} {
		reference, err := qrbill.ReferenceFor(account, b.invoice.ID)
		require.NoError(t, err)
		numbers = append(numbers, reference.Number())
	}
	look := func() (found map[string]string) {
		in(t, store, b.company.ID, func(tx *postgres.Tx) (err error) {
			found, err = tx.IssuedByNumber(t.Context(), append(numbers, "00000000000000000000"))
			return err
		})
		return found
	}
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(t.Context(), b.invoice.ID)
		require.NoError(t, err)
		inv.Status = invoice.Draft
		return tx.SaveInvoice(t.Context(), inv)
	})
	assert.Empty(t, look(), "nobody was asked to pay a draft")
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(t.Context(), b.invoice.ID)
		require.NoError(t, err)
		inv.Status = invoice.Open
		return tx.SaveInvoice(t.Context(), inv)
	})
	assert.Equal(t, map[string]string{numbers[0]: b.invoice.ID}, look())
}

func TestTheSameBankReceiptIsStoredOnce(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	first, again, second := b.bankReceipt("set_1"), b.bankReceipt("set_2"), b.bankReceipt("set_2")
	second.Occurrence = 2
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		return tx.InsertBankReceipts(t.Context(), []settlement.Receipt{first, second})
	})
	err := store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
		return tx.InsertBankReceipts(t.Context(), []settlement.Receipt{again})
	})
	require.ErrorContains(t, err, "one_bank_receipt")
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		stored, _, err := tx.BankReceiptsOf(t.Context(), "set_1", listing.Part{})
		assert.Equal(t, []settlement.Receipt{first}, stored)
		return err
	})
}
