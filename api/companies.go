package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
)

// CreateCompany answers POST /companies.
func (s *server) CreateCompany(ctx context.Context, r spec.CreateCompanyRequestObject) (spec.CreateCompanyResponseObject, error) {
	c, err := newCompany(*r.Body)
	if err != nil {
		return nil, err
	}
	c.ID, c.CreatedAt = newID(ctx, id.Company), s.now()
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

// newCompany returns the company that a body describes, and an Invalid problem that names every field at fault, or nil.
func newCompany(body spec.NewCompany) (merchant.Company, error) {
	c := merchant.Company{
		Name:           body.Name,
		Language:       string(body.Language),
		Canton:         string(body.Canton),
		ContactEmail:   deref(body.ContactEmail),
		ReceiptAccount: merchant.DefaultReceiptAccount,
		FeeAccount:     merchant.DefaultFeeAccount,
		PayoutDays:     merchant.DefaultPayoutDays,
		Liability:      merchant.Require,
	}
	return c, c.Validate()
}
