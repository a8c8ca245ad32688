package app

import (
	"context"
	"fmt"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/secrets"
)

// signer signs with the key that the database keeps, sealed. The first time that somebody wants a
// signature, or the public key, it makes one.
type signer struct {
	store   *postgres.Store
	keyring *secrets.Keyring
}

// Sign returns the signature of the statement.
func (s signer) Sign(ctx context.Context, statement []byte) (api.Signature, error) {
	key, err := s.key(ctx)
	if err != nil {
		return api.Signature{}, err
	}
	return api.Signature{KeyID: key.ID, PublicPEM: key.PublicPEM, Value: key.Sign(statement)}, nil
}

func (s signer) key(ctx context.Context) (*secrets.SigningKey, error) {
	id, sealed, err := s.store.SigningKey(ctx)
	if problem.CodeOf(err) == problem.NotFound {
		if err := s.make(ctx); err != nil {
			return nil, err
		}
		id, sealed, err = s.store.SigningKey(ctx) // somebody else may have been faster
	}
	if err != nil {
		return nil, err
	}
	key, err := s.keyring.OpenSigningKey(id, sealed)
	if err != nil {
		return nil, fmt.Errorf("open the signing key (when its data key is lost, \"quittance admin signing-key --renew\" makes another): %w", err)
	}
	return key, nil
}

func (s signer) make(ctx context.Context) error {
	key, sealed, err := s.keyring.NewSigningKey()
	if err != nil {
		return err
	}
	return s.store.KeepSigningKey(ctx, key.ID, key.PublicPEM, sealed, now())
}

// PublicSigningKey returns the public half, in PEM, of the key that signs the heads of journals. With renew it is one that
// signs from now on: heads that were signed before are still checked with the key of their time.
func PublicSigningKey(ctx context.Context, cfg config.Config, renew bool) (publicPEM string, err error) {
	store, keyring, err := openStoreAndKeys(ctx, cfg)
	if err != nil {
		return "", err
	}
	defer store.Close()
	if renew {
		if err := store.RetireSigningKey(ctx, now()); err != nil {
			return "", err
		}
	}
	key, err := signer{store, keyring}.key(ctx)
	if err != nil {
		return "", err
	}
	return key.PublicPEM, nil
}
