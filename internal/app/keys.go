package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/secrets"
)

// retryKeys is how often a process that starts looks for the data keys, which may be on their way from "quittance migrate".
const retryKeys = 250 * time.Millisecond

// masterKey returns the master key that the settings name.
func masterKey(cfg config.Secrets) (*secrets.Master, error) {
	var before []string
	if cfg.OldMasterKey.IsSet() {
		before = append(before, cfg.OldMasterKey.Reveal())
	}
	master, err := secrets.OpenMaster(cfg.MasterKey.Reveal(), before...)
	if err != nil {
		return nil, fmt.Errorf("QUITTANCE_MASTER_KEY: %w", err)
	}
	return master, nil
}

// openKeys returns the data keys of the database, and unlocks the store with them. It waits for the database, and for the keys, until ctx ends.
func openKeys(ctx context.Context, store *postgres.Store, master *secrets.Master) (*secrets.Keyring, error) {
	err := untilItWorks(ctx, func() error {
		_, err := store.DataKeys(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	keyring, err := secrets.Open(ctx, store, master)
	if err != nil {
		return nil, fmt.Errorf("QUITTANCE_MASTER_KEY: %w", err)
	}
	if err := untilItWorks(ctx, func() error { return store.SchemaCurrent(ctx) }); err != nil {
		return nil, err
	}
	return keyring, store.Unlock(ctx, keyring)
}

// untilItWorks calls do again and again until it returns nil, or ctx ends.
func untilItWorks(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(retryKeys):
		}
	}
}

// openStoreAndKeys is for what needs nothing else.
func openStoreAndKeys(ctx context.Context, cfg config.Config) (*postgres.Store, *secrets.Keyring, error) {
	ctx, cancel := context.WithTimeout(ctx, startup)
	defer cancel()
	master, err := masterKey(cfg.Secrets)
	if err != nil {
		return nil, nil, err
	}
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), postgres.At(cfg.DatabaseURL.Reveal))
	if err != nil {
		return nil, nil, fmt.Errorf("QUITTANCE_DATABASE_URL: %w", err)
	}
	keyring, err := openKeys(ctx, store, master)
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	return store, keyring, nil
}

// createDataKeys gives a database its data keys, unless it has them. Before there were any the master key itself sealed:
// a database of that time goes on with it, until the keys are rotated.
func createDataKeys(ctx context.Context, store *postgres.Store, master *secrets.Master) error {
	companies, err := store.Companies(ctx)
	if err != nil {
		return err
	}
	set, isLocal := master.Local()
	if !isLocal || len(companies) == 0 {
		if set, err = secrets.NewKeySet(); err != nil {
			return err
		}
	}
	wrapped, err := master.Wrap(set)
	if err != nil {
		return err
	}
	return store.CreateDataKeys(ctx, wrapped, now())
}
