package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestAnInvoiceIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	other := newPaymentService(b.company.ID)
	paid := newInvoice(b.company.ID, "2026-2", other.ID, b.service.ID)
	require.NoError(t, paid.Receive(chf("108.00"), noon))
	paid.Content = invoice.Content{
		IssueDate: day, Address: invoice.Address{Street: "Rue du Lac", HouseNumber: "7a", Postcode: "1003", City: "Lausanne", Country: "CH"},
		Lines:            []invoice.Line{{Description: "Conseil\nsur place", Quantity: "1", Unit: "h", UnitPrice: "99.91", VATRate: "8.1"}},
		PricesIncludeVAT: true, FiveCentimes: true, Metadata: map[string]string{"order": "A-1"},
	}
	paid.RemindersStopped = true
	filled(t, paid, "Email", "Reminders", "Token", "CancelledAt", "ErasedAt") // a new invoice has none

	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertPaymentService(t.Context(), other))
		require.NoError(t, tx.InsertInvoice(t.Context(), paid))
		require.NoError(t, tx.InsertInvoice(t.Context(), paid), "again changes nothing")
		paid.Token = tokenOf(t, tx, paid.ID)
		stored, err := tx.Invoice(t.Context(), paid.ID)
		require.NoError(t, err)
		same(t, paid, stored)

		changed, err := tx.LockInvoice(t.Context(), b.invoice.ID)
		require.NoError(t, err)
		same(t, b.invoice, changed)
		changed.Number, changed.Description, changed.PaymentServiceIDs = "2026-3", "", []string{other.ID, b.service.ID}
		changed.Amount, changed.AmountPaid = money.MustParse("999999999.99", money.EUR), money.MustParse("0.01", money.EUR)
		changed.AmountRefunded = money.MustParse("0.02", money.EUR)
		changed.Status, changed.DueDate = invoice.PartiallyPaid, day
		changed.Customer = invoice.Customer{Name: "Someone else", Language: "it"}
		changed.Email = invoice.Email{ID: "eml_1", State: invoice.EmailFailed, To: "zoe@example.com", At: noon, Reason: "550 no such mailbox."}
		require.NoError(t, tx.SaveInvoice(t.Context(), changed))
		require.NoError(t, tx.AttachPaymentServices(t.Context(), changed))
		changed.Reminders = []invoice.Reminder{changed.NewReminder(1, 10, noon)}
		changed.Reminders[0].Email.To = "zoe@example.com"
		require.True(t, changed.Reminders[0].End("550 no such mailbox.", noon))
		require.NoError(t, tx.SaveReminder(t.Context(), changed.ID, changed.Reminders[0]))
		stored, err = tx.Invoice(t.Context(), changed.ID)
		require.NoError(t, err)
		same(t, changed, stored)

		company, inv, services, err := tx.Checkout(t.Context(), changed.ID)
		require.NoError(t, err)
		same(t, b.company, company)
		same(t, changed, inv)
		same(t, []merchant.PaymentService{other, b.service}, services)
		return nil
	})
}

func TestAnInvoiceMayHaveEveryStatus(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		for _, status := range invoice.Statuses {
			i := newInvoice(company.ID, string(status))
			i.Status = status
			if status == invoice.Paid {
				i.AmountPaid, i.PaidAt = i.Amount, noon
			}
			require.NoError(t, tx.InsertInvoice(t.Context(), i), status)
		}
		return nil
	})
}

func TestAnInvoiceNumberIsTakenOncePerCompany(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b, other := createBooks(t, store), createBooks(t, store)
	assert.Equal(t, b.invoice.Number, other.invoice.Number, "another company may use the number")

	err := store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
		return tx.InsertInvoice(t.Context(), newInvoice(b.company.ID, b.invoice.Number))
	})
	assert.Equal(t, problem.InvoiceNumberTaken, problem.CodeOf(err))
	err = store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
		second := newInvoice(b.company.ID, "2026-2")
		require.NoError(t, tx.InsertInvoice(t.Context(), second))
		second.Number = b.invoice.Number
		return tx.SaveInvoice(t.Context(), second)
	})
	assert.Equal(t, problem.InvoiceNumberTaken, problem.CodeOf(err))
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		found, _, err := tx.Invoices(t.Context(), listing.Invoices{Number: "2026-2"})
		assert.Empty(t, found, "nothing of a failed transaction stays")
		return err
	})
}

func TestAnInvoiceIsPaidThroughServicesOfItsCompanyOnly(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b, other := createBooks(t, store), createBooks(t, store)
	for name, services := range map[string][]string{
		"another company's": {b.service.ID, other.service.ID}, "unknown": {id.New(id.PaymentService)}, "twice": {b.service.ID, b.service.ID},
	} {
		err := store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
			return tx.InsertInvoice(t.Context(), newInvoice(b.company.ID, "2026-2", services...))
		})
		assert.Equal(t, problem.Invalid, problem.CodeOf(err), name)
		require.ErrorContains(t, err, "payment_service_ids", name)
	}
}

