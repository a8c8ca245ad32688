package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/deployments/local/stack"
)

const (
	noisyLines = 30_000 // of the payout that the noisy company reads over and over
	noiseBar   = 1.5    // times as long as alone, at most, for who uses the same machine
)

// noise measures what a company waits while another does all that it may: it reads the longest lists and exports again and again, on
// many connections, and issues invoices of which twenty receivers are told that never answer.
func (t *town) noise(ctx context.Context, progress io.Writer) (figures []figure, err error) {
	_, _ = fmt.Fprintln(progress, "paying beside a noisy company")
	noisy, end, err := t.noisy(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	var alone, beside []timing
	var loudly time.Duration
	for round := range rounds {
		drafts, err := t.drafts(ctx, fmt.Sprint("Q-", round), 2*perRound)
		if err != nil {
			return nil, err
		}
		some, err := t.quietly(ctx, drafts[:perRound])
		if err != nil {
			return nil, err
		}
		alone = append(alone, some...)
		loud, quieten := context.WithCancel(ctx)
		making, _ := errgroup.WithContext(ctx)
		noisy.make(loud, making)
		began := time.Now()
		some, err = t.quietly(ctx, drafts[perRound:])
		loudly += time.Since(began)
		quieten()
		if err := errors.Join(err, making.Wait()); err != nil {
			return nil, err
		}
		beside = append(beside, some...)
	}
	for _, step := range []struct {
		what string
		of   func(timing) time.Duration
	}{{"Pay now", func(t timing) time.Duration { return t.payNow }}, {"notification to paid", func(t timing) time.Duration { return t.paid }}} {
		a, b := percentile(beside, step.of, .99), percentile(alone, step.of, .99)
		figures = append(figures, figure{
			what: step.what + " beside a noisy company, p99", bar: fmt.Sprintf("at most %.1f times as long as alone", noiseBar), missed: a.Seconds() > noiseBar*b.Seconds(),
			measured: fmt.Sprintf("%s to %s: %.2f times as long", a.Round(100*time.Microsecond), b.Round(100*time.Microsecond), a.Seconds()/b.Seconds()),
		})
	}
	return append(figures, figure{what: "calls of the noisy company", measured: fmt.Sprintf("%.0f a second answered, %d refused",
		float64(noisy.answered.Load())/loudly.Seconds(), noisy.refused.Load())}), nil
}

// quietly pays invoices one after the other.
func (t *town) quietly(ctx context.Context, drafts []invoice) (all []timing, err error) {
	for _, draft := range drafts {
		took, err := t.pay(ctx, draft)
		if err != nil {
			return nil, err
		}
		all = append(all, took)
	}
	return all, nil
}

// neighbour is a company beside the demo company.
type neighbour struct {
	*town
	key    string
	payout string

	answered, refused atomic.Int64 // of its calls
}

// noisy founds the company, with its long payout and its receivers.
func (t *town) noisy(ctx context.Context) (n *neighbour, end func() error, err error) {
	n = &neighbour{town: t, key: stack.AdminKey}
	hangs, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0") // it accepts connections, and nobody reads them
	if err != nil {
		return nil, nil, err
	}
	end = hangs.Close
	var company struct{ ID string }
	if err := n.ask(ctx, http.MethodPost, "/companies", "application/json", `{"name":"Noisy SA","language":"fr","canton":"VD"}`, &company); err != nil {
		return nil, end, err
	}
	var key struct{ Key string }
	if err := n.ask(ctx, http.MethodPost, "/companies/"+company.ID+"/api-keys", "application/json", `{"scopes":["read","write"]}`, &key); err != nil {
		return nil, end, err
	}
	n.key = key.Key
	for i := range 20 {
		if err := n.ask(ctx, http.MethodPost, "/webhook-endpoints", "application/json", fmt.Sprintf(`{"url":"http://%s/%d","events":["invoice.opened"]}`, hangs.Addr(), i), nil); err != nil {
			return nil, end, err
		}
	}
	var file strings.Builder
	file.WriteString("payout_reference,payout_date,type,order_id,currency,gross,fee,net\n")
	for i := range noisyLines {
		_, _ = fmt.Fprintf(&file, "WL-1,2026-01-05,payment,%026d,CHF,10.00,0.20,9.80\n", i)
	}
	if err := n.ask(ctx, http.MethodPost, "/settlements", "text/csv", file.String(), nil); err != nil {
		return nil, end, err
	}
	var payouts struct{ Data []struct{ ID string } }
	if err := n.ask(ctx, http.MethodGet, "/payouts?limit=1", "", "", &payouts); err != nil {
		return nil, end, err
	}
	if len(payouts.Data) == 0 {
		return nil, end, errors.New("the long file tells no payout")
	}
	n.payout = payouts.Data[0].ID
	return n, end, nil
}

// ask sends a call; into may be nil.
func (n *neighbour) ask(ctx context.Context, method, path, contentType, body string, into any) error {
	return n.callAs(ctx, n.key, method, path, contentType, strings.NewReader(body), into)
}

// make makes noise until ctx ends: sixteen callers at once. What is refused because it is too much is part of it.
func (n *neighbour) make(ctx context.Context, group *errgroup.Group) {
	again := func(what func() error) {
		group.Go(func() error {
			for ctx.Err() == nil {
				switch err := what(); {
				case err == nil:
					n.answered.Add(1)
				case strings.Contains(err.Error(), "too-many-requests"):
					n.refused.Add(1)
				case ctx.Err() == nil:
					return err
				}
			}
			return nil
		})
	}
	for range 4 {
		again(func() error { return n.ask(ctx, http.MethodGet, "/payouts?limit=200", "", "", nil) })
		again(func() error { return n.ask(ctx, http.MethodGet, "/payouts/"+n.payout+"/lines?limit=200", "", "", nil) })
		again(func() error { return n.ask(ctx, http.MethodGet, "/reconciliation?limit=200", "", "", nil) })
	}
	for i := range 4 {
		var drawn int
		again(func() error {
			drawn++
			var draft invoice
			body := fmt.Sprintf(`{"number":"N-%d-%d-%d","currency":"CHF","amount":"1.00","due_date":"2099-12-31","customer":{"name":"Anne","language":"fr"}}`, time.Now().UnixNano(), i, drawn)
			if err := n.ask(ctx, http.MethodPost, "/invoices", "application/json", body, &draft); err != nil {
				return err
			}
			return n.ask(ctx, http.MethodPost, "/invoices/"+draft.ID+"/issue", "application/json", "{}", nil)
		})
	}
}
