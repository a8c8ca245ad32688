package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
)

// CreateCompany answers POST /companies.
func (s *server) CreateCompany(ctx context.Context, r spec.CreateCompanyRequestObject) (spec.CreateCompanyResponseObject, error) {
	c := merchant.Company{
		ID:             newID(ctx, id.Company),
		Name:           r.Body.Name,
		Language:       string(r.Body.Language),
		Canton:         string(r.Body.Canton),
		ReceiptAccount: merchant.DefaultReceiptAccount,
		FeeAccount:     merchant.DefaultFeeAccount,
		Liability:      merchant.Require,
		CreatedAt:      s.now(),
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := s.Store.CreateCompany(ctx, c); err != nil {
		return nil, err
	}
	return spec.CreateCompany201JSONResponse{
		ID:             c.ID,
		Name:           c.Name,
		Language:       spec.Language(c.Language),
		Canton:         c.Canton,
		ReceiptAccount: c.ReceiptAccount,
		FeeAccount:     c.FeeAccount,
		LiabilityShift: spec.LiabilityShift(c.Liability),
		CreatedAt:      c.CreatedAt,
	}, nil
}

// CreateAPIKey answers POST /companies/{company_id}/api-keys.
func (s *server) CreateAPIKey(ctx context.Context, r spec.CreateAPIKeyRequestObject) (spec.CreateAPIKeyResponseObject, error) {
	environment := merchant.Test
	if r.Body.Environment != nil {
		environment = merchant.Environment(*r.Body.Environment)
	}
	key := "qk_" + string(environment) + "_" + id.NewSecret()
	k := merchant.APIKey{
		ID:        id.New(id.APIKey),
		CompanyID: r.CompanyID,
		Prefix:    key[:len("qk_test_")+4],
		Hash:      merchant.HashKey(key),
		Scopes:    mapped(r.Body.Scopes, func(scope spec.Scope) string { return string(scope) }),
		CreatedAt: s.now(),
	}
	if err := s.Store.CreateAPIKey(ctx, k); err != nil {
		return nil, err
	}
	return spec.CreateAPIKey201JSONResponse{ID: k.ID, Key: key, Scopes: r.Body.Scopes, CreatedAt: k.CreatedAt}, nil
}

// DeleteAPIKey answers DELETE /companies/{company_id}/api-keys/{key_id}.
func (s *server) DeleteAPIKey(ctx context.Context, r spec.DeleteAPIKeyRequestObject) (spec.DeleteAPIKeyResponseObject, error) {
	if err := s.Store.DeleteAPIKey(ctx, r.CompanyID, r.KeyID); err != nil {
		return nil, err
	}
	return spec.DeleteAPIKey204Response{}, nil
}
