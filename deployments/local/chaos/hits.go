package main

import (
	"context"
	"log/slog"
	"maps"
	"sync"
)

// hits counts the faults that really happened. Of Saferpay's, which wait for their call, the simulator's log says so.
type hits struct {
	mu    sync.Mutex
	count map[string]int
}

func newHits() *hits { return &hits{count: map[string]int{}} }

func (h *hits) add(kind string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count[kind]++
}

func (h *hits) all() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.count)
}

// Enabled implements slog.Handler.
func (h *hits) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (h *hits) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "simulator fault fired" {
		return nil
	}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "kind" {
			h.add(ofSaferpay + a.Value.String())
		}
		return true
	})
	return nil
}

// WithAttrs implements slog.Handler.
func (h *hits) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup implements slog.Handler.
func (h *hits) WithGroup(string) slog.Handler { return h }
