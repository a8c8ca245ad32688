package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/secrets"
)

// shop is a company whose books are kept by the real API and the real activities on a real Postgres; Temporal and Saferpay
// are left out.
type shop struct {
	ctx     context.Context //nolint:containedctx // of the test
	store   *postgres.Store
	keyring *secrets.Keyring
	company merchant.Company
	service string
	key     string
	keyID   string
	now     time.Time
	books   *activities.Books
	api     http.Handler
}

// open makes a company with an active payment service on the store.
func open(t *testing.T, on *postgres.Store) *shop {
	t.Helper()
	master, err := secrets.Generate()
	require.NoError(t, err)
	keyring, err := secrets.New(master)
	require.NoError(t, err)
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	s := &shop{
		ctx: t.Context(), store: on, keyring: keyring, now: now, service: id.New(id.PaymentService), key: "qk_test_" + id.NewSecret(), keyID: id.New(id.APIKey),
		company: merchant.Company{
			ID: id.New(id.Company), Name: "Demo SA", Language: "fr", Canton: "VD", ReceiptAccount: merchant.DefaultReceiptAccount,
			FeeAccount: merchant.DefaultFeeAccount, Liability: merchant.Require, CreatedAt: now,
		},
	}
	clock := func() time.Time { return s.now }
	s.books = &activities.Books{Now: clock, InCompany: func(ctx context.Context, companyID string, fn func(activities.Tx) error) error {
		return on.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
	}}
	s.api = api.New(api.Options{
		Store: store{on}, Sealer: keyring, Signer: signer{on, keyring}, AdminKey: "qk_admin", Logger: slog.New(slog.DiscardHandler), Now: clock,
		Healthz: http.NotFoundHandler(), Readyz: http.NotFoundHandler(), Metrics: http.NotFoundHandler(),
	})
	require.NoError(t, on.CreateCompany(s.ctx, s.company))
	require.NoError(t, on.CreateAPIKey(s.ctx, merchant.APIKey{
		ID: s.keyID, CompanyID: s.company.ID, Prefix: s.key[:12], Hash: merchant.HashKey(s.key), Scopes: []string{"read", "write"}, CreatedAt: now,
	}))
	service := merchant.NewPaymentService(merchant.PaymentService{
		ID: s.service, CompanyID: s.company.ID, Environment: merchant.Test, CustomerID: "123123", TerminalID: "12345678",
		Methods: []merchant.ContractedMethod{{Method: "VISA", Currencies: []string{"CHF", "EUR"}}},
	}, now)
	require.NoError(t, service.Become(merchant.Active, now, ""))
	s.in(t, func(tx *postgres.Tx) error { return tx.InsertPaymentService(s.ctx, service) })
	return s
}

// in runs fn in a transaction of the company, which must succeed.
func (s *shop) in(t require.TestingT, fn func(*postgres.Tx) error) {
	require.NoError(t, s.store.InCompany(s.ctx, s.company.ID, fn))
}

// call makes a call of the REST API.
func (s *shop) call(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(s.ctx, method, "/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	s.api.ServeHTTP(answer, r)
	return answer
}
