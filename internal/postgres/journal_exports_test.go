package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger/export"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func newExport(companyID string) export.Export {
	return export.Export{ID: id.New(id.JournalExport), CompanyID: companyID, Format: export.Table, From: day, To: day, By: "key_1", TakenAt: noon}
}

func TestExportsTakenAtOnceAreNumberedWithoutGaps(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	concurrently(t, 8, func(int) error {
		return store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
			_, err := tx.InsertExport(t.Context(), newExport(b.company.ID))
			return err
		})
	})
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		all, next, err := tx.Exports(t.Context(), listing.Exports{})
		require.NoError(t, err)
		assert.Empty(t, next)
		var numbers []int
		for _, e := range all {
			numbers = append(numbers, e.Number)
		}
		assert.ElementsMatch(t, []int{1, 2, 3, 4, 5, 6, 7, 8}, numbers)
		return nil
	})
}

func TestAnExportKeepsWhatItWasTakenWith(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		e := newExport(b.company.ID)
		e.Format, e.DATEV = export.DATEV, export.Client{Consultant: 29098, Number: 55003, YearBegins: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), Currency: money.EUR}
		taken, err := tx.InsertExport(t.Context(), e)
		require.NoError(t, err)
		again, err := tx.InsertExport(t.Context(), e)
		require.NoError(t, err)
		same(t, taken, again)
		stored, err := tx.Export(t.Context(), e.ID)
		require.NoError(t, err)
		same(t, taken, stored)
		e.Number, e.Until = 1, taken.Until
		same(t, e, stored)
		return nil
	})
}
