package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/merchant"
)

// GetSettings answers GET /settings.
func (s *server) GetSettings(ctx context.Context, _ spec.GetSettingsRequestObject) (spec.GetSettingsResponseObject, error) {
	var answer spec.GetSettings200JSONResponse
	err := s.Store.InCompany(ctx, callerOf(ctx).companyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		answer = spec.GetSettings200JSONResponse(shownSettings(company))
		return err
	})
	return answer, err
}

// UpdateSettings answers PATCH /settings.
func (s *server) UpdateSettings(ctx context.Context, r spec.UpdateSettingsRequestObject) (spec.UpdateSettingsResponseObject, error) {
	var answer spec.Settings
	err := s.Store.InCompany(ctx, callerOf(ctx).companyID, func(tx Tx) error {
		before, err := tx.LockCompany(ctx)
		if err != nil {
			return err
		}
		company := before
		set(&company.ReceiptAccount, r.Body.ReceiptAccount)
		set(&company.FeeAccount, r.Body.FeeAccount)
		set(&company.Liability, r.Body.LiabilityShift)
		set(&company.Language, r.Body.Language)
		if err := company.Validate(); err != nil {
			return err
		}
		answer = shownSettings(company)
		if company.ReceiptAccount != before.ReceiptAccount {
			answer.Warnings = append(answer.Warnings, spec.ReceiptAccountChanged)
		}
		return tx.SaveCompany(ctx, company)
	})
	return spec.UpdateSettings200JSONResponse(answer), err
}

func shownSettings(c merchant.Company) spec.Settings {
	return spec.Settings{
		ReceiptAccount: c.ReceiptAccount,
		FeeAccount:     c.FeeAccount,
		LiabilityShift: spec.LiabilityShift(c.Liability),
		Language:       spec.Language(c.Language),
		Warnings:       []spec.SettingsWarning{},
	}
}
