package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/internal/telemetry"
)

// drain is how long requests that are being answered may take when a process stops.
const drain = 10 * time.Second

// health answers what those ask who run Quittance: /healthz, /readyz and /metrics.
func health(checks map[string]telemetry.Check, metrics *telemetry.Metrics, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", telemetry.Healthz)
	mux.Handle("GET /readyz", telemetry.Readyz(log, checks))
	mux.Handle("GET /metrics", metrics.Handler())
	return mux
}

// serveApart serves the public on address, and health at an address of its own. Where both are the same, as in a local stack, health is
// served there too.
func serveApart(ctx context.Context, address string, public http.Handler, healthAddress string, health http.Handler, log *slog.Logger) error {
	if healthAddress == address {
		return serve(ctx, address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/readyz" || r.URL.Path == "/metrics" {
				health.ServeHTTP(w, r)
				return
			}
			public.ServeHTTP(w, r)
		}), log)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve(ctx, address, public, log) })
	group.Go(func() error { return serve(ctx, healthAddress, health, log) })
	return group.Wait()
}

// serve answers HTTP on address until ctx ends, then finishes the requests that are being answered.
func serve(ctx context.Context, address string, handler http.Handler, log *slog.Logger) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      150 * time.Second, // a payer's click may wait for Saferpay, whose patience is 100 s
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		stopped <- server.Shutdown(finish)
	}()
	log.Info("listening", "address", listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
