package postgres_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestNumbersOfBeforeAreComparedAsNewOnesAre(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	company, other := createCompany(t, store), createCompany(t, store)
	var ids []string
	put := func(companyID, number string) {
		inv := newInvoice(companyID, number)
		inv.CreatedAt = noon.Add(time.Duration(len(ids)) * time.Second)
		ids = append(ids, inv.ID)
		in(t, store, companyID, func(tx *postgres.Tx) error { return tx.InsertInvoice(t.Context(), inv) })
	}
	for _, number := range []string{"R-1 ", "R-1", "\u00a0Fu\u0308-2\u3000", "Fü-2 ", "R 3", "R-4"} {
		put(company.ID, number)
	}
	put(other.ID, " R-1")

	migration, err := os.ReadFile("migrations/00046_invoice_numbers.sql")
	require.NoError(t, err)
	for range 2 {
		_, err = connect(t, db.OwnerURL).Exec(t.Context(), string(migration))
		require.NoError(t, err)
	}
	number := func(companyID, id string) (number string) {
		in(t, store, companyID, func(tx *postgres.Tx) error {
			inv, err := tx.Invoice(t.Context(), id)
			number = inv.Number
			return err
		})
		return number
	}
	for i, want := range []string{"R-1 ", "R-1", "Fü-2", "Fü-2 ", "R 3", "R-4"} {
		assert.Equal(t, want, number(company.ID, ids[i]))
	}
	assert.Equal(t, "R-1", number(other.ID, ids[6]))
	err = store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error {
		return tx.InsertInvoice(t.Context(), newInvoice(company.ID, "Fü-2"))
	})
	assert.Equal(t, problem.InvoiceNumberTaken, problem.CodeOf(err))
}
