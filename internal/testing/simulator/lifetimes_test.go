package simulator_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

func TestATokenDiesADayAfterInitialize(t *testing.T) {
	t.Parallel()
	w, ahead := newWorldWithClock(t, simulator.Options{InquireLag: time.Minute})
	open, paid := w.open(w.request("108.00")), w.open(w.request("109.00"))
	id := w.pay(paid, goodCard).TransactionID
	_, err := w.Inquire(t.Context(), demo, call, saferpay.InquireBy{TransactionID: id})
	requireRefusal(t, err, saferpay.NameTransactionNotFound)

	ahead.Store(int64(24*time.Hour - time.Minute))
	_, err = w.assertPage(paid)
	require.NoError(t, err, "long after its Expiration")
	_, err = w.assertPage(open)
	requireRefusal(t, err, saferpay.NameTransactionNotStarted)
	ahead.Store(int64(24*time.Hour + time.Minute))
	for _, p := range []saferpay.PaymentPage{open, paid} {
		_, err = w.assertPage(p)
		requireRefusal(t, err, saferpay.NameTokenExpired)
	}
	_, err = w.Inquire(t.Context(), demo, call, saferpay.InquireBy{TransactionID: id})
	require.NoError(t, err, "the money is still there after the token's death")
}

// newWorldWithClock is newWorld with a clock that is so many nanoseconds ahead.
func newWorldWithClock(t *testing.T, options simulator.Options) (w *world, ahead *atomic.Int64) {
	t.Helper()
	ahead = &atomic.Int64{}
	options.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	return newWorld(t, options), ahead
}

func TestAPageCanBeOpenedUntilItsExpiration(t *testing.T) {
	t.Parallel()
	w, ahead := newWorldWithClock(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	ahead.Store(int64(time.Hour - time.Minute))
	status, _ := w.show(w.open(w.request("108.00")))
	assert.Equal(t, 200, status)
	ahead.Store(int64(time.Hour + time.Minute))
	status, body := w.show(p)
	assert.Equal(t, 410, status)
	assert.Contains(t, body, "expired")
	status, _, _ = w.submit(p, "pay", card(goodCard))
	assert.Equal(t, 410, status)
	status, _ = w.steer("POST", "/_sim/pay", map[string]any{"redirect_url": p.RedirectURL, "means": goodCard})
	assert.Equal(t, 410, status)
	assert.Empty(t, w.transactions())
}

func TestAPayerWhoOpenedThePageInTimeCanFinish(t *testing.T) {
	t.Parallel()
	w, ahead := newWorldWithClock(t, simulator.Options{})
	quick, slow := w.open(w.request("108.00")), w.open(w.request("109.00"))
	ahead.Store(int64(time.Hour - time.Minute))
	w.show(quick)
	w.show(slow)
	ahead.Store(int64(time.Hour + 29*time.Minute))
	status, _ := w.show(quick)
	assert.Equal(t, 410, status, "it can't be opened again")
	status, _, _ = w.submit(quick, "pay", card(goodCard))
	assert.Equal(t, 303, status)
	paid, err := w.assertPage(quick)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusAuthorized, paid.Transaction.Status)
	ahead.Store(int64(time.Hour + 31*time.Minute))
	status, _, _ = w.submit(slow, "pay", card(goodCard))
	assert.Equal(t, 410, status)
}

func TestAPageLivesTenSecondsAndItsTokenLongerHoweverFastTimePasses(t *testing.T) {
	t.Parallel()
	for scale, lives := range map[float64]struct{ page, token time.Duration }{
		1:     {time.Hour, 24 * time.Hour},
		60:    {time.Minute, 24 * time.Minute},
		3600:  {10 * time.Second, 24 * time.Second},
		86400: {10 * time.Second, 20 * time.Second},
	} {
		now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
		w := newWorld(t, simulator.Options{TimeScale: scale, Now: func() time.Time { return now }})
		p := w.open(w.request("1.00"))
		assert.Equal(t, now.Add(lives.page), p.Expiration)
		now = now.Add(lives.token)
		_, err := w.assertPage(p)
		requireRefusal(t, err, saferpay.NameTransactionNotStarted)
		now = now.Add(time.Millisecond)
		_, err = w.assertPage(p)
		requireRefusal(t, err, saferpay.NameTokenExpired)
	}
}

func TestAPageLivesAsLongAsItIsToldTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{TimeScale: 60})
	status, answer := w.steer("PUT", "/_sim/settings", map[string]any{"page_life_ms": (24 * time.Hour).Milliseconds()})
	require.Equal(t, http.StatusOK, status)
	assert.EqualValues(t, 0, answer["inquire_lag_ms"], "what is not named stays as it is")
	assert.WithinDuration(t, time.Now().Add(24*time.Minute), w.open(w.request("1.00")).Expiration, 10*time.Second)
	for _, wrong := range []any{0, 999, 86_400_001, "1h"} {
		status, _ = w.steer("PUT", "/_sim/settings", map[string]any{"page_life_ms": wrong})
		assert.GreaterOrEqual(t, status, 400)
	}
	w.steer("POST", "/_sim/reset", nil)
	_, answer = w.steer("GET", "/_sim/settings", nil)
	assert.EqualValues(t, time.Hour.Milliseconds(), answer["page_life_ms"])
}

func TestAnAssertWhileThePayerIsOnThePageIsTooEarlyWhenToldSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	status, answer := w.steer("PUT", "/_sim/settings", map[string]any{"early_assert_in_wrong_state": true})
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, true, answer["early_assert_in_wrong_state"])
	p, closed := w.open(w.request("108.00")), w.open(w.request("109.00"))
	_, err := w.assertPage(p)
	requireRefusal(t, err, saferpay.NameTransactionNotStarted) // nobody opened it
	w.show(p)
	w.steer("POST", "/_sim/pay", map[string]any{"redirect_url": closed.RedirectURL, "action": "close"})
	for _, opened := range []saferpay.PaymentPage{p, closed} {
		_, err = w.assertPage(opened)
		requireRefusal(t, err, saferpay.NameTransactionInWrongState)
	}
	w.pay(p, goodCard)
	paid, err := w.assertPage(p)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusAuthorized, paid.Transaction.Status)
	w.letPass("2h")
	_, err = w.assertPage(closed)
	requireRefusal(t, err, saferpay.NameTransactionInWrongState)

	w.steer("PUT", "/_sim/settings", map[string]any{"early_assert_in_wrong_state": false})
	_, err = w.assertPage(closed)
	requireRefusal(t, err, saferpay.NameTransactionNotStarted)
}

func TestALicenseCanBeWithoutInquire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	id := w.pay(p, goodCard).TransactionID
	w.steer("PUT", "/_sim/customers/123123", map[string]any{"features": []string{"MANAGEMENT_API", "PAYMENT_API", "REFUND", "NO_INQUIRE"}})
	for _, by := range []saferpay.InquireBy{{TransactionID: id}, {OrderID: "INV20260001"}, {OrderID: "unknown"}} {
		_, err := w.Inquire(t.Context(), demo, call, by)
		requireRefusal(t, err, saferpay.NamePermissionDenied)
	}
	capture, err := w.Capture(t.Context(), demo, call, id)
	require.NoError(t, err)
	paid, err := w.assertPage(p)
	require.NoError(t, err)
	assert.Equal(t, []any{saferpay.StatusCaptured, capture.ID}, []any{paid.Transaction.Status, paid.Transaction.CaptureID})
	license, err := w.License(t.Context(), demo, "r")
	require.NoError(t, err)
	assert.Equal(t, []string{"MANAGEMENT_API", "PAYMENT_API", "REFUND"}, license.Features)
}
