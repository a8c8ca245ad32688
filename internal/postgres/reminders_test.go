package postgres_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestInvoicesAreRemindableFromTheDayOfTheirNextReminderOn(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	first, second := createBooks(t, store), createBooks(t, store) // their companies remind after 10 and 30 days
	due := first.invoice.DueDate
	remindable := func(after int) (ids []string) {
		companies, invoices, err := store.Remindable(t.Context(), due.AddDate(0, 0, after))
		require.NoError(t, err)
		for _, inv := range invoices {
			assert.Equal(t, companies[inv.CompanyID].ID, inv.CompanyID)
			ids = append(ids, inv.ID)
		}
		slices.Sort(ids)
		return ids
	}
	both := []string{first.invoice.ID, second.invoice.ID}
	slices.Sort(both)
	assert.Empty(t, remindable(9))
	assert.Equal(t, both, remindable(10))

	in(t, store, first.company.ID, func(tx *postgres.Tx) error {
		return tx.SaveReminder(t.Context(), first.invoice.ID, first.invoice.NewReminder(1, 10, noon))
	})
	assert.Equal(t, []string{second.invoice.ID}, remindable(29), "the second reminder is not due yet")
	assert.Equal(t, both, remindable(30))
	in(t, store, first.company.ID, func(tx *postgres.Tx) error {
		return tx.SaveReminder(t.Context(), first.invoice.ID, first.invoice.NewReminder(2, 30, noon))
	})
	assert.Equal(t, []string{second.invoice.ID}, remindable(400), "there is no third one")
	in(t, store, first.company.ID, func(tx *postgres.Tx) error { return tx.DeleteReminder(t.Context(), first.invoice.ID, 2) })
	assert.Equal(t, both, remindable(30), "it was taken back")
}

func TestInvoicesOfWhichNobodyIsToBeRemindedAreNotLookedAt(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, tx *postgres.Tx, b books) error{
		"cancelled": func(t *testing.T, tx *postgres.Tx, b books) error {
			t.Helper()
			b.invoice.Status = invoice.Cancelled
			return tx.SaveInvoice(t.Context(), b.invoice)
		},
		"stopped": func(t *testing.T, tx *postgres.Tx, b books) error {
			t.Helper()
			b.invoice.RemindersStopped = true
			return tx.SaveInvoice(t.Context(), b.invoice)
		},
		"without an address": func(t *testing.T, tx *postgres.Tx, b books) error {
			t.Helper()
			b.invoice.Customer.Email = ""
			return tx.SaveInvoice(t.Context(), b.invoice)
		},
		"being paid": func(t *testing.T, tx *postgres.Tx, b books) error {
			t.Helper()
			require.NoError(t, b.payment.Become(payment.Redirected, noon, ""))
			require.NoError(t, b.payment.Become(payment.Unknown, noon, ""))
			return tx.SavePayment(t.Context(), b.payment)
		},
		"with money from the bank that a person has to decide about": func(t *testing.T, tx *postgres.Tx, b books) error {
			t.Helper()
			receipt := b.bankReceipt("set_1")
			receipt.State = settlement.ReceiptAsked
			require.NoError(t, tx.InsertBankReceipts(t.Context(), []settlement.Receipt{receipt}))
			undecided, err := tx.UndecidedReceipts(t.Context(), b.invoice.ID)
			require.NoError(t, err)
			assert.True(t, undecided[b.invoice.ID])
			return err
		},
		"of a company that wants none": func(t *testing.T, tx *postgres.Tx, b books) error {
			t.Helper()
			b.company.Reminders = nil
			return tx.SaveCompany(t.Context(), b.company)
		},
		"of a suspended company": func(t *testing.T, tx *postgres.Tx, b books) error {
			t.Helper()
			b.company.Suspended = true
			return tx.SaveCompany(t.Context(), b.company)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := postgrestest.New(t)
			b := createBooks(t, store)
			in(t, store, b.company.ID, func(tx *postgres.Tx) error { return change(t, tx, b) })
			_, invoices, err := store.Remindable(t.Context(), b.invoice.DueDate.AddDate(1, 0, 0))
			require.NoError(t, err)
			assert.Empty(t, invoices)
		})
	}
}
