package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestAllWorkersTogetherKeepTheLimitOfATerminal(t *testing.T) {
	t.Parallel()
	const limit, workers = 6, 3
	store := postgrestest.New(t)
	var inFlight, most atomic.Int32
	arrived, release := make(chan struct{}, 100), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for now := inFlight.Add(1); ; {
			if before := most.Load(); now <= before || most.CompareAndSwap(before, now) {
				break
			}
		}
		arrived <- struct{}{}
		<-release
		inFlight.Add(-1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"ResponseHeader":{"RequestId":"r"}}`)
	}))
	defer server.Close()
	var all []sharing
	for i := range workers {
		all = append(all, sharing{store: store, process: string(rune('a' + i)), log: slog.New(slog.DiscardHandler), clients: callers{
			merchant.Test: saferpay.NewClient(server.URL+"/api", saferpay.WithTerminalLimits(limit, 1000)),
		}})
	}
	look := func() {
		for range 2 { // the first ones learn of the last one when they look again
			for _, s := range all {
				require.NoError(t, s.look(t.Context()))
			}
		}
	}
	look()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var calls sync.WaitGroup
	for _, s := range all {
		for range limit {
			calls.Go(func() {
				_ = s.clients[merchant.Test].Cancel(ctx, saferpay.Credentials{CustomerID: "1", TerminalID: "12345678", Username: "u", Password: "p"},
					saferpay.Call{RequestID: "r"}, "abc")
			})
		}
	}
	for range limit {
		<-arrived
	}
	all[0].end(t.Context())
	all = all[1:]
	look() // two share it now, and each may have one more
	for range workers - 1 {
		<-arrived
	}
	assert.EqualValues(t, limit+workers-1, most.Load(), "what the first one has begun goes on")
	close(release)
	calls.Wait()
}
