package postgres_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestAPasswordThatChangesIsTakenUpByTheNextConnection(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewBareDatabase(t)
	superuser := connect(t, db.SuperuserURL)
	role := "quittance_test_" + strings.ToLower(rand.Text())
	name := pgx.Identifier{role}.Sanitize()
	_, err := superuser.Exec(t.Context(), "create role "+name+" login password 'one'")
	require.NoError(t, err)
	as := func(password string) string {
		u, err := url.Parse(db.URL)
		require.NoError(t, err)
		u.User = url.UserPassword(role, password)
		u.RawQuery = "pool_max_conns=1"
		return u.String()
	}
	now := as("one")
	store, err := postgres.Open(t.Context(), now, postgres.At(func() string { return now }))
	require.NoError(t, err)
	t.Cleanup(func() {
		store.Close()
		_, err := superuser.Exec(context.WithoutCancel(t.Context()), "drop role "+name)
		assert.NoError(t, err)
	})
	require.NoError(t, store.Ping(t.Context()))

	_, err = superuser.Exec(t.Context(), "alter role "+name+" password 'two'")
	require.NoError(t, err)
	require.NoError(t, store.Ping(t.Context()), "a connection that is open goes on")
	_, err = superuser.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where usename = '"+role+"'")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return store.Ping(t.Context()) != nil }, 10*time.Second, 10*time.Millisecond)
	require.ErrorContains(t, store.Ping(t.Context()), "password authentication failed")
	now = as("two")
	require.NoError(t, store.Ping(t.Context()))
}
