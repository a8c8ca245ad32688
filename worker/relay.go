package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/internal/delivery"
)

const (
	relayBatch  = 100              // deliveries taken from the outbox at once
	relayWidth  = 8                // started at the same time
	relayEvery  = 15 * time.Second // how often the outbox is looked at when nobody says that something is due
	relayPauses = 15 * time.Second // at most, after a failure
)

// Outbox holds the deliveries that wait for their workflow, see *postgres.Store.
type Outbox interface {
	OnDeliveriesDue(ctx context.Context, every time.Duration, work func(context.Context) error) error
	TakeDeliveries(ctx context.Context, limit int) ([]delivery.Due, error)
	DeliveryStarted(ctx context.Context, d delivery.Due) error
}

// Relay starts the workflow of every delivery whose turn has come. Events are put into the outbox by the transaction that
// writes them, so none is lost; starting a workflow that runs already changes nothing, so a relay may die at any point, and
// any number of them may run. Deliver is contract.Commands.Deliver.
type Relay struct {
	Outbox  Outbox
	Deliver func(context.Context, delivery.Due) error
	Logger  *slog.Logger
}

// Run works until ctx ends. When Postgres or Temporal is away it waits for them.
func (r Relay) Run(ctx context.Context) {
	pause := time.Second
	for {
		began := time.Now()
		err := r.Outbox.OnDeliveriesDue(ctx, relayEvery, r.startAll)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > relayPauses {
			pause = time.Second // it worked for a while
		}
		r.Logger.WarnContext(ctx, "webhook relay failed", "retry_in", pause, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		pause = min(2*pause, relayPauses)
	}
}

// startAll starts everything that is due.
func (r Relay) startAll(ctx context.Context) error {
	for {
		due, err := r.Outbox.TakeDeliveries(ctx, relayBatch)
		if err != nil {
			return err
		}
		var group errgroup.Group
		group.SetLimit(relayWidth)
		for _, d := range due {
			group.Go(func() error { return r.start(ctx, d) })
		}
		if err := group.Wait(); err != nil || len(due) < relayBatch {
			return err
		}
	}
}

// start starts one workflow. One that can't be started comes back to the outbox by itself.
func (r Relay) start(ctx context.Context, d delivery.Due) error {
	if err := r.Deliver(ctx, d); err != nil {
		return errors.Join(errors.New("a webhook could not be started"), err)
	}
	return r.Outbox.DeliveryStarted(ctx, d)
}
