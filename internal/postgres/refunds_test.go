package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestARefundIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	whole := b.refund("12.30")
	whole.TransactionID, whole.BookedAccount = "8f3n4MAjMdhjSAhAKEUdA8jtl9jb", ledger.SystemBank
	whole.Failure = payment.Failure{Name: "REFUND_DECLINED", PayerMessage: "Refund declined"}
	whole.Mail = payment.Mail{State: payment.MailFailed, At: noon, Reason: "550 no such mailbox."}
	filled(t, whole, "Attempt") // there is none before it is sent
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertRefund(t.Context(), whole))
		require.NoError(t, tx.InsertRefund(t.Context(), whole), "again changes nothing")
		stored, err := tx.Refund(t.Context(), whole.ID)
		require.NoError(t, err)
		same(t, whole, stored)

		bare := b.refund("1.00")
		require.NoError(t, tx.InsertRefund(t.Context(), bare))
		changed, err := tx.LockRefund(t.Context(), bare.ID)
		require.NoError(t, err)
		same(t, bare, changed)
		require.NoError(t, changed.Become(refund.Authorized, noon, "Accepted"))
		changed.OrderID, changed.TransactionID, changed.BookedAccount, changed.Failure = "QOTHER", "another", ledger.Bank, whole.Failure
		changed.Attempt = "run/7"
		changed.Mail = whole.Mail
		require.NoError(t, tx.SaveRefund(t.Context(), changed))
		stored, err = tx.Refund(t.Context(), bare.ID)
		require.NoError(t, err)
		same(t, changed, stored)
		return nil
	})
}

func TestARefundMayBeInEveryState(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		for _, state := range refund.States {
			r := b.refund("1.00")
			r.State = state
			require.NoError(t, tx.InsertRefund(t.Context(), r), state)
		}
		return nil
	})
}

func TestRefundsOfAPaymentAreListed(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	other := newPayment(b.invoice)
	first, second, elsewhere := b.refund("1.00"), b.refund("2.00"), b.refund("3.00")
	elsewhere.PaymentID, second.State = other.ID, refund.Failed
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, insertPayment(t, tx, other))
		for _, r := range []refund.Refund{first, second, elsewhere} {
			require.NoError(t, tx.InsertRefund(t.Context(), r))
		}
		refunds, err := tx.RefundsOf(t.Context(), b.payment.ID)
		require.NoError(t, err)
		same(t, []refund.Refund{first, second}, refunds)
		for name, c := range map[string]struct {
			filter listing.Refunds
			want   []refund.Refund
		}{
			"all":           {listing.Refunds{}, []refund.Refund{elsewhere, second, first}},
			"of a payment":  {listing.Refunds{PaymentID: b.payment.ID}, []refund.Refund{second, first}},
			"in a state":    {listing.Refunds{State: refund.Failed}, []refund.Refund{second}},
			"after another": {listing.Refunds{Cursor: elsewhere.ID}, []refund.Refund{second, first}},
		} {
			refunds, next, err := tx.Refunds(t.Context(), c.filter)
			require.NoError(t, err, name)
			assert.Empty(t, next)
			same(t, c.want, refunds)
		}
		_, next, err := tx.Refunds(t.Context(), listing.Refunds{Limit: 1})
		assert.Equal(t, elsewhere.ID, next)
		return err
	})
}

func TestARefundThatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		missing := b.refund("1.00")
		_, err := tx.Refund(t.Context(), missing.ID)
		assert.Equal(t, problem.NotFound, problem.CodeOf(err))
		_, err = tx.LockRefund(t.Context(), missing.ID)
		assert.Equal(t, problem.NotFound, problem.CodeOf(err))
		assert.Equal(t, problem.NotFound, problem.CodeOf(tx.SaveRefund(t.Context(), missing)))
		return nil
	})
}
