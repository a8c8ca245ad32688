package api

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// LogoTx is what the calls for the logo need of a transaction.
type LogoTx interface {
	Logo(ctx context.Context) (logo merchant.Logo, found bool, err error)
	SaveLogo(ctx context.Context, l merchant.Logo) error
	DeleteLogo(ctx context.Context) error
}

// GetLogo answers GET /company/logo.
func (s *server) GetLogo(ctx context.Context, _ spec.GetLogoRequestObject) (spec.GetLogoResponseObject, error) {
	return answered(ctx, s, func(tx LogoTx) (spec.GetLogoResponseObject, error) {
		logo, err := logoOf(ctx, tx)
		return spec.GetLogo200ImageResponse{Body: bytes.NewReader(logo.Content), ContentType: logo.ContentType, ContentLength: int64(len(logo.Content))}, err
	})
}

// PutLogo answers PUT /company/logo.
func (s *server) PutLogo(ctx context.Context, r spec.PutLogoRequestObject) (spec.PutLogoResponseObject, error) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	logo, err := merchant.NewLogo(content)
	if err != nil {
		return nil, err
	}
	err = inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx LogoTx) error { return tx.SaveLogo(ctx, logo) })
	return spec.PutLogo204Response{}, err
}

// DeleteLogo answers DELETE /company/logo.
func (s *server) DeleteLogo(ctx context.Context, _ spec.DeleteLogoRequestObject) (spec.DeleteLogoResponseObject, error) {
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx LogoTx) error { return tx.DeleteLogo(ctx) })
	return spec.DeleteLogo204Response{}, err
}

// showLogo answers GET /i/{token}/logo.
func (s *server) showLogo(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	d, err := s.document(ctx, chi.URLParam(r, "token"))
	if err != nil {
		s.showError(w, r, err)
		return
	}
	var logo merchant.Logo
	err = inCompany(ctx, s.Store, d.company.ID, func(tx LogoTx) (err error) {
		logo, err = logoOf(ctx, tx)
		return err
	})
	if err != nil {
		s.showError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", logo.ContentType)
	_, _ = w.Write(logo.Content)
}

// logoOf returns the company's logo, or the problem that it has none.
func logoOf(ctx context.Context, tx LogoTx) (merchant.Logo, error) {
	logo, found, err := tx.Logo(ctx)
	if err == nil && !found {
		err = problem.New(problem.NotFound, "The company has no logo.")
	}
	return logo, err
}
