package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/session"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func newProvider(companyID string) session.Provider {
	return session.Provider{
		CompanyID: companyID, Issuer: "https://login.example.ch", ClientID: "quittance", SealedSecret: []byte("sealed"), RoleClaim: "groups",
		Roles: map[string]session.Role{"accounting": session.Bookkeeper}, DefaultRole: session.Viewer, UpdatedAt: noon,
	}
}

func TestACompanyHasOneSignInProvider(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	p := newProvider(b.company.ID)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.SaveSignInProvider(t.Context(), p))
		stored, err := tx.SignInProvider(t.Context())
		same(t, p, stored)
		require.NoError(t, err)
		p.ClientID, p.SealedSecret, p.DefaultRole = "another", nil, ""
		require.NoError(t, tx.SaveSignInProvider(t.Context(), p))
		stored, err = tx.SignInProvider(t.Context())
		same(t, p, stored)
		require.NoError(t, err)
		require.NoError(t, tx.DeleteSignInProvider(t.Context()))
		_, err = tx.SignInProvider(t.Context())
		assert.Equal(t, problem.NotFound, problem.CodeOf(err))
		assert.Equal(t, problem.NotFound, problem.CodeOf(tx.DeleteSignInProvider(t.Context())))
		return nil
	})
}
