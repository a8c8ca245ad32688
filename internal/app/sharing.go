package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/quittance/quittance/internal/postgres"
)

// sharingEvery is how often a worker looks how many there are.
const sharingEvery = 10 * time.Second

// sharing has all worker processes together keep what may be asked of a terminal of Saferpay, which counts by account and not by process:
// each keeps to its part. A turn taken in Postgres would be exact, but each call would cost two statements on one row. This costs one
// each ten seconds; for so long after a worker has started, all together may be above the limit by its part.
type sharing struct {
	store   *postgres.Store
	process string // its own id
	clients callers
	log     *slog.Logger
}

func (s sharing) look(ctx context.Context) error {
	living, err := s.store.WorkerLives(ctx, s.process)
	if err != nil {
		return err // it goes on with the part that it had
	}
	for _, client := range s.clients {
		client.Among(living)
	}
	return nil
}

// end leaves its part to the others.
func (s sharing) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.store.WorkerEnds(ctx, s.process); err != nil {
		s.log.WarnContext(ctx, "the end of a worker not noted: the others learn of it within half a minute", "error", err)
	}
}
