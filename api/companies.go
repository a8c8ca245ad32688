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
		ContactEmail:   deref(r.Body.ContactEmail),
		ReceiptAccount: merchant.DefaultReceiptAccount,
		FeeAccount:     merchant.DefaultFeeAccount,
		PayoutDays:     merchant.DefaultPayoutDays,
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
		ContactEmail:   optional(c.ContactEmail),
		ReceiptAccount: c.ReceiptAccount,
		FeeAccount:     c.FeeAccount,
		LiabilityShift: spec.LiabilityShift(c.Liability),
		CreatedAt:      c.CreatedAt,
	}, nil
}
