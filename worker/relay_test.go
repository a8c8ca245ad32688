package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	steps "github.com/quittance/quittance/activities/delivery"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/worker"
	"github.com/quittance/quittance/workflows/contract"
)

// outbox is one that breaks off now and then, and that holds deliveries until they are noted as started, or done.
type outbox struct {
	breaks  int
	calls   atomic.Int32
	mu      sync.Mutex
	waiting []delivery.Due
	due     map[string]time.Time // by event
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

func (o *outbox) TakeDeliveries(_ context.Context, most delivery.Most) (due []delivery.Due, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range o.waiting {
		if len(due) < most.Together && !o.due[d.EventID].After(time.Now()) {
			o.due[d.EventID] = time.Now().Add(time.Minute)
			due = append(due, d)
		}
	}
	return due, nil
}

func (o *outbox) DeliveryStarted(_ context.Context, d delivery.Due) error {
	o.end(d.EventID)
	return nil
}

func (o *outbox) end(eventID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = slices.DeleteFunc(o.waiting, func(d delivery.Due) bool { return d.EventID == eventID })
}

func (o *outbox) PostponeDelivery(_ context.Context, d delivery.Due, by time.Duration) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.due[d.EventID] = time.Now().Add(by)
	return nil
}

func (o *outbox) left() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting)
}

// relaying runs a relay on an outbox that breaks off so often and holds so many deliveries, for as long as the test says.
func relaying(t *testing.T, r *worker.Relay, breaks, deliveries int, during time.Duration) *outbox {
	t.Helper()
	o := &outbox{breaks: breaks, due: map[string]time.Time{}}
	for i := range deliveries {
		o.waiting = append(o.waiting, delivery.Due{EventID: fmt.Sprint("evt_", i), EndpointID: fmt.Sprint("whe_", i%20)})
	}
	r.Outbox, r.Most, r.Logger = o, steps.NewTurns().Most, slog.New(slog.DiscardHandler)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		r.Run(ctx)
		close(ended)
	}()
	time.Sleep(during)
	stop()
	<-ended
	return o
}

// failing is an attempt that the receiver doesn't take.
func failing(context.Context, contract.DeliverEvent) (bool, *contract.FirstAttempt, error) {
	return false, &contract.FirstAttempt{Round: 1}, nil
}

func TestTheRelayGoesOnAfterPostgresAndTemporalWereAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int32
		o := relaying(t, &worker.Relay{Attempt: failing, Deliver: func(_ context.Context, _ delivery.Due, first *contract.FirstAttempt) error {
			assert.Equal(t, &contract.FirstAttempt{Round: 1}, first, "the workflow is told of the attempt")
			if tries.Add(1) <= 2 {
				return errors.New("Temporal is away")
			}
			return nil
		}}, 3, 1, 3*time.Minute)
		assert.Zero(t, o.left())
		assert.EqualValues(t, 3, tries.Load(), "each time when the outbox has it back")
		assert.EqualValues(t, 4, o.calls.Load(), "three times Postgres was away")
	})
}

func TestWhatArrivesAtTheFirstAttemptStartsNoWorkflow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var o *outbox
		r := &worker.Relay{Deliver: func(context.Context, delivery.Due, *contract.FirstAttempt) error {
			t.Error("a workflow was started")
			return nil
		}}
		r.Attempt = func(_ context.Context, d contract.DeliverEvent) (bool, *contract.FirstAttempt, error) {
			r.Outbox.(*outbox).end(d.EventID)
			return true, nil, nil
		}
		o = relaying(t, r, 0, 500, time.Second)
		assert.Zero(t, o.left())
	})
}

func TestADeliveryWithoutATurnHasItInAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int32
		r := &worker.Relay{}
		r.Attempt = func(_ context.Context, d contract.DeliverEvent) (bool, *contract.FirstAttempt, error) {
			if tries.Add(1) <= 3 {
				return false, nil, steps.ErrNoTurn
			}
			r.Outbox.(*outbox).end(d.EventID)
			return true, nil, nil
		}
		o := relaying(t, r, 0, 1, 4*time.Second)
		assert.Zero(t, o.left())
		assert.EqualValues(t, 4, tries.Load())
	})
}

func TestHangingReceiversLeaveHandsForOthersAndAreSeenOffAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var begun, finished atomic.Int32
		r := &worker.Relay{}
		r.Attempt = func(_ context.Context, d contract.DeliverEvent) (bool, *contract.FirstAttempt, error) {
			begun.Add(1)
			if d.EndpointID == "whe_0" {
				time.Sleep(15 * time.Second)
			}
			r.Outbox.(*outbox).end(d.EventID)
			finished.Add(1)
			return true, nil, nil
		}
		o := relaying(t, r, 0, 40, time.Second) // two of them at the receiver that hangs
		assert.EqualValues(t, 40, finished.Load(), "what was begun is finished, also when the worker is asked to stop")
		assert.Zero(t, o.left())
	})
}
