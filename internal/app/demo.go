package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
)

// The demo company of the local stack, and the key to it.
const (
	DemoCompanyID = "cmp_01jd3v0000000000000000dem0"
	DemoKey       = "qk_test_demo"
)

// SeedDemo adds the demo company with its key, unless it is there already. Only local stacks call it.
func SeedDemo(ctx context.Context, cfg config.Config, _ *slog.Logger) error {
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal())
	if err != nil {
		return err
	}
	defer store.Close()
	now := time.Now().UTC()
	return errors.Join(
		store.CreateCompany(ctx, merchant.Company{
			ID: DemoCompanyID, Name: "Demo SA", Language: "fr", Canton: "VD", ContactEmail: "contact@demo.example", Liability: merchant.Require, CreatedAt: now,
			ReceiptAccount: merchant.DefaultReceiptAccount, FeeAccount: merchant.DefaultFeeAccount, PayoutDays: merchant.DefaultPayoutDays,
		}),
		store.CreateAPIKey(ctx, merchant.APIKey{
			ID: "key_01jd3v0000000000000000dem0", CompanyID: DemoCompanyID, Prefix: DemoKey, Hash: merchant.HashKey(DemoKey),
			Scopes: []string{merchant.ScopeRead, merchant.ScopeWrite}, CreatedAt: now,
		}),
	)
}
