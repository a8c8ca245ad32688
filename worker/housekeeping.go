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
	tick := time.NewTicker(housekeepingEvery)
	defer tick.Stop()
	for {
		if err := tidy(ctx); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "housekeeping not finished", "retry_in", housekeepingEvery, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
