package saferpay

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/time/rate"
)

// Saferpay publishes no limits but asks for fair use and may block a merchant who exceeds it. A merchant who collects
// invoices stays far below these; they are there for the day on which something of ours runs wild.
const (
	defaultConcurrency = 32
	defaultPerSecond   = 200
)

// WithTerminalLimits bounds what is asked of one terminal: so many calls in flight at the same time, and so many begun
// in a second, in a burst too. Both must be 1 or more. A call above the limit waits for its turn as long as its context
// allows, and is NotDone when the context ends first.
func WithTerminalLimits(concurrent, perSecond int) Option {
	return func(c *Client) { c.terminals = &turnstiles{concurrent: concurrent, perSecond: perSecond} }
}

// turnstiles hold one turnstile per terminal that was ever called; there are no more of them than merchants.
type turnstiles struct {
	concurrent, perSecond int

	mu         sync.Mutex
	byTerminal map[string]*turnstile // nil until the first call
}

type turnstile struct {
	slots chan struct{} // one element per call in flight
	pace  *rate.Limiter
}

func (t *turnstiles) at(terminalID string) *turnstile {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byTerminal == nil {
		t.byTerminal = map[string]*turnstile{}
	}
	if t.byTerminal[terminalID] == nil {
		t.byTerminal[terminalID] = &turnstile{make(chan struct{}, t.concurrent), rate.NewLimiter(rate.Limit(t.perSecond), t.perSecond)}
	}
	return t.byTerminal[terminalID]
}

// enter waits for a turn at the terminal. The caller must call leave when the call is over. The error is the context's,
// or says that the turn would come after its deadline.
func (t *turnstiles) enter(ctx context.Context, terminalID string) (leave func(), err error) {
	at := t.at(terminalID)
	select {
	case at.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("no turn came for terminal %s: %w", terminalID, ctx.Err())
	}
	leave = func() { <-at.slots }
	if err := at.pace.Wait(ctx); err != nil {
		leave()
		return nil, fmt.Errorf("no turn came for terminal %s: %w", terminalID, err)
	}
	return leave, nil
}
