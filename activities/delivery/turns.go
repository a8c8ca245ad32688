package delivery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/share"
	"github.com/quittance/quittance/workflows/contract"
)

// How many attempts are in flight at once in this process. A receiver that doesn't answer keeps each for 15 s.
const (
	atEndpoint = 4
	ofCompany  = 8
	// shortWait is how long an attempt waits for its turn here. It waits for longer at Temporal, where it takes no room from others.
	shortWait = time.Second
	longWait  = time.Minute
)

// Turns are whose attempt it is. All attempts of a process share one.
type Turns struct{ endpoints, companies share.Share }

// NewTurns returns turns for the attempts of one process.
func NewTurns() *Turns {
	return &Turns{
		endpoints: share.Share{Each: atEndpoint, Waiting: 2 * atEndpoint},
		companies: share.Share{Each: ofCompany, Waiting: 2 * ofCompany},
	}
}

// Most says of whom a process that has so many hands free may take deliveries.
func (t *Turns) Most(hands int) delivery.Most {
	return delivery.Most{
		Together: hands, OfEndpoint: atEndpoint, OfCompany: ofCompany, FullEndpoints: t.endpoints.Full(), FullCompanies: t.companies.Full(),
	}
}

// take waits for the turn of an attempt, and returns what ends it. Without one, it is *activities.BusyError.
func (t *Turns) take(ctx context.Context, ref contract.DeliverEvent) (end func(), err error) {
	end, whose, most := t.takeWithin(ctx, ref, shortWait)
	if end == nil {
		return nil, busy(ctx, whose, most)
	}
	return end, nil
}

// takeWithin returns what ends the turn, or whose attempts, of how many at once, leave none.
func (t *Turns) takeWithin(ctx context.Context, ref contract.DeliverEvent, patience time.Duration) (end func(), whose string, most int) {
	endEndpoint, ok := t.endpoints.Take(ctx, ref.EndpointID, patience)
	if !ok {
		return nil, "endpoint", atEndpoint
	}
	endCompany, ok := t.companies.Take(ctx, ref.CompanyID, patience)
	if !ok {
		endEndpoint()
		return nil, "company", ofCompany
	}
	return func() {
		endCompany()
		endEndpoint()
	}, "", 0
}

// busy comes back after a second, and after twice as long each time, up to a minute.
func busy(ctx context.Context, whose string, most int) error {
	again := min(shortWait<<min(activity.GetInfo(ctx).Attempt-1, 10), longWait)
	return &activities.BusyError{
		What:  fmt.Sprintf("%d attempts of this %s are in flight: this one has its turn later", most, whose),
		After: again/2 + rand.N(again), //nolint:gosec // so that not all come back together
	}
}
