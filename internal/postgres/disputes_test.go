package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestADisputeIsKeptWithAllThatItSays(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	plain, full := b.dispute("1.00"), b.dispute("2.00")
	full.Reference, full.RespondBy, full.Fee = "CB-1", day.AddDate(0, 0, 10), chf("25.00")
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		for _, d := range []dispute.Dispute{plain, full} {
			require.NoError(t, tx.SaveDispute(t.Context(), d))
			stored, err := tx.LockDispute(t.Context(), d.ID)
			require.NoError(t, err)
			same(t, d, stored)
		}
		_, err := full.Decide(dispute.Lost, dispute.AsLoss, day, "key_2", noon)
		require.NoError(t, err)
		full.DecisionEntryID = full.EntryID
		require.NoError(t, tx.SaveDispute(t.Context(), full))
		stored, err := tx.Dispute(t.Context(), full.ID)
		same(t, full, stored)
		require.NoError(t, err)
		of, err := tx.DisputesOf(t.Context(), b.payment.ID)
		assert.Len(t, of, 2)
		require.NoError(t, err)
		lost, _, err := tx.Disputes(t.Context(), listing.Disputes{State: dispute.Lost, InvoiceID: b.invoice.ID})
		require.Len(t, lost, 1)
		same(t, full, lost[0])
		require.NoError(t, err)
		_, _, err = tx.Disputes(t.Context(), listing.Disputes{Cursor: "nonsense"})
		assert.Equal(t, problem.Invalid, problem.CodeOf(err))
		return nil
	})
	twice := b.dispute("1.00")
	twice.Reference = "CB-1"
	require.Error(t, store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error { return tx.SaveDispute(t.Context(), twice) }), "a case is one dispute")
}
