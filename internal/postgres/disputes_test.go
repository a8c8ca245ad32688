package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement"
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

func TestADisputeStandsOnItsReceiptAccountUntilItsPayoutIsBooked(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	d := b.dispute("12.30")
	d.Reference, d.Fee = "CB-1", chf("25.00")
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		b.payment.BookedAccount, b.payment.Brand, b.payment.Card, b.payment.AuthorizationCode = ledger.SystemBank, "VISA", "492113xxxxxx2364", "689996"
		require.NoError(t, tx.SavePayment(t.Context(), b.payment))
		_, err := tx.Append(t.Context(), b.receipt())
		require.NoError(t, err)
		entry, err := tx.Append(t.Context(), ledger.Dispute(b.occasion(d.Amount, day), ledger.SystemBank, d.ID, "key_1"))
		require.NoError(t, err)
		won, err := tx.Append(t.Context(), ledger.DisputeWon(b.occasion(d.Amount, day), ledger.SystemBank, d.ID, "key_1"))
		require.NoError(t, err)
		d.State, d.DecidedOn, d.EntryID, d.DecisionEntryID = dispute.Won, day, entry.ID, won.ID
		require.NoError(t, tx.SaveDispute(t.Context(), d))

		opened := settlement.Position{
			Source: ledger.Source{Kind: ledger.FromDispute, ID: d.ID}, PaymentID: b.payment.ID, InvoiceID: b.invoice.ID, OrderID: b.payment.OrderID,
			Method: b.payment.Method, Brand: "VISA", Account: ledger.SystemBank, Amount: chf("-12.30"), Open: chf("-12.30"), Day: day,
			Card: "492113xxxxxx2364", Authorization: "689996", Case: "CB-1", Fee: chf("25.00"),
		}
		filled(t, opened)
		back := opened
		back.Source.ID, back.Amount, back.Open = d.ID+".won", chf("12.30"), chf("12.30")
		positions, err := tx.Positions(t.Context(), settlement.PositionSearch{})
		require.NoError(t, err)
		same(t, []settlement.Position{opened, back}, positions)

		p := b.payout("-12.30")
		p.State, p.EntryID = settlement.Booked, entry.ID
		p.Items = []settlement.Item{{Source: opened.Source, OrderID: opened.OrderID, Account: ledger.SystemBank, Gross: chf("-12.30")}}
		require.NoError(t, tx.SavePayout(t.Context(), p))
		positions, err = tx.Positions(t.Context(), settlement.PositionSearch{})
		require.NoError(t, err)
		same(t, []settlement.Position{back}, positions)
		positions, err = tx.Positions(t.Context(), settlement.PositionSearch{Orders: []string{b.payment.OrderID}})
		require.Len(t, positions, 3)
		assert.True(t, positions[1].Open.IsZero(), "it is found by its order, and nothing stands there")
		return err
	})
}
