package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/embeddedpg"
)

const (
	rounds   = 4  // of payments and bare workflows in turn, so that what else the machine does hits both
	perRound = 60 // of each
	payers   = 6  // at once

	payNowBar = 1.5
)

// timing is how long the steps of one payment, or of one bare workflow, took for who waits for them.
type timing struct{ start, payNow, paid time.Duration }

// payments measures payments through the whole stack beside bare workflows on the same Temporal server: an invoice is made, issued and
// paid over HTTP, Saferpay's notification and the payer's return come in, Assert, Capture and booking follow.
func payments(ctx context.Context, _ *embeddedpg.Server, progress io.Writer) (figures []figure, err error) {
	folder, err := os.MkdirTemp("", "quittance-bench-stack-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	ports, err := stack.FreePorts(ctx)
	if err != nil {
		return nil, err
	}
	s, err := stack.Start(ctx, stack.Options{DataDir: folder, Ports: ports, TimeScale: 1, Progress: progress})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	temporal, err := client.DialContext(ctx, client.Options{HostPort: s.TemporalAddress(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return nil, err
	}
	defer temporal.Close()
	stop, err := serveBare(temporal)
	if err != nil {
		return nil, err
	}
	defer stop()
	shop := shop{stack: s, temporal: temporal, http: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 2 * payers},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if err := shop.connect(ctx); err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(progress, "paying %d invoices beside as many bare workflows\n", rounds*perRound)
	var paid, bare []timing
	var paidFor, bareFor time.Duration
	for round := range rounds + 1 { // the first one warms up
		some, took, err := together(ctx, func(i int) (timing, error) { return shop.pay(ctx, fmt.Sprintf("B-%d-%d", round, i)) })
		if err != nil {
			return nil, err
		}
		others, tookBare, err := together(ctx, func(i int) (timing, error) { return runBare(ctx, temporal, fmt.Sprintf("bare/%d-%d", round, i)) })
		if err != nil {
			return nil, err
		}
		if round > 0 {
			paid, bare, paidFor, bareFor = append(paid, some...), append(bare, others...), paidFor+took, bareFor+tookBare
		}
	}
	rate := func(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }
	figures = append(figures, figure{what: "payments a second, beside bare workflows", measured: fmt.Sprintf("%.1f to %.1f: %.2f times as many",
		rate(len(paid), paidFor), rate(len(bare), bareFor), rate(len(paid), paidFor)/rate(len(bare), bareFor))})
	clicked, begun := percentile(paid, func(t timing) time.Duration { return t.payNow }, .5), percentile(bare, func(t timing) time.Duration { return t.start }, .5)
	figures = append(figures, figure{
		what: "Pay now, beside a bare Update-with-Start, p50", bar: fmt.Sprintf("at most %.1f times as long", payNowBar), missed: clicked.Seconds() > payNowBar*begun.Seconds(),
		measured: fmt.Sprintf("%s to %s: %.2f times as long", clicked.Round(100*time.Microsecond), begun.Round(100*time.Microsecond), clicked.Seconds()/begun.Seconds()),
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
			a, b := percentile(paid, step.of, p.of), percentile(bare, step.of, p.of)
			figures = append(figures, figure{what: step.what + ", " + p.name, measured: fmt.Sprintf("%s to %s: %.2f times as long",
				a.Round(100*time.Microsecond), b.Round(100*time.Microsecond), a.Seconds()/b.Seconds())})
		}
	}
	own, err := shop.history(ctx, "invoice/"+shop.last)
	if err != nil {
		return nil, err
	}
	bares, err := shop.history(ctx, "bare/1-0")
	return append(figures, figure{what: "history of a payment, beside a bare workflow", measured: own + " to " + bares}), err
}

// together runs one round.
func together(ctx context.Context, one func(i int) (timing, error)) (all []timing, took time.Duration, err error) {
	all = make([]timing, perRound)
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(payers)
	begun := time.Now()
	for i := range all {
		group.Go(func() (err error) {
			all[i], err = one(i)
			return err
		})
	}
	err = group.Wait()
	return all, time.Since(begun), err
}

func percentile(all []timing, of func(timing) time.Duration, p float64) time.Duration {
	durations := make([]time.Duration, len(all))
	for i, t := range all {
		durations[i] = of(t)
	}
	slices.Sort(durations)
	return durations[int(p*float64(len(durations)-1))]
}

// shop is the demo company, as its product and its payers use it.
type shop struct {
	stack    *stack.Stack
	temporal client.Client
	http     *http.Client
	last     string // the first invoice of the last round
}

// connect makes the payment service of the simulator's verified account the default.
func (s *shop) connect(ctx context.Context) error {
	var service struct{ ID string }
	if err := s.call(ctx, http.MethodPost, "/payment-services", map[string]any{"provider": "worldline_saferpay", "environment": "test"}, &service); err != nil {
		return err
	}
	credentials := map[string]any{
		"customer_id": "123123", "terminal_id": "12345678", "api_username": "API_123123_00000001", "api_password": "Demo-Password-1",
	}
	if err := s.call(ctx, http.MethodPut, "/payment-services/"+service.ID+"/credentials", credentials, nil); err != nil {
		return err
	}
	return s.call(ctx, http.MethodPost, "/payment-services/"+service.ID+"/default", nil, nil)
}

// pay has one invoice issued and paid.
func (s *shop) pay(ctx context.Context, number string) (t timing, err error) {
	var invoice struct {
		ID  string
		URL string `json:"online_document_url"`
	}
	if err := s.call(ctx, http.MethodPost, "/invoices", map[string]any{
		"number": number, "currency": "CHF", "amount": "108.00", "due_date": "2099-12-31", "customer": map[string]any{"name": "Marie Favre", "language": "fr"},
	}, &invoice); err != nil {
		return t, err
	}
	begun := time.Now()
	if err := s.call(ctx, http.MethodPost, "/invoices/"+invoice.ID+"/issue", nil, &invoice); err != nil {
		return t, err
	}
	t.start = time.Since(begun)
	begun = time.Now()
	page, err := s.send(ctx, http.MethodPost, invoice.URL+"/pay", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"method": {"card"}}.Encode()))
	if err != nil {
		return t, err
	}
	_ = page.Body.Close()
	t.payNow = time.Since(begun)
	begun = time.Now()
	payer, err := json.Marshal(map[string]any{"redirect_url": page.Header.Get("Location"), "means": "9010003150000001"})
	if err != nil {
		return t, err
	}
	back, err := s.send(ctx, http.MethodPost, s.stack.SimulatorURL()+"/_sim/pay", "application/json", bytes.NewReader(payer))
	if err != nil {
		return t, err
	}
	_ = back.Body.Close()
	err = s.temporal.GetWorkflow(ctx, "invoice/"+invoice.ID, "").Get(ctx, nil)
	t.paid = time.Since(begun)
	if strings.HasSuffix(number, "-0") { // one of a round, so that nobody else writes it
		s.last = invoice.ID
	}
	return t, err
}

func (s *shop) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if in == nil {
		body = []byte("{}")
		if !strings.HasSuffix(path, "/issue") {
			body = nil
		}
	}
	answer, err := s.send(ctx, method, s.stack.APIURL()+"/v1"+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= http.StatusBadRequest {
		return errors.Join(err, fmt.Errorf("%s %s was answered with %d: %s", method, path, answer.StatusCode, content))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(content, out)
}

func (s *shop) send(ctx context.Context, method, to, contentType string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, to, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+stack.DemoKey)
	return s.http.Do(r)
}

// history says how long the history of a workflow is.
func (s *shop) history(ctx context.Context, workflowID string) (string, error) {
	events, size := 0, 0
	all := s.temporal.GetWorkflowHistory(ctx, workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for all.HasNext() {
		event, err := all.Next()
		if err != nil {
			return "", err
		}
		events, size = events+1, size+proto.Size(event)
	}
	return fmt.Sprintf("%d events, %d bytes", events, size), nil
}
