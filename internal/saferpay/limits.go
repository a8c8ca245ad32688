package saferpay

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/quittance/quittance/internal/share"
)

// Saferpay publishes no limits but asks for fair use and may block a merchant who exceeds it. A merchant who collects
// invoices stays far below these; they are there for the day on which something of ours runs wild. They hold for all processes
// together, see Client.Among.
const (
	defaultConcurrency = 32
	defaultPerSecond   = 200
)

// WithTerminalLimits bounds what is asked of one terminal: so many calls in flight at the same time, and so many begun
// in a second, in a burst too. Both must be 1 or more. A call above the limit waits for its turn as long as its context
// allows, and is NotDone when the context ends first.
func WithTerminalLimits(concurrent, perSecond int) Option {
	return func(c *Client) { c.terminals = newTurnstiles(concurrent, perSecond) }
}

// Among says how many processes call Saferpay. Each has an equal part of what all of them may, and one call at least.
func (c *Client) Among(processes int) { c.terminals.among(max(1, processes)) }

// turnstiles hold one turnstile per terminal that was ever called; there are no more of them than merchants.
type turnstiles struct {
	concurrent, perSecond int // of all processes

	calls share.Share // in flight, by terminal

	mu    sync.Mutex
	pace  int // calls that this process may begin in a second
	paces map[string]*rate.Limiter
}

func newTurnstiles(concurrent, perSecond int) *turnstiles {
	return &turnstiles{
		concurrent: concurrent, perSecond: perSecond, calls: share.Share{Each: concurrent, Waiting: math.MaxInt}, pace: perSecond, paces: map[string]*rate.Limiter{},
	}
}

func (t *turnstiles) among(processes int) {
	t.calls.SetEach(max(1, t.concurrent/processes))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pace = max(1, t.perSecond/processes)
	for _, pace := range t.paces {
		pace.SetLimit(rate.Limit(t.pace))
		pace.SetBurst(t.pace)
	}
}

func (t *turnstiles) paceAt(terminalID string) *rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paces[terminalID] == nil {
		t.paces[terminalID] = rate.NewLimiter(rate.Limit(t.pace), t.pace)
	}
	return t.paces[terminalID]
}

// enter waits for a turn at the terminal. The caller must call leave when the call is over. The error is the context's,
// or says that the turn would come after its deadline.
func (t *turnstiles) enter(ctx context.Context, terminalID string) (leave func(), err error) {
	leave, ok := t.calls.Take(ctx, terminalID, forEver)
	if !ok {
		return nil, fmt.Errorf("no turn came for terminal %s: %w", terminalID, ctx.Err())
	}
	if err := t.paceAt(terminalID).Wait(ctx); err != nil {
		leave()
		return nil, fmt.Errorf("no turn came for terminal %s: %w", terminalID, err)
	}
	return leave, nil
}

// forEver is longer than any context of a call lasts.
const forEver = math.MaxInt64 * time.Nanosecond
