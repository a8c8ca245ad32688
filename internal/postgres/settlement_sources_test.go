package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func newSource(companyID string) source.Source {
	s := source.Source{
		CompanyID: companyID, Host: "sftp.acquirer.example", Port: 22, User: "merchant", Folder: "out", Pattern: "*.csv", HostKey: "SHA256:x",
		Auth: source.Password, SealedSecret: []byte("sealed"), Hour: 7, Enabled: true,
	}
	s.Begun(noon)
	return s
}

func newSourceFile(companyID, name string) source.File {
	return source.File{
		ID: id.New(id.SourceFile), CompanyID: companyID, Listed: source.Listed{Name: name, Size: 10, ModifiedAt: noon}, State: source.SetAside, Tries: 1,
		Reason: "It is broken.", At: noon,
	}
}

func TestACompanyHasOneSettlementSource(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		_, err := tx.SettlementSource(t.Context())
		assert.Equal(t, problem.NotFound, problem.CodeOf(err))
		s := newSource(b.company.ID)
		require.NoError(t, tx.SaveSettlementSource(t.Context(), s))
		s.Looked(noon, noon.Add(time.Second), &source.Failure{Field: "host", Reason: "refused the connection", Passing: true}, false, 1)
		require.NoError(t, tx.SaveSettlementSource(t.Context(), s))
		stored, err := tx.LockSettlementSource(t.Context())
		same(t, s, stored)
		require.NoError(t, err)
		require.NoError(t, tx.DeleteSettlementSource(t.Context()))
		assert.Equal(t, problem.NotFound, problem.CodeOf(tx.DeleteSettlementSource(t.Context())))
		return nil
	})
}

func TestSettlementSourcesAreDueByTheirTimeUnlessTheCompanyIsSuspended(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	due, later, off, suspended := createBooks(t, store), createBooks(t, store), createBooks(t, store), createBooks(t, store)
	for _, b := range []books{due, later, off, suspended} {
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			s := newSource(b.company.ID)
			switch b.company.ID {
			case later.company.ID:
				s.NextLookAt = noon.Add(time.Second)
			case off.company.ID:
				s.Enabled = false
				s.Begun(noon)
			case suspended.company.ID:
				b.company.Suspended = true
				require.NoError(t, tx.SaveCompany(t.Context(), b.company))
			}
			return tx.SaveSettlementSource(t.Context(), s)
		})
	}
	companies, err := store.DueSettlementSources(t.Context(), noon)
	require.NoError(t, err)
	assert.Equal(t, []string{due.company.ID}, companies)
}

func TestFilesOfASettlementSourceAreKnownByNameSizeAndTime(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	first, waiting := newSourceFile(b.company.ID, "a.csv"), newSourceFile(b.company.ID, "b.csv")
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.SaveSourceFile(t.Context(), first))
		waiting.State, waiting.At = source.Waiting, noon.Add(time.Second)
		require.NoError(t, tx.SaveSourceFile(t.Context(), waiting))
		found, err := tx.SourceFiles(t.Context(), []string{"a.csv", "c.csv"})
		require.NoError(t, err)
		assert.Len(t, found, 2, "what waits is always among them")
		recent, err := tx.RecentSourceFiles(t.Context(), 1)
		require.NoError(t, err)
		same(t, []source.File{waiting}, recent)
		s := b.settlement("file")
		require.NoError(t, tx.InsertSettlement(t.Context(), s))
		first.State, first.SettlementID, first.Reason = source.Imported, s.ID, ""
		require.NoError(t, tx.SaveSourceFile(t.Context(), first))
		stored, err := tx.LockSourceFile(t.Context(), first.ID)
		same(t, first, stored)
		return err
	})
	twin := newSourceFile(b.company.ID, "a.csv")
	require.Error(t, store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error { return tx.SaveSourceFile(t.Context(), twin) }))
}
