package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	webhookCPUBar        = 1.4 // times as much as without webhooks, at most
	webhookStatementsBar = 1.1
	eventsOfAPayment     = 4
)

// webhooks measures what payments cost whose company is told of each event, beside those of which nobody is told. It ends once all has
// arrived.
func (t *town) webhooks(ctx context.Context, progress io.Writer) (figures []figure, err error) {
	_, _ = fmt.Fprintln(progress, "paying with webhooks beside without")
	var arrived atomic.Int64
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	receiver := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		w.WriteHeader(http.StatusNoContent)
	})}
	go func() { _ = receiver.Serve(listener) }()
	defer func() { err = errors.Join(err, receiver.Close()) }()
	var endpoint struct{ ID string }
	if err := t.call(ctx, http.MethodPost, "/webhook-endpoints", map[string]any{"url": "http://" + listener.Addr().String()}, &endpoint); err != nil {
		return nil, err
	}
	var with, without lap
	for round := range rounds {
		for told, l := range map[bool]*lap{true: &with, false: &without} {
			if err := t.call(ctx, http.MethodPatch, "/webhook-endpoints/"+endpoint.ID, map[string]any{"enabled": told}, nil); err != nil {
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
	if err := t.call(ctx, http.MethodDelete, "/webhook-endpoints/"+endpoint.ID, nil, nil); err != nil {
		return nil, err
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
