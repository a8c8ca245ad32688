package api

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// defaultOverlap is how long a key that is rotated works beside the new one when nothing is said.
const defaultOverlap = 24 * time.Hour

// KeysTx is what the calls for API keys need of a transaction.
type KeysTx interface {
	SecurityTx
	APIKeys(ctx context.Context) ([]merchant.APIKey, error)
	LockAPIKey(ctx context.Context, keyID string) (merchant.APIKey, error)
	InsertAPIKey(ctx context.Context, k merchant.APIKey) error
	SaveAPIKey(ctx context.Context, k merchant.APIKey) error
	DeleteAPIKey(ctx context.Context, keyID string) error
}

// CreateAPIKey answers POST /companies/{company_id}/api-keys.
func (s *server) CreateAPIKey(ctx context.Context, r spec.CreateAPIKeyRequestObject) (spec.CreateAPIKeyResponseObject, error) {
	environment := merchant.Test
	if r.Body.Environment != nil {
		environment = merchant.Environment(*r.Body.Environment)
	}
	scopes := mapped(r.Body.Scopes, func(scope spec.Scope) string { return string(scope) })
	key, kept := merchant.NewAPIKey(id.New(id.APIKey), r.CompanyID, environment, scopes, s.now())
	if err := s.restrict(&kept, *r.Body); err != nil {
		return nil, err
	}
	err := inCompany(ctx, s.Store, r.CompanyID, func(tx KeysTx) error {
		keys, err := tx.APIKeys(ctx)
		if err != nil {
			return err
		}
		ended := func(k merchant.APIKey) bool { return k.Expired(s.now()) }
		if len(slices.DeleteFunc(keys, ended)) >= merchant.MaxAPIKeys {
			return problem.New(problem.LimitReached, "A company can have %d keys that work. Remove one that nobody uses.", merchant.MaxAPIKeys)
		}
		if err := tx.InsertAPIKey(ctx, kept); err != nil {
			return err
		}
		return tx.NoteSecurity(ctx, s.noticeOf(ctx, r.CompanyID, merchant.KeyCreated, kept.Label()))
	})
	return spec.CreateAPIKey201JSONResponse(newAPIKey(key, kept)), err
}

// restrict says until when the key works, and from where.
func (s *server) restrict(k *merchant.APIKey, body spec.NewAPIKey) (err error) {
	var past error
	if body.ExpiresAt != nil {
		if k.ExpiresAt = body.ExpiresAt.UTC(); k.Expired(s.now()) {
			past = problem.InvalidFields(problem.Field{Name: "expires_at", Message: "must be a time to come"})
		}
	}
	k.AllowedAddresses, err = merchant.ParseAllowedAddresses(deref(body.AllowedAddresses))
	return problem.Together(past, err)
}

// ListAPIKeys answers GET /companies/{company_id}/api-keys.
func (s *server) ListAPIKeys(ctx context.Context, r spec.ListAPIKeysRequestObject) (spec.ListAPIKeysResponseObject, error) {
	var answer spec.ListAPIKeys200JSONResponse
	err := inCompany(ctx, s.Store, r.CompanyID, func(tx KeysTx) error {
		keys, err := tx.APIKeys(ctx)
		answer.Data = mapped(keys, shownAPIKey)
		return err
	})
	return answer, err
}

// UpdateAPIKey answers PATCH /companies/{company_id}/api-keys/{key_id}.
func (s *server) UpdateAPIKey(ctx context.Context, r spec.UpdateAPIKeyRequestObject) (spec.UpdateAPIKeyResponseObject, error) {
	allowed, err := merchant.ParseAllowedAddresses(r.Body.AllowedAddresses)
	if err != nil {
		return nil, err
	}
	k, err := s.changeKey(ctx, r.CompanyID, r.KeyID, merchant.KeyChanged, func(tx KeysTx, k *merchant.APIKey) error {
		k.AllowedAddresses = allowed
		return tx.SaveAPIKey(ctx, *k)
	})
	return spec.UpdateAPIKey200JSONResponse(shownAPIKey(k)), err
}

// RotateAPIKey answers POST /companies/{company_id}/api-keys/{key_id}/rotate.
func (s *server) RotateAPIKey(ctx context.Context, r spec.RotateAPIKeyRequestObject) (spec.RotateAPIKeyResponseObject, error) {
	overlap := defaultOverlap
	if r.Body != nil && r.Body.OverlapHours != nil {
		overlap = time.Duration(*r.Body.OverlapHours) * time.Hour
	}
	var key string
	var next merchant.APIKey
	_, err := s.changeKey(ctx, r.CompanyID, r.KeyID, merchant.KeyRotated, func(tx KeysTx, k *merchant.APIKey) error {
		now := s.now()
		key, next = k.Next(id.New(id.APIKey), now)
		if err := k.End(now.Add(overlap), now); err != nil {
			return err
		}
		if err := tx.SaveAPIKey(ctx, *k); err != nil {
			return err
		}
		return tx.InsertAPIKey(ctx, next)
	})
	return spec.RotateAPIKey201JSONResponse(newAPIKey(key, next)), err
}

// DeleteAPIKey answers DELETE /companies/{company_id}/api-keys/{key_id}.
func (s *server) DeleteAPIKey(ctx context.Context, r spec.DeleteAPIKeyRequestObject) (spec.DeleteAPIKeyResponseObject, error) {
	_, err := s.changeKey(ctx, r.CompanyID, r.KeyID, merchant.KeyRevoked, func(tx KeysTx, k *merchant.APIKey) error { return tx.DeleteAPIKey(ctx, k.ID) })
	return spec.DeleteAPIKey204Response{}, err
}

// changeKey has fn change a key of the company, tells the company of it, and returns the key as it is then.
func (s *server) changeKey(ctx context.Context, companyID, keyID string, change merchant.SecurityChange, fn func(KeysTx, *merchant.APIKey) error) (k merchant.APIKey, err error) {
	err = inCompany(ctx, s.Store, companyID, func(tx KeysTx) error {
		if k, err = tx.LockAPIKey(ctx, keyID); err != nil {
			return err
		}
		if err := fn(tx, &k); err != nil {
			return err
		}
		return tx.NoteSecurity(ctx, s.noticeOf(ctx, companyID, change, k.Label()))
	})
	return k, err
}

func newAPIKey(key string, k merchant.APIKey) spec.NewlyMadeAPIKey {
	return spec.NewlyMadeAPIKey{
		ID: k.ID, Key: key, Scopes: shownScopes(k.Scopes), CreatedAt: k.CreatedAt, ExpiresAt: optional(k.ExpiresAt),
		AllowedAddresses: shownNetworks(k.AllowedAddresses),
	}
}

func shownAPIKey(k merchant.APIKey) spec.APIKey {
	return spec.APIKey{
		ID: k.ID, Prefix: k.Prefix, Scopes: shownScopes(k.Scopes), CreatedAt: k.CreatedAt,
		ExpiresAt: optional(k.ExpiresAt), LastUsedAt: optional(k.LastUsedAt),
		AllowedAddresses: shownNetworks(k.AllowedAddresses),
	}
}

func shownScopes(scopes []string) spec.Scopes {
	return mapped(scopes, func(scope string) spec.Scope { return spec.Scope(scope) })
}

func shownNetworks(networks []netip.Prefix) []string { return mapped(networks, netip.Prefix.String) }
