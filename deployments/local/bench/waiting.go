package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// waiting measures what invoices cost that nobody pays: that only wait, and one in ten whose payer opened the payment page and
// left.
func (t *town) waiting(ctx context.Context, progress io.Writer) ([]figure, error) {
	_, _ = fmt.Fprintf(progress, "opening %d invoices\n", *openInvoices)
	drafts, err := t.drafts(ctx, "O", *openInvoices)
	if err != nil {
		return nil, err
	}
	before, err := t.weigh(ctx)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	group, grouped := errgroup.WithContext(ctx)
	group.SetLimit(payers)
	for i := range drafts {
		group.Go(func() error {
			err := t.call(grouped, http.MethodPost, "/invoices/"+drafts[i].ID+"/issue", nil, &drafts[i])
			if err == nil && i%10 == 0 {
				_, err = t.click(grouped, drafts[i])
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	took := time.Since(begun)
	after, err := t.weigh(ctx)
	if err != nil {
		return nil, err
	}
	var parts []string
	for _, part := range slices.Sorted(maps.Keys(after.bytes)) {
		parts = append(parts, fmt.Sprintf("%s %+.1f KiB", part, float64(after.bytes[part]-before.bytes[part])/1024/float64(*openInvoices)))
	}
	resting, err := t.gauge.read(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(restFor):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	rested, err := t.gauge.read(ctx)
	if err != nil {
		return nil, err
	}
	idle := lap{all: make([]timing, int(restFor.Seconds())), used: rested.since(resting)} // a second is to it what a payment is to a lap
	return []figure{
		{what: fmt.Sprintf("each of %d open invoices", *openInvoices), measured: strings.Join(parts, ", ")},
		{what: fmt.Sprintf("%d open invoices, one in ten with a payment page", *openInvoices), measured: fmt.Sprintf("%d timers, %d tasks in all queues, issued at %.1f a second",
			after.timers-before.timers, after.tasks, float64(*openInvoices)/took.Seconds())},
		idle.cpu("a second in which they all wait"),
	}, nil
}

// restFor is for how long it is measured what waiting costs.
const restFor = 10 * time.Second

// weight is what the parts hold at a moment.
type weight struct {
	bytes         map[string]int64 // memory by part, and what is on disk by database
	timers, tasks int64            // in Temporal's persistence
}

func (t *town) weigh(ctx context.Context) (weight, error) {
	w := weight{bytes: map[string]int64{}}
	for part, pid := range t.gauge.processes {
		resident, err := memoryOf(pid)
		if err != nil {
			return w, err
		}
		w.bytes["memory of "+part] = resident
	}
	for _, database := range []string{productDatabase, temporalDatabase, visibilityDatabase} {
		var size int64
		if err := t.gauge.postgres.QueryRow(ctx, "select pg_database_size($1)", database).Scan(&size); err != nil {
			return w, err
		}
		w.bytes["disk of "+database] = size
	}
	conn, err := pgx.Connect(ctx, t.stack.PostgresURL(temporalDatabase))
	if err != nil {
		return w, err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, "select (select count(*) from timer_tasks), (select count(*) from transfer_tasks) + (select count(*) from tasks)").Scan(&w.timers, &w.tasks)
	return w, err
}
