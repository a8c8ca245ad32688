package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	webhookCPUBar        = 1.4 // times as much as without webhooks, at most
	webhookStatementsBar = 1.1
	eventsOfAPayment     = 4

	receivers  = 10
	hangingBar = 1.5 // times as late at the others while one hangs, at most
)

// webhooks measures what payments cost whose company is told of each event, beside those of which nobody is told. It ends once all has
// arrived.
func (t *town) webhooks(ctx context.Context, progress io.Writer) (figures []figure, err error) {
	_, _ = fmt.Fprintln(progress, "paying with webhooks beside without")
	var arrived atomic.Int64
	endpoint, end, err := t.receiver(ctx, func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		w.WriteHeader(http.StatusNoContent)
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	var with, without lap
	for round := range rounds {
		for told, l := range map[bool]*lap{true: &with, false: &without} {
			if err := t.call(ctx, http.MethodPatch, "/webhook-endpoints/"+endpoint, map[string]any{"enabled": told}, nil); err != nil {
				return nil, err
			}
			drafts, err := t.drafts(ctx, fmt.Sprintf("W-%d-%t", round, told), perRound)
			if err != nil {
				return nil, err
			}
			before, expected := arrived.Load(), int64(0)
			if told {
				expected = eventsOfAPayment * perRound
			}
			some, err := t.together(ctx, func(i int) (timing, error) {
				took, err := t.pay(ctx, drafts[i])
				if i == perRound-1 {
					err = errors.Join(err, until(ctx, func() bool { return arrived.Load()-before >= expected }))
				}
				return took, err
			})
			if err != nil {
				return nil, err
			}
			l.add(some)
		}
	}
	for _, f := range []struct {
		what string
		of   func(usage) float64
		bar  float64
	}{
		{"CPU of payments with webhooks, beside without", func(u usage) float64 { return u.total().Seconds() }, webhookCPUBar},
		{"Temporal's statements with webhooks, beside without", func(u usage) float64 {
			return float64(u.statements[temporalDatabase] + u.statements[visibilityDatabase])
		}, webhookStatementsBar},
	} {
		ratio := f.of(with.used) / f.of(without.used)
		figures = append(figures, figure{
			what: f.what, bar: fmt.Sprintf("at most %.1f times as much", f.bar), missed: ratio > f.bar, measured: fmt.Sprintf("%.2f times as much", ratio),
		})
	}
	return figures, nil
}

// receiver is a webhook endpoint of the demo company; end removes it.
func (t *town) receiver(ctx context.Context, handler http.HandlerFunc) (endpointID string, end func() error, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: handler}
	go func() { _ = server.Serve(listener) }()
	var endpoint struct{ ID string }
	if err := t.call(ctx, http.MethodPost, "/webhook-endpoints", map[string]any{"url": "http://" + listener.Addr().String()}, &endpoint); err != nil {
		return "", nil, errors.Join(err, server.Close())
	}
	return endpoint.ID, func() error {
		return errors.Join(t.call(context.WithoutCancel(ctx), http.MethodDelete, "/webhook-endpoints/"+endpoint.ID, nil, nil), server.Close())
	}, nil
}

// hanging measures how late events arrive at nine receivers while a tenth of the same company never answers, beside when it does.
func (t *town) hanging(ctx context.Context, progress io.Writer) (figures []figure, err error) {
	_, _ = fmt.Fprintln(progress, "telling nine receivers beside one that hangs")
	var mu sync.Mutex
	var late []timing
	var hangs atomic.Bool
	over := make(chan struct{})
	for i := range receivers {
		_, end, failed := t.receiver(ctx, func(w http.ResponseWriter, r *http.Request) {
			var event struct {
				At time.Time `json:"at"`
			}
			if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			switch {
			case i > 0:
				mu.Lock()
				late = append(late, timing{paid: time.Since(event.At)})
				mu.Unlock()
			case hangs.Load():
				<-over
			}
			w.WriteHeader(http.StatusNoContent)
		})
		if failed != nil {
			return nil, failed
		}
		defer func() { err = errors.Join(err, end()) }()
	}
	defer close(over)
	lateness := map[bool]time.Duration{}
	for _, hanging := range []bool{false, true} {
		hangs.Store(hanging)
		drafts, err := t.drafts(ctx, fmt.Sprint("H-", hanging), perRound)
		if err != nil {
			return nil, err
		}
		if _, err := t.together(ctx, func(i int) (timing, error) { return t.pay(ctx, drafts[i]) }); err != nil {
			return nil, err
		}
		if err := until(ctx, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(late) >= (receivers-1)*eventsOfAPayment*perRound
		}); err != nil {
			return nil, err
		}
		mu.Lock()
		lateness[hanging] = percentile(late, func(t timing) time.Duration { return t.paid }, .95)
		late = nil
		mu.Unlock()
	}
	ratio := lateness[true].Seconds() / lateness[false].Seconds()
	return []figure{{
		what: "webhooks of nine receivers beside one that hangs, p95", bar: fmt.Sprintf("at most %.1f times as late", hangingBar), missed: ratio > hangingBar,
		measured: fmt.Sprintf("%s to %s: %.2f times as late", lateness[true].Round(time.Millisecond), lateness[false].Round(time.Millisecond), ratio),
	}}, nil
}

// until waits until something holds.
func until(ctx context.Context, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !holds() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return errors.New("not all webhooks arrived within a minute")
		}
	}
	return nil
}
