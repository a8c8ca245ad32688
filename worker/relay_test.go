package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/worker"
)

// outbox is one that breaks off now and then, and that holds one delivery until it is noted as started.
type outbox struct {
	breaks  int
	started atomic.Bool
	calls   atomic.Int32
}

func (o *outbox) OnDeliveriesDue(ctx context.Context, every time.Duration, work func(context.Context) error) error {
	if o.calls.Add(1); o.breaks > 0 {
		o.breaks--
		return errors.New("the connection broke off")
	}
	for {
		if err := work(ctx); err != nil {
			return err
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (o *outbox) TakeDeliveries(context.Context, int) ([]delivery.Due, error) {
	if o.started.Load() {
		return nil, nil
	}
	return []delivery.Due{{EventID: "evt_1", EndpointID: "whe_1"}}, nil
}

func (o *outbox) DeliveryStarted(context.Context, delivery.Due) error {
	o.started.Store(true)
	return nil
}

func TestTheRelayGoesOnAfterPostgresAndTemporalWereAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		o := &outbox{breaks: 3}
		var tries int
		relay := worker.Relay{Outbox: o, Logger: slog.New(slog.DiscardHandler), Deliver: func(context.Context, delivery.Due) error {
			if tries++; tries <= 2 {
				return errors.New("Temporal is away")
			}
			return nil
		}}
		ended := make(chan struct{})
		go func() {
			relay.Run(ctx)
			close(ended)
		}()
		time.Sleep(time.Minute)
		assert.True(t, o.started.Load())
		assert.Equal(t, 3, tries)
		assert.EqualValues(t, 6, o.calls.Load(), "five times something was away")
		stop()
		<-ended
	})
}
