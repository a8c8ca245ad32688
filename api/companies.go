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
	return spec.CreateCompany201JSONResponse(shownCompany(c)), nil
}

// GetCompany answers GET /companies/{company_id}.
func (s *server) GetCompany(ctx context.Context, r spec.GetCompanyRequestObject) (spec.GetCompanyResponseObject, error) {
	c, err := s.companyOf(ctx, r.CompanyID)
	return spec.GetCompany200JSONResponse(shownCompany(c)), err
}

// UpdateCompany answers PATCH /companies/{company_id}.
func (s *server) UpdateCompany(ctx context.Context, r spec.UpdateCompanyRequestObject) (spec.UpdateCompanyResponseObject, error) {
	var c merchant.Company
	err := inCompany(ctx, s.Store, r.CompanyID, func(tx SettingsTx) error {
		before, err := tx.LockCompany(ctx)
		if err != nil {
			return err
		}
		c = before
		changeCompany(&c, *r.Body)
		if err := c.Validate(); err != nil {
			return err
		}
		if err := tx.SaveCompany(ctx, c); err != nil {
			return err
		}
		return s.tellChanges(ctx, tx, before, c)
	})
	return spec.UpdateCompany200JSONResponse(shownCompany(c)), err
}

func changeCompany(c *merchant.Company, to spec.CompanyChanges) {
	set(&c.Name, to.Name)
	set(&c.ContactEmail, to.ContactEmail)
	set(&c.Language, to.Language)
	set(&c.Canton, to.Canton)
	if to.Status != nil {
		c.Suspended = *to.Status == spec.CompanyStatusSuspended
	}
}

func shownCompany(c merchant.Company) spec.Company {
	status := spec.CompanyStatusActive
	if c.Suspended {
		status = spec.CompanyStatusSuspended
	}
	return spec.Company{
		ID: c.ID, Name: c.Name, Language: spec.Language(c.Language), Canton: c.Canton, ContactEmail: optional(c.ContactEmail), Status: status,
		ReceiptAccount: c.ReceiptAccount, FeeAccount: c.FeeAccount, LiabilityShift: spec.LiabilityShift(c.Liability), CreatedAt: c.CreatedAt,
	}
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
