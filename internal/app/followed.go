package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// How often what operators watch is read, how long that may take, and for how long it is shown when it can't be read again. After that
// it is missing, for which there is an alert.
const (
	followEvery   = 30 * time.Second
	followTimeout = time.Minute
	followedFor   = 5 * time.Minute
)

// errNotRead says that there is nothing recent to show.
var errNotRead = errors.New("it could not be read for some time")

// followed is what was read last of something that takes longer to read than Prometheus waits.
type followed[T any] struct {
	name string
	read func(context.Context) (T, error)

	mu   sync.Mutex
	last T
	at   time.Time
}

// follow reads again and again until ctx ends.
func (f *followed[T]) follow(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		f.readOnce(ctx, log)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (f *followed[T]) readOnce(ctx context.Context, log *slog.Logger) {
	reading, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	value, err := f.read(reading)
	if err != nil {
		if ctx.Err() == nil {
			log.WarnContext(ctx, "metrics not read", "what", f.name, "error", err)
		}
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last, f.at = value, time.Now()
}

// value returns what was read last, or an error when that is too long ago.
func (f *followed[T]) value() (T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at.IsZero() || time.Since(f.at) > followedFor {
		var none T
		return none, errNotRead
	}
	return f.last, nil
}
