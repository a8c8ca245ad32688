package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestAnAccountCanBeAddedRenamedAndDeletedWhileNothingPointsAtIt(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	own := ledger.Account{Number: "1024", Names: map[string]string{"de": "UBS", "fr": "UBS", "it": "UBS", "en": "UBS"}}
	in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.InsertAccount(t.Context(), own) })
	refused := func(code problem.Code, why string, fn func(tx *postgres.Tx) error) {
		t.Helper()
		err := store.InCompany(t.Context(), b.company.ID, fn)
		assert.Equal(t, code, problem.CodeOf(err), "%v", err)
		assert.ErrorContains(t, err, why)
	}
	refused(problem.AccountNumberTaken, "already an account 1024", func(tx *postgres.Tx) error { return tx.InsertAccount(t.Context(), own) })
	refused(problem.NotFound, "account 1028", func(tx *postgres.Tx) error { return tx.SaveAccount(t.Context(), ledger.Account{Number: "1028"}) })
	refused(problem.NotFound, "account 1028", func(tx *postgres.Tx) error { return tx.DeleteAccount(t.Context(), "1028") })
	refused(problem.AccountInUse, "chosen in the settings", func(tx *postgres.Tx) error { return tx.DeleteAccount(t.Context(), "6940") })

	own.Names["fr"] = "UBS compte courant"
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.SaveAccount(t.Context(), own))
		accounts, err := tx.Accounts(t.Context())
		assert.Contains(t, accounts, own)
		require.NoError(t, err)
		b.payment.BookedAccount = own.Number
		return tx.SavePayment(t.Context(), b.payment)
	})
	refused(problem.AccountInUse, "stands on a payment", func(tx *postgres.Tx) error { return tx.DeleteAccount(t.Context(), "1024") })
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		b.payment.BookedAccount = ""
		require.NoError(t, tx.SavePayment(t.Context(), b.payment))
		return tx.DeleteAccount(t.Context(), "1024")
	})

	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertAccount(t.Context(), own))
		e := sale(b.company.ID, "1")
		e.Lines[0].Account = own.Number
		_, err := tx.Append(t.Context(), e)
		return err
	})
	refused(problem.AccountInUse, "has entries", func(tx *postgres.Tx) error { return tx.DeleteAccount(t.Context(), "1024") })
}
