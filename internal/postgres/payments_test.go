package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestAPaymentIsKeptAsItIsButForItsSecret(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	whole := newPayment(b.invoice)
	require.NoError(t, whole.Become(payment.Redirected, noon, "Payer sent to Saferpay"))
	whole.Token, whole.RedirectURL, whole.ExpiresAt = "token", "https://pay.example/1", noon.AddDate(0, 0, 1)
	whole.TransactionID, whole.CaptureID, whole.PaymentMeans, whole.LiabilityShift = "723n4MAjMdhjSAhAKEUdA8jtl9jb", "capture", "9010 xxxx xxxx 0001", true
	whole.Failure = payment.Failure{Name: "TRANSACTION_DECLINED", PayerMessage: "Card declined"}
	whole.BookedAccount, whole.Parked = ledger.SystemBank, true
	whole.Brand, whole.Card, whole.AuthorizationCode, whole.Language = "VISA", "901000xxxxxx0001", "012345", "it"
	whole.Mail = payment.Mail{State: payment.MailFailed, At: noon, Reason: "550 no such mailbox."}
	whole.Disputed = chf("8.00")
	filled(t, whole)

	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, insertPayment(t, tx, whole))
		require.NoError(t, insertPayment(t, tx, whole), "again changes nothing")
		want := whole
		want.NotificationSecret = ""
		stored, err := tx.Payment(t.Context(), whole.ID)
		require.NoError(t, err)
		same(t, want, stored)

		stored, err = tx.LockPayment(t.Context(), b.payment.ID)
		require.NoError(t, err)
		assert.True(t, stored.ExpiresAt.IsZero())
		want.ID, want.OrderID, want.TransactionID = stored.ID, stored.OrderID, "another"
		require.NoError(t, tx.SavePayment(t.Context(), want))
		stored, err = tx.Payment(t.Context(), want.ID)
		require.NoError(t, err)
		same(t, want, stored)
		return nil
	})
}

func TestOfANotificationsSecretOnlyTheHashIsKept(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	b := createBooks(t, postgrestest.Open(t, db))
	var hashed, inClear bool
	err := connect(t, db.SuperuserURL).QueryRow(t.Context(), `
		select exists (select from notifications where secret_hash = sha256($1::text::bytea)),
			exists (select from payments p where p::text like '%' || $1 || '%')`, b.payment.NotificationSecret).Scan(&hashed, &inClear)
	require.NoError(t, err)
	assert.True(t, hashed)
	assert.False(t, inClear)
}

func TestAPaymentMayBeInEveryState(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		for _, state := range payment.States {
			p := newPayment(b.invoice)
			p.State = state
			require.NoError(t, insertPayment(t, tx, p), state)
		}
		for _, method := range payment.Methods {
			p := newPayment(b.invoice)
			p.Method = method
			require.NoError(t, insertPayment(t, tx, p), method)
		}
		return nil
	})
}

func TestOneSaferpayTransactionPaysOnce(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	err := store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
		second := newPayment(b.invoice)
		second.OrderID = b.payment.OrderID
		return insertPayment(t, tx, second)
	})
	require.ErrorContains(t, err, "payments_order_id_key")
	err = store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
		first, second := newPayment(b.invoice), newPayment(b.invoice)
		first.TransactionID, second.TransactionID = "same", "same"
		require.NoError(t, insertPayment(t, tx, first))
		return insertPayment(t, tx, second)
	})
	require.ErrorContains(t, err, "one_payment_per_transaction")
}

func TestPaymentsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	other := newInvoice(b.company.ID, "2026-2", b.service.ID)
	second, third := newPayment(b.invoice), newPayment(other)
	third.State = payment.Failed
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertInvoice(t.Context(), other))
		require.NoError(t, insertPayment(t, tx, second))
		require.NoError(t, insertPayment(t, tx, third))
		for name, c := range map[string]struct {
			filter listing.Payments
			want   []string
		}{
			"all":           {listing.Payments{}, []string{third.ID, second.ID, b.payment.ID}},
			"of an invoice": {listing.Payments{InvoiceID: b.invoice.ID}, []string{second.ID, b.payment.ID}},
			"in a state":    {listing.Payments{State: payment.Failed}, []string{third.ID}},
			"after another": {listing.Payments{Cursor: second.ID}, []string{b.payment.ID}},
		} {
			payments, next, err := tx.Payments(t.Context(), c.filter)
			require.NoError(t, err)
			assert.Empty(t, next)
			var ids []string
			for _, p := range payments {
				ids = append(ids, p.ID)
			}
			assert.Equal(t, c.want, ids, name)
		}
		_, _, err := tx.Payments(t.Context(), listing.Payments{Cursor: id.New(id.Invoice)})
		assert.Equal(t, problem.Invalid, problem.CodeOf(err))

		of, err := tx.PaymentsOf(t.Context(), b.invoice.ID, other.ID, id.New(id.Invoice))
		require.NoError(t, err)
		ids := map[string][]string{}
		for invoiceID, payments := range of {
			for _, p := range payments {
				ids[invoiceID] = append(ids[invoiceID], p.ID)
			}
		}
		assert.Equal(t, map[string][]string{b.invoice.ID: {second.ID, b.payment.ID}, other.ID: {third.ID}}, ids)
		return nil
	})
}
