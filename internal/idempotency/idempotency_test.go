package idempotency_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/problem"
)

func TestRequestsThatDifferHaveDifferentFingerprints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (method, target, body string) {
			return rapid.SampledFrom([]string{"POST", "PUT"}).Draw(t, name+" method"),
				rapid.StringMatching(`/[a-z/?]{0,4}`).Draw(t, name+" target"), rapid.StringMatching(`[a-z0-9{}/]{0,4}`).Draw(t, name+" body")
		}
		m1, t1, b1 := draw("first")
		m2, t2, b2 := draw("second")
		same := m1 == m2 && t1 == t2 && b1 == b2
		first, second := idempotency.Fingerprint(m1, t1, []byte(b1)), idempotency.Fingerprint(m2, t2, []byte(b2))
		assert.Equal(t, same, string(first) == string(second), "%q %q", []string{m1, t1, b1}, []string{m2, t2, b2})
	})
}

func TestTheOrderOfFieldsMakesNoOtherRequest(t *testing.T) {
	of := func(body string) string { return string(idempotency.Fingerprint("POST", "/v1/invoices", []byte(body))) }
	assert.Equal(t, of(`{"a":1,"b":{"c":2,"d":3}}`), of(`{ "b": {"d":3,"c":2}, "a": 1 }`))
	for _, other := range []string{`{"a":1.0,"b":{"c":2,"d":3}}`, `{"a":"1","b":{"c":2,"d":3}}`, `{"a":1,"b":{"c":2,"d":3}} {}`, ``} {
		assert.NotEqual(t, of(`{"a":1,"b":{"c":2,"d":3}}`), of(other), other)
	}
	assert.NotEqual(t, of(`[1,2]`), of(`[2,1]`))
	assert.NotEqual(t, of(`{"a":9007199254740993}`), of(`{"a":9007199254740992}`), "digits that a float would lose")
}

func TestARequestIsCarriedOutOnceAtATimeAndAnsweredOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		first := idempotency.Request{Key: "k", Fingerprint: []byte("f"), Seed: id.NewSeed(), CreatedAt: start, TakenAt: start}
		now := start
		for range rapid.IntRange(1, 10).Draw(t, "repetitions") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, idempotency.Lease - 1, idempotency.Lease}).Draw(t, "pause"))
			if rapid.Bool().Draw(t, "answered") {
				first.Answer = &idempotency.Answer{Status: 201}
			}
			again := idempotency.Request{Key: "k", Fingerprint: []byte("f"), Seed: id.NewSeed(), CreatedAt: now, TakenAt: now}
			taken, err := first.Repeat(again)
			switch {
			case first.Answer != nil:
				require.NoError(t, err)
				assert.Equal(t, first.Answer, taken.Answer)
			case now.Sub(first.TakenAt) < idempotency.Lease:
				assert.Equal(t, problem.RequestInProgress, problem.CodeOf(err))
			default:
				require.NoError(t, err)
				assert.True(t, taken.Repeated)
				assert.Equal(t, first.Seed, taken.Seed, "it creates what the first try would have created")
				assert.Equal(t, now, taken.TakenAt)
				first = taken
			}
		}
	})
}

func TestARefusedRequestIsCarriedOutAsIfItWereTheFirst(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	again := idempotency.Request{Key: "k", Fingerprint: []byte("f"), Seed: id.NewSeed(), CreatedAt: now, TakenAt: now}
	first := idempotency.Request{Key: "k", Fingerprint: []byte("f"), Seed: id.NewSeed(), CreatedAt: now.Add(-time.Second), TakenAt: now, Refused: true}
	taken, err := first.GivenUp().Repeat(again)
	require.NoError(t, err)
	assert.False(t, taken.Repeated)
	assert.Equal(t, again.Seed, taken.Seed)
	assert.Equal(t, first.CreatedAt, taken.CreatedAt, "the key is kept for a day from its first request")

	first.Repeated = true
	taken, err = first.GivenUp().Repeat(again)
	require.NoError(t, err)
	assert.True(t, taken.Repeated, "the try before the refused one may still be done")
	assert.Equal(t, first.Seed, taken.Seed)

	again.Fingerprint = []byte("other")
	_, err = first.GivenUp().Repeat(again)
	assert.Equal(t, problem.KeyReused, problem.CodeOf(err))
}

// FuzzOnlyTheSameJSONHasTheSameFingerprint compares any body with one that is valid JSON.
func FuzzOnlyTheSameJSONHasTheSameFingerprint(f *testing.F) {
	for _, body := range []string{"", "null", `{"amount":"1.00"}`, `{"amount":"1.00"}]`, `{"amount":"1.00"}}`, `{"amount":"1.00"} {}`, ` { "amount" : "1.00" } `, `{"amount":"\u0031.00"}`, "{\"amount\":\"1.00\"}\x00"} {
		f.Add([]byte(body))
	}
	sent := []byte(`{"amount":"1.00"}`)
	want := idempotency.Fingerprint("POST", "/v1/invoices", sent)
	f.Fuzz(func(t *testing.T, body []byte) {
		got := idempotency.Fingerprint("POST", "/v1/invoices", body)
		assert.Equal(t, got, idempotency.Fingerprint("POST", "/v1/invoices", body))
		assert.NotEqual(t, got, idempotency.Fingerprint("PUT", "/v1/invoices", body))
		if bytes.Equal(got, want) {
			assert.True(t, json.Valid(body), "%q is refused, and must not be answered like %s", body, sent)
			assert.JSONEq(t, string(sent), string(body))
		}
	})
}
