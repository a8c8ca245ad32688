package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/csvlist"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func newColumns(companyID string) csvlist.Saved {
	return csvlist.Saved{
		ID: id.New(id.Columns), CompanyID: companyID, Header: []string{"Date", "Order", "Gross", "Net"}, SavedAt: noon, SavedBy: "key_1",
		Mapping: csvlist.Mapping{
			Columns:  map[csvlist.Field]string{csvlist.PayoutDate: "Date", csvlist.OrderID: "Order", csvlist.Gross: "Gross", csvlist.Net: "Net"},
			Currency: money.CHF, Payouts: csvlist.ByDate,
		},
	}
}

func TestColumnsAreKeptOncePerHeader(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		c := newColumns(b.company.ID)
		filled(t, c)
		require.NoError(t, tx.SaveColumns(t.Context(), c))
		again := newColumns(b.company.ID)
		again.Payouts = csvlist.ByBrand
		require.NoError(t, tx.SaveColumns(t.Context(), again))
		c.Payouts = csvlist.ByBrand
		found, ok, err := tx.ColumnsOf(t.Context(), c.Header)
		require.NoError(t, err)
		assert.True(t, ok)
		same(t, c, found)
		_, ok, err = tx.ColumnsOf(t.Context(), []string{"Date", "Order", "Net", "Gross"})
		require.NoError(t, err)
		assert.False(t, ok, "in another order it is another header")
		all, err := tx.AllColumns(t.Context())
		require.NoError(t, err)
		same(t, []csvlist.Saved{c}, all)
		require.NoError(t, tx.DeleteColumns(t.Context(), c.ID))
		assert.Equal(t, problem.NotFound, problem.CodeOf(tx.DeleteColumns(t.Context(), c.ID)))
		return nil
	})
}
