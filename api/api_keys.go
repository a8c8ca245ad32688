package api

import (
	"context"
	"slices"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// defaultOverlap is how long a key that is rotated works beside the new one when nothing is said.
const defaultOverlap = 24 * time.Hour

// CreateAPIKey answers POST /companies/{company_id}/api-keys.
func (s *server) CreateAPIKey(ctx context.Context, r spec.CreateAPIKeyRequestObject) (spec.CreateAPIKeyResponseObject, error) {
	environment := merchant.Test
	if r.Body.Environment != nil {
		environment = merchant.Environment(*r.Body.Environment)
	}
	scopes := mapped(r.Body.Scopes, func(scope spec.Scope) string { return string(scope) })
	key, kept := merchant.NewAPIKey(id.New(id.APIKey), r.CompanyID, environment, scopes, s.now())
	if r.Body.ExpiresAt != nil {
		if kept.ExpiresAt = r.Body.ExpiresAt.UTC(); kept.Expired(s.now()) {
			return nil, problem.InvalidFields(problem.Field{Name: "expires_at", Message: "must be a time to come"})
		}
	}
	keys, err := s.Store.APIKeys(ctx, r.CompanyID)
	if err != nil {
		return nil, err
	}
	ended := func(k merchant.APIKey) bool { return k.Expired(s.now()) }
	if len(slices.DeleteFunc(keys, ended)) >= merchant.MaxAPIKeys {
		return nil, problem.New(problem.LimitReached, "A company can have %d keys that work. Remove one that nobody uses.", merchant.MaxAPIKeys)
	}
	if err := s.Store.CreateAPIKey(ctx, kept); err != nil {
		return nil, err
	}
	return spec.CreateAPIKey201JSONResponse(newAPIKey(key, kept)), nil
}

// ListAPIKeys answers GET /companies/{company_id}/api-keys.
func (s *server) ListAPIKeys(ctx context.Context, r spec.ListAPIKeysRequestObject) (spec.ListAPIKeysResponseObject, error) {
	keys, err := s.Store.APIKeys(ctx, r.CompanyID)
	return spec.ListAPIKeys200JSONResponse{Data: mapped(keys, shownAPIKey)}, err
}

// RotateAPIKey answers POST /companies/{company_id}/api-keys/{key_id}/rotate.
func (s *server) RotateAPIKey(ctx context.Context, r spec.RotateAPIKeyRequestObject) (spec.RotateAPIKeyResponseObject, error) {
	overlap := defaultOverlap
	if r.Body != nil && r.Body.OverlapHours != nil {
		overlap = time.Duration(*r.Body.OverlapHours) * time.Hour
	}
	old, err := s.apiKey(ctx, r.CompanyID, r.KeyID)
	if err != nil {
		return nil, err
	}
	now := s.now()
	key, kept := merchant.NewAPIKey(id.New(id.APIKey), r.CompanyID, old.Environment(), old.Scopes, now)
	err = s.Store.ReplaceAPIKey(ctx, r.KeyID, kept, func(k *merchant.APIKey) error { return k.End(now.Add(overlap), now) })
	if err != nil {
		return nil, err
	}
	return spec.RotateAPIKey201JSONResponse(newAPIKey(key, kept)), nil
}

func (s *server) apiKey(ctx context.Context, companyID, keyID string) (merchant.APIKey, error) {
	keys, err := s.Store.APIKeys(ctx, companyID)
	for _, k := range keys {
		if k.ID == keyID {
			return k, err
		}
	}
	if err == nil {
		err = problem.New(problem.NotFound, "There is no API key %s.", keyID)
	}
	return merchant.APIKey{}, err
}

// DeleteAPIKey answers DELETE /companies/{company_id}/api-keys/{key_id}.
func (s *server) DeleteAPIKey(ctx context.Context, r spec.DeleteAPIKeyRequestObject) (spec.DeleteAPIKeyResponseObject, error) {
	if err := s.Store.DeleteAPIKey(ctx, r.CompanyID, r.KeyID); err != nil {
		return nil, err
	}
	return spec.DeleteAPIKey204Response{}, nil
}

func newAPIKey(key string, k merchant.APIKey) spec.NewlyMadeAPIKey {
	return spec.NewlyMadeAPIKey{
		ID: k.ID, Key: key, Scopes: shownScopes(k.Scopes), CreatedAt: k.CreatedAt, ExpiresAt: optional(k.ExpiresAt),
	}
}

func shownAPIKey(k merchant.APIKey) spec.APIKey {
	return spec.APIKey{
		ID: k.ID, Prefix: k.Prefix, Scopes: shownScopes(k.Scopes), CreatedAt: k.CreatedAt,
		ExpiresAt: optional(k.ExpiresAt), LastUsedAt: optional(k.LastUsedAt),
	}
}

func shownScopes(scopes []string) spec.Scopes {
	return mapped(scopes, func(scope string) spec.Scope { return spec.Scope(scope) })
}
