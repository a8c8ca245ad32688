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

func TestADocumentIsKeptUntilItIsErased(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	b := createBooks(t, store)
	document, err := merchant.NewDocument(id.New(id.Document), b.service, "Pass.pdf", []byte("%PDF-1.7"), noon)
	require.NoError(t, err)
	document.SealedContent = []byte("sealed")
	filled(t, document, "ErasedAt")
	again := document
	again.ID = id.New(id.Document)

	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		for _, d := range []merchant.Document{document, document, again} {
			stored, err := tx.InsertDocument(t.Context(), d)
			require.NoError(t, err)
			same(t, document, stored)
		}
		document.Erase(noon)
		require.NoError(t, tx.EraseDocument(t.Context(), document))
		stored, err := tx.Document(t.Context(), document.ID)
		require.NoError(t, err)
		same(t, document, stored)
		assert.Empty(t, stored.SealedContent)
		repeated := again
		repeated.ID = document.ID
		stored, err = tx.InsertDocument(t.Context(), repeated)
		require.NoError(t, err)
		same(t, document, stored)
		stored, err = tx.InsertDocument(t.Context(), again)
		require.NoError(t, err)
		assert.Equal(t, again.ID, stored.ID, "what was sent may be sent again")
		_, err = tx.Document(t.Context(), id.New(id.Document))
		assert.Equal(t, problem.NotFound, problem.CodeOf(err))
		return nil
	})

	conn := connect(t, db.URL)
	require.Error(t, asCompany(t, conn, b.company.ID, "update documents set erased_at = now() where id = '"+again.ID+"'"), "erased means without content")
	require.Error(t, asCompany(t, conn, b.company.ID, "update documents set sealed_content = null where id = '"+again.ID+"'"))
}
