package telemetry

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// checkTimeout is how long the checks of /readyz may take altogether.
const checkTimeout = 2 * time.Second

// Check is something that the process depends on.
type Check struct {
	// Works returns nil when it works, else an error that says why not.
	Works func(ctx context.Context) error
	// Degrades says that the process has still something to do without it.
	Degrades bool
}

// Healthz answers 200 as long as the process can answer at all.
func Healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

type readiness struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks"`
}

// Readyz runs all checks at once, each for at most two seconds. It answers 200, or 503 when one of them fails; when only such fail
// without which the process is degraded, it answers 200 and says so. The JSON body says which one. The reason goes to the log only, because anybody may ask, and reasons name hosts and users:
//
//	{"status":"not ready","checks":{"postgres":"ok","temporal":"failing"}}
func Readyz(logger *slog.Logger, checks map[string]Check) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, code := readiness{Status: "ready", Checks: map[string]string{}}, http.StatusOK
		for name, err := range run(r.Context(), checks) {
			if err == nil {
				answer.Checks[name] = "ok"
				continue
			}
			logger.WarnContext(r.Context(), "readiness check failed", "check", name, "error", err)
			answer.Checks[name] = "failing"
			switch {
			case !checks[name].Degrades:
				answer.Status, code = "not ready", http.StatusServiceUnavailable
			case code == http.StatusOK:
				answer.Status = "degraded"
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func run(ctx context.Context, checks map[string]Check) map[string]error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var (
		mu      sync.Mutex
		wg      sync.WaitGroup
		results = make(map[string]error, len(checks))
	)
	for name, check := range checks {
		wg.Go(func() {
			err := outcome(ctx, check)
			mu.Lock()
			defer mu.Unlock()
			results[name] = err
		})
	}
	wg.Wait()
	return results
}

// outcome waits for the check no longer than ctx, even if the check ignores ctx.
func outcome(ctx context.Context, check Check) error {
	done := make(chan error, 1)
	go func() { done <- check.Works(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
