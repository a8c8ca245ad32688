package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestWhatSaferpayReportsIsFoundByOrderOrTransaction(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	given := b.refund("1.00")
	given.TransactionID = "T2"
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertRefund(t.Context(), given))
		p := b.payment
		p.TransactionID, p.NotificationSecret = "T1", ""
		require.NoError(t, tx.SavePayment(t.Context(), p))
		for _, by := range [][2][]string{{{p.OrderID}, nil}, {nil, {"T1"}}, {{p.OrderID, given.OrderID}, {"T1", "T2", ""}}} {
			payments, err := tx.PaymentsAtSaferpay(t.Context(), by[0], by[1])
			require.NoError(t, err)
			require.Len(t, payments, 1, "%v", by)
			same(t, p, payments[0])
		}
		for _, by := range [][2][]string{{{given.OrderID}, nil}, {nil, {"T2"}}} {
			refunds, err := tx.RefundsAtSaferpay(t.Context(), by[0], by[1])
			require.NoError(t, err)
			require.Len(t, refunds, 1, "%v", by)
			same(t, given, refunds[0])
		}
		payments, err := tx.PaymentsAtSaferpay(t.Context(), []string{given.OrderID, ""}, []string{"T2", ""})
		require.NoError(t, err)
		assert.Empty(t, payments)
		return nil
	})
}

func TestARefundWithoutTransactionIsByHand(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	waiting, through, failed := b.refund("1.00"), b.refund("2.00"), b.refund("3.00")
	through.TransactionID, failed.State = "T2", refund.Failed
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		for _, r := range []refund.Refund{waiting, through, failed} {
			require.NoError(t, tx.InsertRefund(t.Context(), r))
		}
		byHand, err := tx.RefundsByHand(t.Context(), b.service.ID)
		require.NoError(t, err)
		require.Len(t, byHand, 1)
		same(t, waiting, byHand[0])
		byHand, err = tx.RefundsByHand(t.Context(), id.New(id.PaymentService))
		assert.Empty(t, byHand, "of another payment service")
		return err
	})
}

func TestAPaymentIsFoundByWhatIsLeftOfIt(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		left := func(francs string) int {
			payments, err := tx.PaymentsWithLeft(t.Context(), b.service.ID, chf(francs))
			require.NoError(t, err)
			return len(payments)
		}
		assert.Zero(t, left("108.00"), "it is not captured")
		p := b.payment
		p.State = payment.Captured
		require.NoError(t, tx.SavePayment(t.Context(), p))
		assert.Equal(t, 1, left("108.00"))
		failed := b.refund("50.00")
		failed.State = refund.Failed
		require.NoError(t, tx.InsertRefund(t.Context(), failed))
		require.NoError(t, tx.InsertRefund(t.Context(), b.refund("8.00")))
		assert.Equal(t, []int{0, 1}, []int{left("108.00"), left("100.00")})
		return nil
	})
}

func TestAnotherCompanysOrdersAreKnownAndNothingElseOfIt(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	ours, theirs := createBooks(t, store), createBooks(t, store)
	given, renamed := theirs.refund("1.00"), theirs.refund("2.00")
	first := renamed.OrderID
	in(t, store, theirs.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertRefund(t.Context(), given))
		require.NoError(t, tx.InsertRefund(t.Context(), renamed))
		given.TransactionID = "T2"
		require.NoError(t, tx.SaveRefund(t.Context(), given))
		renamed.OrderID = id.NewOrder()
		return tx.SaveRefund(t.Context(), renamed)
	})
	in(t, store, ours.company.ID, func(tx *postgres.Tx) error {
		known, err := tx.KnownElsewhere(t.Context(), []string{
			ours.payment.OrderID, theirs.payment.OrderID, given.OrderID, "T2", first, renamed.OrderID, "SHOP1", "",
		})
		assert.Equal(t, map[string]bool{theirs.payment.OrderID: true, given.OrderID: true, "T2": true, first: true, renamed.OrderID: true}, known)
		return err
	})
	var readable int
	err := connect(t, db.URL).QueryRow(t.Context(),
		`select count(*) from saferpay_references r where to_jsonb(r)::text like any($1)`, []string{"%" + given.OrderID + "%", "%" + theirs.payment.OrderID + "%"}).Scan(&readable)
	require.NoError(t, err)
	assert.Zero(t, readable, "an order id stands there only as a hash")
}

func TestWhatWasBookedOfATransactionIsKnown(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		for transaction, francs := range map[string]string{"T1": "50.00", "T2": "-8.00"} {
			_, err := tx.Append(t.Context(), ledger.Found(ledger.Occasion{CompanyID: b.company.ID, Language: "fr", Amount: chf(francs), Day: day}, "1029", transaction, ""))
			require.NoError(t, err)
		}
		booked, err := tx.BookedAsFound(t.Context(), []string{"T1", "T2", "T3"})
		require.NoError(t, err)
		assert.Equal(t, []string{"CHF 50.00", "CHF -8.00"}, []string{booked["T1"].String(), booked["T2"].String()})
		assert.Len(t, booked, 2)
		return nil
	})
}

func TestAFindingIsRaisedOnceEvenAfterItsDecision(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	for _, kind := range exception.Findings {
		first, again := b.exception(kind), b.exception(kind)
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			_, isNew, err := tx.RaiseException(t.Context(), first)
			require.NoError(t, err)
			assert.True(t, isNew)
			require.NoError(t, first.Resolve(exception.TryAgain, "", "key_1", noon))
			require.NoError(t, tx.SaveException(t.Context(), first))
			standing, isNew, err := tx.RaiseException(t.Context(), again)
			require.NoError(t, err)
			assert.False(t, isNew)
			same(t, first, standing)
			return nil
		})
	}
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		about, err := tx.ExceptionsAbout(t.Context(), []string{b.payment.ID, "nothing"})
		assert.Len(t, about, len(exception.Findings))
		return err
	})
}
