package app

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func newSettings(t *testing.T, db postgrestest.Database) config.Config {
	t.Helper()
	master, err := secrets.Generate()
	require.NoError(t, err)
	return config.Config{DatabaseURL: config.NewSecret(db.URL), MigrationDatabaseURL: config.NewSecret(db.OwnerURL), Secrets: config.Secrets{MasterKey: config.NewSecret(string(master))}}
}

func TestANewDatabaseGetsDataKeysOfItsOwn(t *testing.T) {
	t.Parallel()
	cfg := newSettings(t, postgrestest.NewDatabase(t))
	require.NoError(t, migrateDatabase(t.Context(), cfg, slog.New(slog.DiscardHandler)))
	store, keyring, err := openStoreAndKeys(t.Context(), cfg)
	require.NoError(t, err)
	defer store.Close()
	master, err := masterKey(cfg.Secrets)
	require.NoError(t, err)
	set, _ := master.Local()
	assert.NotEqual(t, set.Primary(), keyring.KeyID(), "the master key only wraps")

	wrapped, err := store.DataKeys(t.Context())
	require.NoError(t, err)
	require.NoError(t, migrateDatabase(t.Context(), cfg, slog.New(slog.DiscardHandler)))
	again, err := store.DataKeys(t.Context())
	require.NoError(t, err)
	assert.Equal(t, wrapped, again, "another migration leaves them alone")

	_, _, err = openStoreAndKeys(t.Context(), config.Config{DatabaseURL: cfg.DatabaseURL, Secrets: newSettings(t, postgrestest.Database{}).Secrets})
	require.ErrorContains(t, err, "QUITTANCE_MASTER_KEY: the master key doesn't open the data keys of this database")
}

// Before there were data keys the master key itself sealed.
func TestWhatTheMasterKeySealedStaysReadable(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	cfg := newSettings(t, db)
	open(t, postgrestest.OpenLocked(t, db)) // a company is there already
	before, err := secrets.New([]byte(cfg.Secrets.MasterKey.Reveal()))
	require.NoError(t, err)
	sealed, err := before.Seal([]byte("Demo-Password-1"), "cmp_1")
	require.NoError(t, err)

	require.NoError(t, migrateDatabase(t.Context(), cfg, slog.New(slog.DiscardHandler)))
	store, keyring, err := openStoreAndKeys(t.Context(), cfg)
	require.NoError(t, err)
	defer store.Close()
	opened, err := keyring.Open(sealed, "cmp_1")
	require.NoError(t, err)
	assert.Equal(t, "Demo-Password-1", string(opened))
	fresh, err := keyring.Seal([]byte("Demo-Password-1"), "cmp_1")
	require.NoError(t, err)
	_, err = before.Open(fresh, "cmp_1")
	require.NoError(t, err, "for processes of before that still run")
}

func TestAProcessWaitsForTheKeysThatMigrateMakes(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	cfg, store := newSettings(t, db), postgrestest.OpenLocked(t, db)
	master, err := masterKey(cfg.Secrets)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err = openKeys(ctx, store, master)
	require.Error(t, err)
	require.ErrorContains(t, err, "The database has no data keys yet: run `quittance migrate`.")

	opened := make(chan error, 1)
	go func() {
		_, err := openKeys(t.Context(), store, master)
		opened <- err
	}()
	require.NoError(t, createDataKeys(t.Context(), store, master))
	require.NoError(t, <-opened)
}
