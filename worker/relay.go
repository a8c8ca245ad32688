package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	steps "github.com/quittance/quittance/activities/delivery"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/workflows/contract"
)

const (
	relayAtOnce    = 64               // deliveries that a process has in hand; a receiver that doesn't answer keeps one for 15 s
	relayEvery     = 5 * time.Second  // how often the outbox is looked at when nobody says that something is due: what a worker that died had in hand
	relayPauses    = 15 * time.Second // at most, after a failure
	relayPostpones = time.Second      // what has no turn
	relayPatience  = 18 * time.Second // for one delivery, within the 20 s for which the outbox lends it
)

// Outbox holds the deliveries that wait for their turn, see *postgres.Store.
type Outbox interface {
	OnDeliveriesDue(ctx context.Context, every time.Duration, work func(context.Context) error) error
	TakeDeliveries(ctx context.Context, most delivery.Most) ([]delivery.Due, error)
	DeliveryStarted(ctx context.Context, d delivery.Due) error
	PostponeDelivery(ctx context.Context, d delivery.Due, by time.Duration) error
}

// Relay makes the first attempt at every delivery whose turn has come, and starts a workflow for what did not arrive. Events are put
// into the outbox by the transaction that writes them, and stay there until their delivery has ended, so none is lost: a relay may die
// at any point, and any number of them may run. What was sent and not noted is sent again, with the same id.
type Relay struct {
	Outbox Outbox
	// Attempt is steps.FirstAttempt, and Deliver contract.Commands.Deliver.
	Attempt func(context.Context, contract.DeliverEvent) (done bool, first *contract.FirstAttempt, err error)
	Deliver func(context.Context, delivery.Due, *contract.FirstAttempt) error
	Most    func(hands int) delivery.Most // see steps.Turns
	Logger  *slog.Logger

	hands   chan struct{} // holds one for each delivery in hand
	inHand  sync.WaitGroup
	looking atomic.Bool   // somebody will look again in a moment
	again   chan struct{} // it is time to
}

// Run works until ctx ends, and until what is in hand then has been seen off. When Postgres or Temporal is away it waits for them.
func (r *Relay) Run(ctx context.Context) {
	r.hands, r.again = make(chan struct{}, relayAtOnce), make(chan struct{}, 1)
	defer r.inHand.Wait()
	r.inHand.Go(func() { r.lookAgain(ctx) }) // so that nothing is taken in hand once nobody waits for it
	pause := time.Second
	for {
		began := time.Now()
		err := r.Outbox.OnDeliveriesDue(ctx, relayEvery, r.look)
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

// lookAgain looks once more for what was postponed, of which nobody tells.
func (r *Relay) lookAgain(ctx context.Context) {
	for {
		select {
		case <-r.again:
			if err := r.look(ctx); err != nil && ctx.Err() == nil {
				r.Logger.WarnContext(ctx, "webhook relay failed", "retry_in", relayEvery, "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// look takes in hand what is due, as much as there are hands and turns for.
func (r *Relay) look(ctx context.Context) error {
	for {
		free := r.free(ctx)
		if free == 0 {
			return ctx.Err()
		}
		most := r.Most(free)
		due, err := r.Outbox.TakeDeliveries(ctx, most)
		for range free - len(due) {
			<-r.hands
		}
		for _, d := range due {
			r.inHand.Go(func() {
				defer func() { <-r.hands }()
				r.see(ctx, d)
			})
		}
		if len(most.FullEndpoints)+len(most.FullCompanies) > 0 {
			r.lookIn(relayPostpones)
		}
		if err != nil || len(due) < free && !more(due, most) {
			return err
		}
	}
}

// more reports whether there may be more of an endpoint or a company, of which as many were taken as may be.
func more(due []delivery.Due, most delivery.Most) bool {
	of := map[string]int{}
	for _, d := range due {
		of[d.EndpointID]++
		of[d.CompanyID]++
		if of[d.EndpointID] == most.OfEndpoint || of[d.CompanyID] == most.OfCompany {
			return true
		}
	}
	return false
}

// lookIn has somebody look again in a moment.
func (r *Relay) lookIn(moment time.Duration) {
	if !r.looking.CompareAndSwap(false, true) {
		return
	}
	time.AfterFunc(moment, func() {
		r.looking.Store(false)
		select {
		case r.again <- struct{}{}:
		default:
		}
	})
}

// free waits for a free hand, and returns how many there are. They are taken.
func (r *Relay) free(ctx context.Context) (hands int) {
	select {
	case r.hands <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for hands = 1; hands < relayAtOnce; hands++ {
		select {
		case r.hands <- struct{}{}:
		default:
			return hands
		}
	}
	return hands
}

// see sees to one delivery. What goes wrong comes back to the outbox by itself.
func (r *Relay) see(ctx context.Context, d delivery.Due) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), relayPatience)
	defer cancel()
	err := r.deliver(ctx, d)
	if errors.Is(err, steps.ErrNoTurn) {
		err = r.Outbox.PostponeDelivery(ctx, d, relayPostpones)
		r.lookIn(relayPostpones)
	}
	if err != nil {
		r.Logger.WarnContext(ctx, "a webhook waits", "event", d.EventID, "endpoint", d.EndpointID, "error", err)
	}
}

func (r *Relay) deliver(ctx context.Context, d delivery.Due) error {
	var first *contract.FirstAttempt
	if !d.Again {
		done, made, err := r.Attempt(ctx, contract.DeliverEvent{CompanyID: d.CompanyID, EventID: d.EventID, EndpointID: d.EndpointID})
		switch {
		case done || errors.Is(err, steps.ErrNoTurn):
			return err
		case err != nil: // the workflow tries as long as it takes
			r.Logger.WarnContext(ctx, "a webhook could not be tried", "event", d.EventID, "endpoint", d.EndpointID, "error", err)
		}
		first = made
	}
	if err := r.Deliver(ctx, d, first); err != nil {
		return errors.Join(errors.New("a webhook could not be started"), err)
	}
	return r.Outbox.DeliveryStarted(ctx, d)
}
