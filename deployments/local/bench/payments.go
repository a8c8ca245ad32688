package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/internal/testing/embeddedpg"
)

const (
	rounds   = 4  // of payments and bare workflows in turn, so that what else the machine does hits both
	perRound = 60 // of each
	payers   = 6  // at once

	payNowBar = 1.0 // times as long as a bare Update-with-Start, at most
	returnBar = 1.6 // times as long as until it is booked, at most, until the return page says so
	rateBar   = 0.9 // times as many as bare workflows, at least

	statementsBar   = 95 // of Quittance for a payment, at most
	transactionsBar = 12 // in which they are
	eventsBar       = 40 // in the history of a payment, at most
	transitionsBar  = 17 // of its workflow's state, see docs/speed.md
)

// timing is how long the steps of one payment, or of one bare workflow, took for who waits for them: from paying until the return page is
// shown, and until the workflow has ended.
type timing struct{ start, payNow, returned, paid time.Duration }

// atTown measures what takes a whole stack.
func atTown(ctx context.Context, _ *embeddedpg.Server, progress io.Writer) (figures []figure, err error) {
	t, err := found(ctx, progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.leave()) }()
	return parts{
		{"payments", t.payments}, {"reads", t.reads}, {"webhooks", t.webhooks}, {"hanging", t.hanging}, {"waiting", t.waiting}, {"noise", t.noise}, {"idle", t.idle},
	}.measure(ctx, progress)
}

// payments measures payments through the whole stack beside bare workflows on the same Temporal server: an invoice is made, issued and
// paid over HTTP, Saferpay's notification and the payer's return come in, Assert, Capture and booking follow. API and worker are
// processes of their own; Temporal, the simulator and the workers of the bare workflows are in this one.
func (t *town) payments(ctx context.Context, progress io.Writer) (figures []figure, err error) {
	plain, tuned := bare{queue: "plain"}, bare{queue: "tuned", local: true}
	for _, b := range []bare{plain, tuned} {
		stop, err := b.serve(t.temporal)
		if err != nil {
			return nil, err
		}
		defer stop()
	}
	_, _ = fmt.Fprintf(progress, "paying %d invoices beside twice as many bare workflows\n", rounds*perRound)
	var paid, plainly, tunedly lap
	var drafts []invoice
	for round := range rounds + 1 { // the first one warms up
		if drafts, err = t.drafts(ctx, fmt.Sprint("B-", round), perRound); err != nil {
			return nil, err
		}
		for _, of := range []struct {
			lap *lap
			one func(i int) (timing, error)
		}{
			{&paid, func(i int) (timing, error) { return t.pay(ctx, drafts[i]) }},
			{&plainly, func(i int) (timing, error) { return plain.run(ctx, t.temporal, fmt.Sprintf("plain/%d-%d", round, i)) }},
			{&tunedly, func(i int) (timing, error) { return tuned.run(ctx, t.temporal, fmt.Sprintf("tuned/%d-%d", round, i)) }},
		} {
			some, err := t.together(ctx, of.one)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				of.lap.add(some)
			}
		}
		if round == 0 {
			if err := t.analyze(ctx); err != nil {
				return nil, err
			}
		}
	}
	figures = append(figures, figure{
		what: "payments a second, beside bare workflows", bar: fmt.Sprintf("at least %.1f times as many", rateBar), missed: paid.rate() < rateBar*plainly.rate(),
		measured: fmt.Sprintf("%.1f to %.1f: %.2f times as many", paid.rate(), plainly.rate(), paid.rate()/plainly.rate()),
	}, figure{
		what:     "payments a second, beside bare workflows with local activities",
		measured: fmt.Sprintf("%.1f to %.1f: %.2f times as many", paid.rate(), tunedly.rate(), paid.rate()/tunedly.rate()),
	})
	clicked, begun := percentile(paid.all, func(t timing) time.Duration { return t.payNow }, .5), percentile(plainly.all, func(t timing) time.Duration { return t.start }, .5)
	figures = append(figures, figure{
		what: "Pay now, beside a bare Update-with-Start, p50", bar: fmt.Sprintf("at most %.1f times as long", payNowBar), missed: clicked.Seconds() > payNowBar*begun.Seconds(),
		measured: fmt.Sprintf("%s to %s: %.2f times as long", clicked.Round(100*time.Microsecond), begun.Round(100*time.Microsecond), clicked.Seconds()/begun.Seconds()),
	})
	shown, booked := percentile(paid.all, func(t timing) time.Duration { return t.returned }, .5), percentile(paid.all, func(t timing) time.Duration { return t.paid }, .5)
	figures = append(figures, figure{
		what: "return page, beside the end of the payment, p50", bar: fmt.Sprintf("at most %.1f times as long", returnBar), missed: shown.Seconds() > returnBar*booked.Seconds(),
		measured: fmt.Sprintf("%s to %s: %.2f times as long", shown.Round(100*time.Microsecond), booked.Round(100*time.Microsecond), shown.Seconds()/booked.Seconds()),
	})
	for _, step := range []struct {
		what string
		of   func(timing) time.Duration
	}{
		{"issue, beside a bare Update-with-Start", func(t timing) time.Duration { return t.start }},
		{"Pay now, beside a bare update", func(t timing) time.Duration { return t.payNow }},
		{"notification to paid, beside signal to done", func(t timing) time.Duration { return t.paid }},
	} {
		for _, p := range []struct {
			name string
			of   float64
		}{{"p50", .5}, {"p95", .95}, {"p99", .99}} {
			a, b := percentile(paid.all, step.of, p.of), percentile(plainly.all, step.of, p.of)
			figures = append(figures, figure{what: step.what + ", " + p.name, measured: fmt.Sprintf("%s to %s: %.2f times as long",
				a.Round(100*time.Microsecond), b.Round(100*time.Microsecond), a.Seconds()/b.Seconds())})
		}
	}
	own, err := t.history(ctx, "invoice/"+drafts[0].ID)
	if err != nil {
		return nil, err
	}
	others, err := t.history(ctx, "plain/1-0")
	if err != nil {
		return nil, err
	}
	return append(figures, figure{
		what: "history of a payment, beside a bare workflow", bar: fmt.Sprintf("at most %d events, %d transitions", eventsBar, transitionsBar), missed: own.events > eventsBar || own.transitions > transitionsBar,
		measured: own.String() + " to " + others.String(),
	}, paid.statements(), paid.cpu("a payment"), plainly.cpu("a bare workflow")), nil
}

