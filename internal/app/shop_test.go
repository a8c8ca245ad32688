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

	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/webhook"
)

// shop is a company whose books are kept by the real API and the real activities on a real Postgres; Temporal and Saferpay
// are left out.
type shop struct {
	ctx        context.Context //nolint:containedctx // of the test
	store      *postgres.Store
	keyring    *secrets.Keyring
	company    merchant.Company
	service    string
	key        string
	keyID      string
	now        time.Time
	collection *collection.Activities
	refunding  *refunding.Activities
	api        http.Handler
}

// open builds the parts on the store, and a company.
func open(t *testing.T, on *postgres.Store) *shop {
	t.Helper()
	master, err := secrets.Generate()
	require.NoError(t, err)
	keyring, err := secrets.New(master)
	require.NoError(t, err)
	s := &shop{ctx: t.Context(), store: on, keyring: keyring}
	clock := func() time.Time { return s.now }
	s.collection = &collection.Activities{Now: clock, InCompany: records[collection.Tx](on)}
	s.refunding = &refunding.Activities{Now: clock, InCompany: records[refunding.Tx](on)}
	s.api = api.New(api.Options{
		Store: store{on}, Sealer: keyring, Signer: signer{on, keyring}, AdminKey: func() string { return "qk_admin" }, Logger: slog.New(slog.DiscardHandler), Now: clock,
		Healthz: http.NotFoundHandler(), Receivers: webhook.NewClient(true),
	})
	s.found(t)
	return s
}

// found makes another company, with an active payment service, and turns the clock back.
func (s *shop) found(t require.TestingT) {
	s.now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	s.service, s.key, s.keyID = id.New(id.PaymentService), "qk_test_"+id.NewSecret(), id.New(id.APIKey)
	s.company = merchant.Company{
		ID: id.New(id.Company), Name: "Demo SA", Language: "fr", Canton: "VD", ReceiptAccount: merchant.DefaultReceiptAccount,
		FeeAccount: merchant.DefaultFeeAccount, Liability: merchant.Require, CreatedAt: s.now,
	}
	require.NoError(t, s.store.CreateCompany(s.ctx, s.company))
	require.NoError(t, s.store.CreateAPIKey(s.ctx, merchant.APIKey{
		ID: s.keyID, CompanyID: s.company.ID, Prefix: s.key[:12], Hash: merchant.HashKey(s.key), Scopes: []string{"read", "write"}, CreatedAt: s.now,
	}))
	service := merchant.NewPaymentService(merchant.PaymentService{
		ID: s.service, CompanyID: s.company.ID, Environment: merchant.Test, CustomerID: "123123", TerminalID: "12345678",
		Methods: []merchant.ContractedMethod{{Method: "VISA", Currencies: []string{"CHF", "EUR"}}},
	}, s.now)
	require.NoError(t, service.Become(merchant.Active, s.now, ""))
	s.in(t, func(tx *postgres.Tx) error { return tx.InsertPaymentService(s.ctx, service) })
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