func TestInvoicesAreListedNewestFirstPageByPage(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		var newestFirst []string
		for n := range 5 {
			i := newInvoice(company.ID, fmt.Sprint("2026-", n))
			require.NoError(t, tx.InsertInvoice(t.Context(), i))
			newestFirst = append([]string{i.ID}, newestFirst...)
		}
		var listed []string
		cursor := ""
		for page, rows := range []int{2, 2, 1} {
			invoices, next, err := tx.Invoices(t.Context(), listing.Invoices{Status: invoice.Open, Cursor: cursor, Limit: 2})
			require.NoError(t, err)
			assert.Len(t, invoices, rows, "page %d", page)
			for _, i := range invoices {
				listed = append(listed, i.ID)
			}
			cursor = next
		}
		assert.Empty(t, cursor)
		assert.Equal(t, newestFirst, listed)

		all, next, err := tx.Invoices(t.Context(), listing.Invoices{Limit: 5})
		require.NoError(t, err)
		assert.Len(t, all, 5)
		assert.Empty(t, next, "a full last page has no next one")
		found, _, err := tx.Invoices(t.Context(), listing.Invoices{Number: "2026-3"})
		require.NoError(t, err)
		require.Len(t, found, 1)
		assert.Equal(t, newestFirst[1], found[0].ID)
		drafts, _, err := tx.Invoices(t.Context(), listing.Invoices{Status: invoice.Draft})
		require.NoError(t, err)
		assert.Empty(t, drafts)

		for _, cursor := range []string{"x", id.New(id.Payment), "inv_"} {
			_, _, err = tx.Invoices(t.Context(), listing.Invoices{Cursor: cursor})
			assert.Equal(t, problem.Invalid, problem.CodeOf(err), cursor)
			require.ErrorContains(t, err, "cursor")
		}
		return nil
	})
}

func TestListsHaveFiftyRowsUnlessAskedAndAtMostTwoHundred(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		for n := range 201 {
			require.NoError(t, tx.InsertInvoice(t.Context(), newInvoice(company.ID, fmt.Sprint(n))))
		}
		for limit, rows := range map[int]int{0: 50, 200: 200, 1000: 200} {
			invoices, next, err := tx.Invoices(t.Context(), listing.Invoices{Limit: limit})
			require.NoError(t, err)
			assert.Len(t, invoices, rows)
			assert.NotEmpty(t, next)
		}
		return nil
	})
}

func TestTextThatCanNotBeStoredIsTheCallersFault(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	for _, text := range []string{"zero\x00byte", "not UTF-8 \xff"} {
		err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error {
			_, _, err := tx.Invoices(t.Context(), listing.Invoices{Number: text})
			return err
		})
		assert.Equal(t, problem.Invalid, problem.CodeOf(err), text)
		err = store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error { return tx.InsertInvoice(t.Context(), newInvoice(company.ID, text)) })
		assert.Equal(t, problem.Invalid, problem.CodeOf(err), text)
	}
}

func TestWhatDoesNotExistIsNotFound(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	unknown := id.New(id.Invoice)
	for name, call := range map[string]func(*postgres.Tx) error{
		"invoice":         func(tx *postgres.Tx) error { _, err := tx.Invoice(t.Context(), unknown); return err },
		"locked invoice":  func(tx *postgres.Tx) error { _, err := tx.LockInvoice(t.Context(), unknown); return err },
		"checkout":        func(tx *postgres.Tx) error { _, _, _, err := tx.Checkout(t.Context(), unknown); return err },
		"saved invoice":   func(tx *postgres.Tx) error { i := b.invoice; i.ID = unknown; return tx.SaveInvoice(t.Context(), i) },
		"payment":         func(tx *postgres.Tx) error { _, err := tx.Payment(t.Context(), unknown); return err },
		"locked payment":  func(tx *postgres.Tx) error { _, err := tx.LockPayment(t.Context(), unknown); return err },
		"saved payment":   func(tx *postgres.Tx) error { p := b.payment; p.ID = unknown; return tx.SavePayment(t.Context(), p) },
		"payment service": func(tx *postgres.Tx) error { _, err := tx.PaymentService(t.Context(), unknown); return err },
		"locked service":  func(tx *postgres.Tx) error { _, err := tx.LockPaymentService(t.Context(), unknown); return err },
		"saved service": func(tx *postgres.Tx) error {
			s := b.service
			s.ID = unknown
			return tx.SavePaymentService(t.Context(), s)
		},
		"journal entry": func(tx *postgres.Tx) error { _, err := tx.Entry(t.Context(), unknown); return err },
		"saved company": func(tx *postgres.Tx) error { c := b.company; c.ID = unknown; return tx.SaveCompany(t.Context(), c) },
	} {
		err := store.InCompany(t.Context(), b.company.ID, call)
		assert.Equal(t, problem.NotFound, problem.CodeOf(err), name)
		require.ErrorContains(t, err, unknown, name)
	}
}
