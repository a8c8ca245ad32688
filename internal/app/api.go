package app

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/telemetry"
	"github.com/quittance/quittance/internal/webhook"
	"github.com/quittance/quittance/workflows/contract"
)

// RunAPI answers REST calls, payers and Saferpay's notifications until ctx ends.
func RunAPI(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := cfg.ForAPI(); err != nil {
		return err
	}
	stop, err := trace(ctx, "api", log)
	if err != nil {
		return err
	}
	defer stop()
	p, err := connect(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer p.close()
	go p.keyring.Follow(ctx, log)
	around := []func(http.Handler) http.Handler{p.metrics.Middleware, telemetry.Trace}
	if proxies := cfg.API.TrustedProxies; len(proxies) > 0 {
		around = append(around, middleware.ClientIPFromXFF(proxies...))
	}
	commands := contract.Commands{Temporal: p.temporal}
	return serve(ctx, cfg.API.Address, api.New(api.Options{
		Store:       store{p.store},
		Sessions:    p.store,
		Collection:  commands,
		Refunding:   commands,
		Onboarding:  commands,
		Escalation:  commands,
		Sealer:      p.keyring,
		Signer:      signer{p.store, p.keyring},
		Receivers:   webhook.NewClient(cfg.Webhooks.Loopback),
		AdminKey:    cfg.API.AdminKey.Reveal(),
		OperatorKey: cfg.Codec.OperatorKey.Reveal(),
		PublicURL:   cfg.PublicURL,
		Limits:      api.Limits{Calls: int(cfg.API.Limits.Calls), Pages: int(cfg.API.Limits.Pages), Notifications: int(cfg.API.Limits.Notifications)},
		Healthz:     http.HandlerFunc(telemetry.Healthz),
		Readyz:      telemetry.Readyz(log, p.checks()),
		Metrics:     p.metrics.Handler(),
		Middleware:  around,
		Logger:      log,
	}), log)
}

// What the handlers need of a transaction, Postgres has; the API relies on it.
var (
	_ api.AccountsTx         = (*postgres.Tx)(nil)
	_ api.AuditTx            = (*postgres.Tx)(nil)
	_ api.DocumentsTx        = (*postgres.Tx)(nil)
	_ api.EventsTx           = (*postgres.Tx)(nil)
	_ api.ExceptionsTx       = (*postgres.Tx)(nil)
	_ api.InvoicesTx         = (*postgres.Tx)(nil)
	_ api.JournalTx          = (*postgres.Tx)(nil)
	_ api.ManualEntriesTx    = (*postgres.Tx)(nil)
	_ api.MatchingTx         = (*postgres.Tx)(nil)
	_ api.NotificationsTx    = (*postgres.Tx)(nil)
	_ api.PagesTx            = (*postgres.Tx)(nil)
	_ api.PaymentServicesTx  = (*postgres.Tx)(nil)
	_ api.PaymentsTx         = (*postgres.Tx)(nil)
	_ api.PayoutsTx          = (*postgres.Tx)(nil)
	_ api.ReceiptsTx         = (*postgres.Tx)(nil)
	_ api.ReconciliationTx   = (*postgres.Tx)(nil)
	_ api.RefundsTx          = (*postgres.Tx)(nil)
	_ api.SettingsTx         = (*postgres.Tx)(nil)
	_ api.SettlementsTx      = (*postgres.Tx)(nil)
	_ api.StatementsTx       = (*postgres.Tx)(nil)
	_ api.TakeUpTx           = (*postgres.Tx)(nil)
	_ api.TimelineTx         = (*postgres.Tx)(nil)
	_ api.WebhookEndpointsTx = (*postgres.Tx)(nil)
)

// store is the Postgres store in the words of the API.
type store struct{ *postgres.Store }

func (s store) InCompany(ctx context.Context, companyID string, fn func(tx any) error) error {
	return s.Store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
}
