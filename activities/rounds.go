package activities

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// How a round over many companies goes. Each company has little time in it, so that none holds up the others; who needs more is left to a
// workflow of its own.
const (
	// RoundMost is how many payment services a round takes at most.
	RoundMost = 1000
	// RoundPatience is how long a round begins with others. What began goes on to its end.
	RoundPatience = 2 * time.Minute
	// roundAtOnce are looked at at the same time.
	roundAtOnce = 8
	// companyPatience is how long one of them may take.
	companyPatience = 20 * time.Second
	// outage is from how many failures on a round that mostly fails is broken off: then it is Saferpay or we, and not a company.
	outage = 20
)

// Round does something for the items in order, some at the same time, until it was done for all or time is up. It returns for how many it
// was tried, from the first on, and for which of them it failed. Its error says that it fails for most, or that ctx ended.
func Round[T any](ctx context.Context, items []T, do func(context.Context, T) error) (tried int, failed []T, err error) {
	beginning, stop := context.WithTimeout(ctx, RoundPatience)
	defer stop()
	var (
		group errgroup.Group
		mu    sync.Mutex
		ended int
		last  error
	)
	group.SetLimit(roundAtOnce)
	down := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(failed) >= outage && 2*len(failed) > ended
	}
	for _, item := range items {
		if beginning.Err() != nil || down() {
			break
		}
		tried++
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, companyPatience)
			defer cancel()
			err := do(ctx, item)
			mu.Lock()
			defer mu.Unlock()
			if ended++; err != nil {
				failed, last = append(failed, item), err
			}
			return nil
		})
	}
	_ = group.Wait() // nobody fails it
	if down() {
		return tried, failed, fmt.Errorf("it failed for %d of %d companies, so something else is wrong: %w", len(failed), ended, last)
	}
	return tried, failed, ctx.Err()
}