// lap is what rounds of one kind came to.
type lap struct {
	all  []timing
	took time.Duration
	used usage
}

func (l *lap) add(other lap) {
	l.all, l.took, l.used = append(l.all, other.all...), l.took+other.took, other.used.plus(l.used)
}

func (l *lap) rate() float64 { return float64(len(l.all)) / l.took.Seconds() }

// statements tells what each payment asks of Postgres.
func (l *lap) statements() figure {
	per := func(n int64) float64 { return float64(n) / float64(len(l.all)) }
	product, temporal := l.used.statements[productDatabase], l.used.statements[temporalDatabase]+l.used.statements[visibilityDatabase]
	asked, commits := per(product), per(l.used.commits[productDatabase])
	return figure{
		what: "Postgres statements of a payment", bar: fmt.Sprintf("at most %d of Quittance in %d", statementsBar, transactionsBar), missed: asked > statementsBar || commits > transactionsBar,
		measured: fmt.Sprintf("%.0f of Quittance in %.0f transactions, %.0f of Temporal", asked, commits, per(temporal)),
	}
}

// cpu tells where the time of each goes.
func (l *lap) cpu(of string) figure {
	var parts []string
	var sum time.Duration
	for _, part := range slices.Sorted(maps.Keys(l.used.cpu)) {
		each := l.used.cpu[part] / time.Duration(len(l.all))
		sum += each
		parts = append(parts, fmt.Sprintf("%s %s", part, each.Round(100*time.Microsecond)))
	}
	return figure{what: "CPU of " + of, measured: fmt.Sprintf("%s: %s", sum.Round(100*time.Microsecond), strings.Join(parts, ", "))}
}

// together runs one round.
func (t *town) together(ctx context.Context, one func(i int) (timing, error)) (l lap, err error) {
	before, err := t.gauge.read(ctx)
	if err != nil {
		return l, err
	}
	l.all = make([]timing, perRound)
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(payers)
	begun := time.Now()
	for i := range l.all {
		group.Go(func() (err error) {
			l.all[i], err = one(i)
			return err
		})
	}
	err = group.Wait()
	l.took = time.Since(begun)
	after, failed := t.gauge.read(ctx)
	l.used = after.since(before)
	return l, errors.Join(err, failed)
}

func percentile(all []timing, of func(timing) time.Duration, p float64) time.Duration {
	durations := make([]time.Duration, len(all))
	for i, t := range all {
		durations[i] = of(t)
	}
	slices.Sort(durations)
	return durations[int(p*float64(len(durations)-1))]
}
