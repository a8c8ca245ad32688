package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/oversight"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestOperatorsSeeHowMuchIsUnderWayInAllCompanies(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	before, err := store.Monitor(t.Context())
	require.NoError(t, err)
	assert.Equal(t, oversight.Monitored{
		Payments: map[payment.State]int{}, Authorized: map[money.Currency]money.Amount{}, Exceptions: map[exception.Kind]int{},
		Unsettled: map[money.Currency]oversight.Unsettled{}, PaymentServices: map[merchant.ServiceStatus]int{},
	}, before)

	for range 2 {
		b := createBooks(t, store)
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			p, err := tx.LockPayment(t.Context(), b.payment.ID)
			require.NoError(t, err)
			for _, state := range []payment.State{payment.Redirected, payment.Authorized} {
				if p.State.CanBecome(state) {
					require.NoError(t, p.Become(state, noon, ""))
				}
			}
			require.NoError(t, tx.SavePayment(t.Context(), p))
			_, _, err = tx.RaiseException(t.Context(), b.exception(exception.CaptureUnclear))
			return err
		})
	}
	now, err := store.Monitor(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[payment.State]int{payment.Authorized: 2}, now.Payments)
	assert.Equal(t, map[exception.Kind]int{exception.CaptureUnclear: 2}, now.Exceptions)
	assert.InDelta(t, time.Since(noon).Hours(), now.OldestAuthorized.Hours(), 1)
	assert.InDelta(t, time.Since(noon).Hours(), now.OldestException.Hours(), 1)
}

func TestOperatorsSeeWhatNoPayoutHasComeFor(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	settling, importing := createBooks(t, store), createBooks(t, store)
	for i, b := range []books{settling, importing, createBooks(t, store)} { // the third one never imports a payout
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			on := calendar.Day(time.Now().AddDate(0, 0, -i-3))
			_, err := tx.Append(t.Context(), ledger.Receipt(b.occasion(b.payment.Amount, on), ledger.SystemBank, ledger.Receivables))
			require.NoError(t, err)
			_, err = tx.Append(t.Context(), ledger.Refund(b.occasion(chf("8.00"), on), ledger.SystemBank, ledger.Receivables, id.New(id.Refund)))
			return err
		})
	}
	book := func(b books, items ...settlement.Item) {
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			entry, err := tx.Append(t.Context(), sale(b.company.ID, fmt.Sprint("payout", len(items))))
			require.NoError(t, err)
			p := b.payout("105.70")
			p.State, p.EntryID, p.Items = settlement.Booked, entry.ID, items
			return tx.SavePayout(t.Context(), p)
		})
	}
	unsettled := func() map[money.Currency]oversight.Unsettled {
		now, err := store.Monitor(t.Context())
		require.NoError(t, err)
		return now.Unsettled
	}
	assert.Empty(t, unsettled(), "nobody imports payouts yet")
	book(settling)
	book(importing)
	all := unsettled()
	require.Len(t, all, 1)
	francs := all[money.CHF]
	assert.Equal(t, []any{"CHF 200.00", 4}, []any{francs.Amount.String(), francs.Entries})
	assert.InDelta(t, 4*24, francs.Oldest.Hours(), 24)
	book(settling, settling.item())
	assert.Equal(t, "CHF 92.00", unsettled()[money.CHF].Amount.String(), "the refund waits for its payout")
}
