package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestAnExceptionIsKeptWithItsDecision(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	e := b.exception(exception.OrphanTransaction)
	e.Finding = []byte(`{"company_id": "cmp_1"}`)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		raised, isNew, err := tx.RaiseException(t.Context(), e)
		require.NoError(t, err)
		assert.True(t, isNew)
		same(t, e, raised)

		locked, err := tx.LockException(t.Context(), e.ID)
		require.NoError(t, err)
		assert.True(t, locked.Open())
		open, err := tx.OpenFindings(t.Context())
		require.NoError(t, err)
		require.Len(t, open, 1)
		same(t, e, open[0])
		require.NoError(t, locked.Resolve(exception.DidNotHappen, "Nothing in the Backoffice", "key_1", noon.Add(time.Hour)))
		filled(t, locked, "About")
		require.NoError(t, tx.SaveException(t.Context(), locked))
		stored, err := tx.Exception(t.Context(), e.ID)
		require.NoError(t, err)
		same(t, locked, stored)
		open, err = tx.OpenFindings(t.Context())
		assert.Empty(t, open)
		return err
	})
}

func TestTheSameThingIsOneExceptionWhileItIsOpen(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	first, again, later := b.exception(exception.CaptureUnclear), b.exception(exception.CaptureUnclear), b.exception(exception.CaptureUnclear)
	otherKind, otherSubject := b.exception(exception.DoublePayment), b.exception(exception.CaptureUnclear)
	otherSubject.Subject = id.New(id.Payment)
	raise := func(e, want exception.Exception) {
		t.Helper()
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			raised, isNew, err := tx.RaiseException(t.Context(), e)
			assert.Equal(t, want.ID, raised.ID)
			assert.Equal(t, e.ID == want.ID, isNew)
			return err
		})
	}
	raise(first, first)
	raise(again, first)
	raise(otherKind, otherKind)
	raise(otherSubject, otherSubject)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, first.Resolve(exception.TryAgain, "", "key_1", noon))
		return tx.SaveException(t.Context(), first)
	})
	raise(later, later)
}

func TestExceptionsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	open, resolved, elsewhere := b.exception(exception.CaptureUnclear), b.exception(exception.DoublePayment), b.exception(exception.DoublePayment)
	elsewhere.Subject = id.New(id.Payment)
	isOpen, isResolved := true, false
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		for _, e := range []exception.Exception{open, resolved, elsewhere} {
			_, _, err := tx.RaiseException(t.Context(), e)
			require.NoError(t, err)
		}
		require.NoError(t, resolved.Resolve(exception.TryAgain, "", "key_1", noon))
		require.NoError(t, tx.SaveException(t.Context(), resolved))
		open.About = exception.About{InvoiceNumber: b.invoice.Number, Amount: b.payment.Amount}
		resolved.About = open.About
		for name, c := range map[string]struct {
			filter listing.Exceptions
			want   []exception.Exception
		}{
			"all":           {listing.Exceptions{}, []exception.Exception{elsewhere, resolved, open}},
			"open":          {listing.Exceptions{Open: &isOpen}, []exception.Exception{elsewhere, open}},
			"resolved":      {listing.Exceptions{Open: &isResolved}, []exception.Exception{resolved}},
			"of a kind":     {listing.Exceptions{Kind: exception.DoublePayment}, []exception.Exception{elsewhere, resolved}},
			"about a thing": {listing.Exceptions{Subject: b.payment.ID}, []exception.Exception{resolved, open}},
			"after another": {listing.Exceptions{Cursor: elsewhere.ID}, []exception.Exception{resolved, open}},
			"open of a kind about a thing": {
				listing.Exceptions{Open: &isOpen, Kind: exception.DoublePayment, Subject: b.payment.ID}, nil,
			},
		} {
			exceptions, next, err := tx.Exceptions(t.Context(), c.filter)
			require.NoError(t, err, name)
			assert.Empty(t, next)
			require.Len(t, exceptions, len(c.want), name)
			for i, want := range c.want {
				same(t, want, exceptions[i])
			}
		}
		first, next, err := tx.Exceptions(t.Context(), listing.Exceptions{Limit: 1})
		require.NoError(t, err)
		assert.Len(t, first, 1)
		assert.Equal(t, elsewhere.ID, next)
		_, _, err = tx.Exceptions(t.Context(), listing.Exceptions{Cursor: b.payment.ID})
		assert.Equal(t, problem.Invalid, problem.CodeOf(err))
		return nil
	})
}

func TestAnExceptionThatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		missing := b.exception(exception.CaptureUnclear)
		_, err := tx.Exception(t.Context(), missing.ID)
		assert.Equal(t, problem.NotFound, problem.CodeOf(err))
		_, err = tx.LockException(t.Context(), missing.ID)
		assert.Equal(t, problem.NotFound, problem.CodeOf(err))
		assert.Equal(t, problem.NotFound, problem.CodeOf(tx.SaveException(t.Context(), missing)))
		return nil
	})
}

func TestAnExceptionOffersChoicesAndIsOpenUntilOneIsMade(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	withoutChoices, halfResolved := b.exception(exception.CaptureUnclear), b.exception(exception.CaptureUnclear)
	withoutChoices.Choices = []exception.Choice{}
	halfResolved.ResolvedAt = noon
	for name, call := range map[string]func(*postgres.Tx) error{
		"without choices": func(tx *postgres.Tx) error {
			_, _, err := tx.RaiseException(t.Context(), withoutChoices)
			return err
		},
		"resolved without a choice": func(tx *postgres.Tx) error {
			_, _, err := tx.RaiseException(t.Context(), halfResolved)
			require.NoError(t, err)
			return tx.SaveException(t.Context(), halfResolved)
		},
	} {
		require.Error(t, store.InCompany(t.Context(), b.company.ID, call), name)
	}
}
