package app

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/console"
	"github.com/quittance/quittance/internal/openid"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/session"
	"github.com/quittance/quittance/internal/sftp"
	"github.com/quittance/quittance/internal/telemetry"
	"github.com/quittance/quittance/internal/webhook"
)

// RunAPI answers REST calls, payers and Saferpay's notifications until ctx ends.
func RunAPI(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := cfg.ForAPI(); err != nil {
		return err
	}
	noteUnsafe(cfg, log)
	stop, err := trace(ctx, "api", log)
	if err != nil {
		return err
	}
	defer stop()
	p, err := assemble(ctx, cfg, log, origin.Origin{})
	if err != nil {
		return err
	}
	defer p.close()
	if err := checkRole(ctx, cfg, p.store, log); err != nil {
		return err
	}
	go p.keyring.Follow(ctx, log)
	go func() { _ = p.awaitTemporal(ctx) }() // which says in the log that it is down; what needs no workflow goes on
	around := []func(http.Handler) http.Handler{p.metrics.Middleware, telemetry.Trace}
	if proxies := cfg.API.TrustedProxies; len(proxies) > 0 {
		around = append(around, middleware.ClientIPFromXFF(proxies...))
	}
	receivers := webhook.NewClient(cfg.Webhooks.Loopback)
	calls := api.New(api.Options{
		Store:      store{p.store},
		Sessions:   p.store,
		Oversight:  p.store,
		Collection: p.commands,
		Refunding:  p.commands,
		Onboarding: p.commands,
		Escalation: p.commands,
		Sealer:     p.keyring,
		Signer:     signer{p.store, p.keyring},
		Receivers:  receivers,

		FileServers: sftp.New(webhook.NewDial(cfg.Webhooks.Loopback)),
		// Companies name addresses of the public internet only; the operators' provider is named by who runs this.
		Identities:         openid.New(receivers.HTTP(), receivers.Check),
		OperatorIdentities: openid.New(&http.Client{Transport: http.DefaultTransport}, nil),
		Operators:          func() session.Operators { return operators(cfg.Operators) },
		AdminKey:           cfg.API.AdminKey.Reveal,
		OperatorKey:        cfg.Codec.OperatorKey.Reveal,
		PublicURL:          cfg.PublicURL,
		ConsoleURL:         cfg.Console.URL,
		SecurityContact:    cfg.API.SecurityContact,
		Limits: api.Limits{
			Calls: int(cfg.API.Limits.Calls), Pages: int(cfg.API.Limits.Pages), Notifications: int(cfg.API.Limits.Notifications), SignIns: signIns,
		},
		Healthz:    http.HandlerFunc(telemetry.Healthz),
		Middleware: around,
		Logger:     log,
	})
	health := health(p.checks(), p.metrics, log)
	if cfg.Console.URL != cfg.PublicURL { // people are elsewhere, see RunConsole
		return serveApart(ctx, cfg.API.Address, calls, cfg.API.MetricsAddress, health, log)
	}
	people := chi.NewRouter()
	people.Use(around...)
	people.Mount("/", console.New(console.Options{
		APIURL: "http://api.invalid/v1", Transport: console.InProcess{Handler: calls}, PublicURL: cfg.PublicURL,
		TemporalWebURL: temporalWeb(cfg), SignIns: signIns, Logger: log,
	}))
	return serveApart(ctx, cfg.API.Address, byAddress(people, calls), cfg.API.MetricsAddress, health, log)
}

// operators returns where the operators of the installation sign in.
func operators(o config.Operators) session.Operators {
	return session.Operators{
		Registration: session.Registration{Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal()},
		Claim:        o.Claim, Value: o.Value,
	}
}

// signIns is how many times a minute an address may try a key in the console, and may begin a sign-in at a provider.
const signIns = 20

// byAddress leads people to the console and everybody else to the API.
func byAddress(people, others http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, side := range []string{"/console", "/operator"} {
			if r.URL.Path == side || strings.HasPrefix(r.URL.Path, side+"/") {
				people.ServeHTTP(w, r)
				return
			}
		}
		others.ServeHTTP(w, r)
	})
}

// What the handlers need of a transaction, Postgres has; the API relies on it.
var (
	_ api.AccountsTx         = (*postgres.Tx)(nil)
	_ api.AuditTx            = (*postgres.Tx)(nil)
	_ api.BankAccountsTx     = (*postgres.Tx)(nil)
	_ api.BankReceiptsTx     = (*postgres.Tx)(nil)
	_ api.ColumnsTx          = (*postgres.Tx)(nil)
	_ api.CustomersTx        = (*postgres.Tx)(nil)
	_ api.DisputesTx         = (*postgres.Tx)(nil)
	_ api.DocumentsTx        = (*postgres.Tx)(nil)
	_ api.EventsTx           = (*postgres.Tx)(nil)
	_ api.ExceptionsTx       = (*postgres.Tx)(nil)
	_ api.ExchangeRatesTx    = (*postgres.Tx)(nil)
	_ api.ExportsTx          = (*postgres.Tx)(nil)
	_ api.InvoicesTx         = (*postgres.Tx)(nil)
	_ api.JournalTx          = (*postgres.Tx)(nil)
	_ api.ManualEntriesTx    = (*postgres.Tx)(nil)
	_ api.MatchingTx         = (*postgres.Tx)(nil)
	_ api.MonthEndTx         = (*postgres.Tx)(nil)
	_ api.NotificationsTx    = (*postgres.Tx)(nil)
	_ api.PagesTx            = (*postgres.Tx)(nil)
	_ api.LinksTx            = (*postgres.Tx)(nil)
	_ api.LogoTx             = (*postgres.Tx)(nil)
	_ api.PaperTx            = (*postgres.Tx)(nil)
	_ api.PDFTx              = (*postgres.Tx)(nil)
	_ api.PaymentServicesTx  = (*postgres.Tx)(nil)
	_ api.PaymentsTx         = (*postgres.Tx)(nil)
	_ api.PayoutsTx          = (*postgres.Tx)(nil)
	_ api.ReceiptsTx         = (*postgres.Tx)(nil)
	_ api.ReconciliationTx   = (*postgres.Tx)(nil)
	_ api.RefundsTx          = (*postgres.Tx)(nil)
	_ api.KeysTx             = (*postgres.Tx)(nil)
	_ api.SearchTx           = (*postgres.Tx)(nil)
	_ api.SettingsTx         = (*postgres.Tx)(nil)
	_ api.SettlementSourceTx = (*postgres.Tx)(nil)
	_ api.SettlementsTx      = (*postgres.Tx)(nil)
	_ api.SignInTx           = (*postgres.Tx)(nil)
	_ api.SummaryTx          = (*postgres.Tx)(nil)
	_ api.StatementsTx       = (*postgres.Tx)(nil)
	_ api.TakeUpTx           = (*postgres.Tx)(nil)
	_ api.TimelineTx         = (*postgres.Tx)(nil)
	_ api.ValuesTx           = (*postgres.Tx)(nil)
	_ api.WebhookEndpointsTx = (*postgres.Tx)(nil)
)

// store is the Postgres store in the words of the API.
type store struct{ *postgres.Store }

func (s store) InCompany(ctx context.Context, companyID string, fn func(tx any) error) error {
	return s.Store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
}

// temporalWeb returns where the workflows stand in Temporal Web, or "" when that has no address here.
func temporalWeb(cfg config.Config) string {
	if cfg.Codec.TemporalWebURL == "" {
		return ""
	}
	return strings.TrimSuffix(cfg.Codec.TemporalWebURL, "/") + "/namespaces/" + cfg.Temporal.Namespace
}
