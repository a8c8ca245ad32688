package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestAPaymentServiceIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	service := newPaymentService(company.ID)
	filled(t, service, "IsDefault")
	bare := merchant.NewPaymentService(merchant.PaymentService{ID: id.New(id.PaymentService), CompanyID: company.ID, Environment: merchant.Live}, noon)

	in(t, store, company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertPaymentService(t.Context(), service))
		require.NoError(t, tx.InsertPaymentService(t.Context(), service), "again changes nothing")
		require.NoError(t, tx.InsertPaymentService(t.Context(), bare))
		stored, err := tx.PaymentService(t.Context(), service.ID)
		require.NoError(t, err)
		same(t, service, stored)

		stored, err = tx.LockPaymentService(t.Context(), bare.ID)
		require.NoError(t, err)
		assert.Empty(t, stored.Methods)
		assert.True(t, stored.SubmittedAt.IsZero())
		changed := newPaymentService(company.ID)
		changed.ID, changed.Environment = bare.ID, bare.Environment
		require.NoError(t, tx.SavePaymentService(t.Context(), changed))
		all, err := tx.PaymentServices(t.Context())
		require.NoError(t, err)
		same(t, []merchant.PaymentService{service, changed}, all)
		return nil
	})
}

func TestAPaymentServiceMayBeInEveryStatus(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		for _, status := range merchant.ServiceStatuses {
			service := newPaymentService(company.ID)
			service.Status = status
			require.NoError(t, tx.InsertPaymentService(t.Context(), service), status)
		}
		return nil
	})
}

func TestThereIsOneDefaultPaymentService(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	first, second := newPaymentService(company.ID), newPaymentService(company.ID)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		_, found, err := tx.DefaultPaymentService(t.Context())
		require.NoError(t, err)
		assert.False(t, found)
		require.NoError(t, tx.InsertPaymentService(t.Context(), first))
		require.NoError(t, tx.InsertPaymentService(t.Context(), second))
		require.NoError(t, tx.MakeDefault(t.Context(), first.ID))
		require.NoError(t, tx.MakeDefault(t.Context(), second.ID))
		require.NoError(t, tx.MakeDefault(t.Context(), second.ID))
		chosen, found, err := tx.DefaultPaymentService(t.Context())
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, second.ID, chosen.ID)
		return nil
	})

	concurrently(t, 8, func(i int) error {
		chosen := []string{first.ID, second.ID}[i%2]
		return store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error { return tx.MakeDefault(t.Context(), chosen) })
	})
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		_, found, err := tx.DefaultPaymentService(t.Context())
		require.NoError(t, err)
		assert.True(t, found)
		return nil
	})
}

func TestASuspendedPaymentServiceStaysTheDefaultButCannotBecomeIt(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	service := newPaymentService(company.ID)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertPaymentService(t.Context(), service))
		require.NoError(t, tx.MakeDefault(t.Context(), service.ID))
		stored, err := tx.LockPaymentService(t.Context(), service.ID)
		require.NoError(t, err)
		require.NoError(t, stored.Become(merchant.Suspended, noon, "the password was changed"))
		require.NoError(t, tx.SavePaymentService(t.Context(), stored))
		standing, found, err := tx.DefaultPaymentService(t.Context())
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, service.ID, standing.ID)
		return nil
	})
	err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error { return tx.MakeDefault(t.Context(), service.ID) })
	assert.Equal(t, problem.PaymentServiceNotActive, problem.CodeOf(err))
	err = store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error { return tx.MakeDefault(t.Context(), id.New(id.PaymentService)) })
	assert.Equal(t, problem.NotFound, problem.CodeOf(err))
}

func TestAFailedChoiceOfADefaultLeavesTheFormerOne(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	service := newPaymentService(company.ID)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.InsertPaymentService(t.Context(), service))
		return tx.MakeDefault(t.Context(), service.ID)
	})
	err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error { return tx.MakeDefault(t.Context(), id.New(id.PaymentService)) })
	require.Error(t, err)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		_, found, err := tx.DefaultPaymentService(t.Context())
		assert.True(t, found)
		return err
	})
}
