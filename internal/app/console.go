package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/console"
	"github.com/quittance/quittance/internal/telemetry"
)

// RunConsole serves the console apart from the API until ctx ends. It holds no secret and reaches nothing but the API.
func RunConsole(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := cfg.ForConsole(); err != nil {
		return err
	}
	noteUnsafe(cfg, log)
	stop, err := trace(ctx, "console", log)
	if err != nil {
		return err
	}
	defer stop()
	metrics, err := telemetry.NewMetrics()
	if err != nil {
		return err
	}
	api := console.NewRemote()
	r := chi.NewRouter()
	r.Use(middleware.GetHead, metrics.Middleware, telemetry.Trace)
	if proxies := cfg.API.TrustedProxies; len(proxies) > 0 {
		r.Use(middleware.ClientIPFromXFF(proxies...))
	}
	r.Get("/healthz", telemetry.Healthz)
	r.Mount("/", console.New(console.Options{
		APIURL: cfg.Console.APIURL + "/v1", Transport: api, PublicURL: cfg.Console.URL, TemporalWebURL: temporalWeb(cfg), SignIns: signIns, Logger: log,
	}))
	checks := map[string]telemetry.Check{"api": {Works: answers(api, cfg.Console.APIURL+"/healthz")}} // the rest of its health is not for the public
	return serveApart(ctx, cfg.Console.Address, r, cfg.Console.MetricsAddress, health(checks, metrics, log), log)
}

// answers returns a check that asks the address and wants 200.
func answers(transport http.RoundTripper, address string) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			return err
		}
		answer, err := transport.RoundTrip(r)
		if err != nil {
			return err
		}
		if err := answer.Body.Close(); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", address, answer.Status)
		}
		return nil
	}
}
