package worker

import (
	"context"
	"log/slog"
	"time"
)

// housekeepingEvery is how often a worker removes what was kept long enough, and takes up what was left.
const housekeepingEvery = 6 * time.Hour

// Housekeeping calls tidy at once and then every six hours until ctx ends; what failed is done the next time.
func Housekeeping(ctx context.Context, tidy func(context.Context) error, log *slog.Logger) {
	Regularly(ctx, housekeepingEvery, "housekeeping", tidy, log)
}

// Regularly calls do at once and then every so often until ctx ends; what failed is done the next time.
func Regularly(ctx context.Context, every time.Duration, what string, do func(context.Context) error, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, what+" not finished", "retry_in", every, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
