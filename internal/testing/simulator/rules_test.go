package simulator_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

// direct brings requests to a handler without a network. An aborted answer is a broken connection.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	defer func() {
		if aborted := recover(); aborted != nil {
			if aborted != http.ErrAbortHandler { //nolint:errorlint // recovered values are compared as net/http does
				panic(aborted)
			}
			err = errors.New("connection reset")
		}
	}()
	recorder := httptest.NewRecorder()
	d.handler.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// entry is a transaction in the simulator's books.
type entry struct {
	ID        string
	Type      saferpay.TransactionType
	Status    saferpay.TransactionStatus
	Amount    struct{ Value json.Number }
	CaptureID string `json:"capture_id"`
	Captures  int
	RefundOf  string `json:"refund_of"`
}

func (e entry) minor() int64 {
	n, _ := e.Amount.Value.Int64()
	return n
}

// ledger drives one simulator with random calls.
type ledger struct {
	t      *rapid.T
	sim    http.Handler
	client *saferpay.Client
}

func (l *ledger) steer(method, path string, body any) []byte {
	data, err := json.Marshal(body)
	require.NoError(l.t, err)
	recorder := httptest.NewRecorder()
	l.sim.ServeHTTP(recorder, httptest.NewRequest(method, path, bytes.NewReader(data)))
	require.Less(l.t, recorder.Code, 300, "%s %s %s: %s", method, path, data, recorder.Body)
	return recorder.Body.Bytes()
}

func (l *ledger) entries() (list []entry) {
	require.NoError(l.t, json.Unmarshal(l.steer("GET", "/_sim/transactions", nil), &list))
	return list
}

func (l *ledger) books() map[string]entry {
	books := map[string]entry{}
	for _, e := range l.entries() {
		books[e.ID] = e
	}
	return books
}

// pick draws a transaction, the oldest being 0, or one that does not exist.
func (l *ledger) pick() entry {
	entries := append(l.entries(), entry{ID: "nonsense"})
	return entries[rapid.IntRange(0, len(entries)-1).Draw(l.t, "transaction")]
}

// requireTruth checks that what the client says about a call is what happened to the books.
func (l *ledger) requireTruth(before map[string]entry, id string, err error) {
	after := l.books()
	changed := !maps.Equal(before, after)
	refusal, refused := errors.AsType[*saferpay.Error](err)
	switch {
	case err == nil:
		require.True(l.t, changed, "answered as done, but nothing was")
	case !refused:
		require.Fail(l.t, "not an *Error", "%v", err)
	case refusal.Outcome == saferpay.NotDone:
		require.False(l.t, changed, "not done, and yet the books changed: %s", err)
	case refusal.Outcome == saferpay.Done:
		require.Equal(l.t, saferpay.StatusCaptured, before[id].Status, "done before: %s", err)
		require.False(l.t, changed)
	}
	l.requireRules(before, after)
}

func (l *ledger) requireRules(before, after map[string]entry) {
	refunded := map[string]int64{}
	for id, e := range after {
		require.LessOrEqual(l.t, e.Captures, 1, "captured twice: %s", id)
		require.Equal(l.t, e.Status == saferpay.StatusCaptured, e.Captures == 1, "money moves if and only if captured: %s", id)
		if e.Type == saferpay.TypeRefund {
			require.Equal(l.t, saferpay.StatusCaptured, after[e.RefundOf].Status, "only what is captured is refunded")
			require.Equal(l.t, saferpay.TypePayment, after[e.RefundOf].Type)
			if e.Status != saferpay.StatusCanceled {
				refunded[e.RefundOf] += e.minor()
			}
		}
	}
	for id, minor := range refunded {
		require.LessOrEqual(l.t, minor, after[id].minor(), "more was refunded than paid, though the client asks for the limit")
	}
	for id, e := range before {
		now, still := after[id]
		require.True(l.t, still, "a transaction vanished")
		require.Equal(l.t, e.minor(), now.minor())
		if e.Status == saferpay.StatusCaptured || e.Status == saferpay.StatusCanceled {
			require.Equal(l.t, e, now, "what is final stays as it is")
		}
	}
}

func TestNoSequenceOfCallsBreaksTheRulesOfMoney(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		sim := simulator.New(simulator.Options{PublicURL: "http://simulator"})
		defer func() { require.NoError(rt, sim.Close()) }()
		l := &ledger{rt, sim, saferpay.NewClient("http://simulator/api", saferpay.WithTransport(direct{sim}), saferpay.WithTerminalLimits(8, 1_000_000))}
		ctx := t.Context()
		rt.Repeat(map[string]func(*rapid.T){
			"pay": func(rt *rapid.T) {
				minor := rapid.Int64Range(1, 1000).Draw(rt, "minor")
				page, err := l.client.InitializePaymentPage(ctx, demo, call, saferpay.PaymentPageRequest{
					Amount: money.FromMinor(minor, money.CHF), OrderID: fmt.Sprint("O", minor), Description: "x", ReturnURL: "http://merchant.example/",
				})
				if err == nil {
					means := rapid.SampledFrom([]string{goodCard, "twint", noShiftCard}).Draw(rt, "means")
					l.steer("POST", "/_sim/pay", map[string]any{"redirect_url": page.RedirectURL, "means": means, "return": false})
				}
			},
			"capture": func(*rapid.T) {
				e, before := l.pick(), l.books()
				_, err := l.client.Capture(ctx, demo, call, e.ID)
				l.requireTruth(before, e.ID, err)
			},
			"cancel": func(*rapid.T) {
				e, before := l.pick(), l.books()
				l.requireTruth(before, e.ID, l.client.Cancel(ctx, demo, call, e.ID))
			},
			"refund": func(rt *rapid.T) {
				e, before := l.pick(), l.books()
				minor := rapid.Int64Range(1, 1200).Draw(rt, "minor")
				_, err := l.client.Refund(ctx, demo, call, saferpay.RefundRequest{CaptureID: e.ID + "_c", Amount: money.FromMinor(minor, money.CHF)})
				l.requireTruth(before, e.ID, err)
			},
			"inquire": func(*rapid.T) {
				e := l.pick()
				found, err := l.client.Inquire(ctx, demo, call, saferpay.InquireBy{TransactionID: e.ID})
				if err == nil {
					require.Equal(l.t, e.Status, found.Transaction.Status)
					require.Equal(l.t, e.CaptureID, found.Transaction.CaptureID)
					require.Equal(l.t, e.minor(), found.Transaction.Amount.Minor())
				}
			},
			"time passes": func(*rapid.T) { l.steer("POST", "/_sim/age", map[string]any{"by": "3h"}) },
			"something breaks": func(rt *rapid.T) {
				l.steer("POST", "/_sim/faults", map[string]any{
					"operation": rapid.SampledFrom([]string{"Transaction/Capture", "Transaction/Cancel", "Transaction/Refund"}).Draw(rt, "operation"),
					"kind":      rapid.SampledFrom([]string{"error", "http_500_before", "http_500_after", "reset_before", "reset_after", "html_502"}).Draw(rt, "kind"),
					"error":     "COMMUNICATION_TIMEOUT",
				})
			},
		})
	})
}
