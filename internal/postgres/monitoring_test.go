package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/postgres/postgrestest"
)

func TestOperatorsSeeHowMuchIsUnderWayInAllCompanies(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	before, err := store.Monitor(t.Context())
	require.NoError(t, err)
	assert.Equal(t, postgres.Monitored{Payments: map[payment.State]int{}, Exceptions: map[exception.Kind]int{}}, before)

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
