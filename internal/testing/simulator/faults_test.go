package simulator_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

func TestAFaultLosesTheCallOrTheAnswer(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct {
		outcome  saferpay.Outcome
		captures int
	}{
		"error":           {saferpay.NotDone, 0},
		"http_500_before": {saferpay.Unknown, 0},
		"http_500_after":  {saferpay.Unknown, 1},
		"reset_before":    {saferpay.Unknown, 0},
		"reset_after":     {saferpay.Unknown, 1},
		"html_502":        {saferpay.Unknown, 0},
		"hang":            {saferpay.Unknown, 0},
		"slow":            {saferpay.Unknown, 1},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.Options{})
			id := w.authorized()
			fault := map[string]any{"operation": "Transaction/Capture", "kind": kind, "times": 1}
			if kind == "error" {
				fault["error"] = saferpay.NameRetryLater
			}
			w.arm(fault)
			impatient := saferpay.NewClient(w.url+"/api", saferpay.WithTimeout(300*time.Millisecond))
			_, err := impatient.Capture(t.Context(), demo, call, id)
			var refusal *saferpay.Error
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, c.outcome, refusal.Outcome, "%s", err)
			assert.EqualValues(t, c.captures, w.transactions()[0]["captures"])

			_, err = w.Capture(t.Context(), demo, call, id)
			if c.captures == 1 {
				requireRefusal(t, err, saferpay.NameTransactionAlreadyCaptured)
			} else {
				require.NoError(t, err, "the fault is used up")
			}
			assert.EqualValues(t, 1, w.transactions()[0]["captures"])
		})
	}
}

func TestALostAnswerToARefundMayHaveBeenARefund(t *testing.T) {
	t.Parallel()
	for kind, refunds := range map[string]int{
		"error": 0, "http_500_before": 0, "http_500_after": 1, "reset_before": 0, "reset_after": 1, "html_502": 0, "hang": 0, "slow": 1,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.Options{})
			captureID := w.captured()
			w.arm(map[string]any{"operation": "Transaction/Refund", "kind": kind, "error": saferpay.NameCommunicationTimeout})
			impatient := saferpay.NewClient(w.url+"/api", saferpay.WithTimeout(300*time.Millisecond))
			_, err := impatient.Refund(t.Context(), demo, call, refundOf(captureID, "60.00"))
			var refusal *saferpay.Error
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, saferpay.Unknown, refusal.Outcome, "%s", err)
			assert.Len(t, w.transactions(), 1+refunds)

			found, err := w.Inquire(t.Context(), demo, call, saferpay.InquireBy{OrderID: "REF1"})
			if refunds == 0 {
				requireRefusal(t, err, saferpay.NameTransactionNotFound)
				return
			}
			require.NoError(t, err, "the refund's own order id finds it")
			assert.Equal(t, saferpay.TypeRefund, found.Transaction.Type)
			_, err = w.Refund(t.Context(), demo, call, refundOf(captureID, "60.00"))
			requireRefusal(t, err, saferpay.NameAmountInvalid)
		})
	}
}

func TestEveryOperationCanFailInEveryWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	impatient := saferpay.NewClient(w.url+"/api", saferpay.WithTimeout(100*time.Millisecond))
	ctx := t.Context()
	calls := map[string]func() error{
		"PaymentPage/Initialize": func() error {
			_, err := impatient.InitializePaymentPage(ctx, demo, call, w.request("1.00"))
			return err
		},
		"PaymentPage/Assert":        func() error { _, err := impatient.AssertPaymentPage(ctx, demo, call, "x"); return err },
		"Transaction/Capture":       func() error { _, err := impatient.Capture(ctx, demo, call, "x"); return err },
		"Transaction/AssertCapture": func() error { _, err := impatient.AssertCapture(ctx, demo, call, "x"); return err },
		"Transaction/Cancel":        func() error { return impatient.Cancel(ctx, demo, call, "x") },
		"Transaction/Refund":        func() error { _, err := impatient.Refund(ctx, demo, call, refundOf("x", "1.00")); return err },
		"Transaction/AssertRefund":  func() error { _, err := impatient.AssertRefund(ctx, demo, call, "x"); return err },
		"Transaction/Inquire": func() error {
			_, err := impatient.Inquire(ctx, demo, call, saferpay.InquireBy{OrderID: "x"})
			return err
		},
		"Batch/Close":    func() error { return impatient.CloseBatch(ctx, demo, call) },
		"rest/license":   func() error { _, err := impatient.License(ctx, demo, "r"); return err },
		"rest/terminals": func() error { _, err := impatient.Terminals(ctx, demo, "r"); return err },
		"rest/transactions": func() error {
			_, err := impatient.Transactions(ctx, demo, "r", saferpay.ReportQuery{From: time.Now().Add(-72 * time.Hour), To: time.Now().Add(-48 * time.Hour)})
			return err
		},
	}
	for operation, try := range calls {
		for _, kind := range []string{"error", "http_500_before", "http_500_after", "reset_before", "reset_after", "html_502", "slow", "hang"} {
			// net/http repeats a GET on its own when a reused connection breaks, so resets need two.
			w.arm(map[string]any{"operation": operation, "kind": kind, "error": saferpay.NameRetryLater, "times": 5})
			var refusal *saferpay.Error
			require.ErrorAs(t, try(), &refusal, "%s %s", operation, kind)
			assert.Equal(t, operation, refusal.Operation)
			want := saferpay.Unknown
			if kind == "error" {
				want = saferpay.NotDone
			}
			assert.Equal(t, want, refusal.Outcome, "%s %s: %s", operation, kind, refusal)
			w.raw("DELETE", "/_sim/faults", "")
		}
	}
}

func TestASlowAnswerArrivesInTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	id := w.authorized()
	w.arm(map[string]any{"operation": "Transaction/Capture", "kind": "slow", "delay_ms": 50})
	began := time.Now()
	capture, err := w.Capture(t.Context(), demo, call, id)
	require.NoError(t, err)
	assert.NotEmpty(t, capture.ID)
	assert.GreaterOrEqual(t, time.Since(began), 50*time.Millisecond)
}

func TestFaultsHitManagementCallsAndAreForgottenOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	w.arm(map[string]any{"operation": "rest/terminals", "kind": "html_502", "times": 5})
	_, err := w.Terminal(t.Context(), demo, "r")
	require.Error(t, err)
	_, err = w.License(t.Context(), demo, "r")
	require.NoError(t, err)
	status, _ := w.raw("DELETE", "/_sim/faults", "")
	assert.Equal(t, http.StatusNoContent, status)
	_, err = w.Terminals(t.Context(), demo, "r")
	require.NoError(t, err)
}

func TestCallsAreCountedPerOperationTokenAndTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	w.arm(map[string]any{"operation": "PaymentPage/Assert", "kind": "html_502"})
	_, _ = w.assertPage(p)
	_, _ = w.assertPage(p)
	_, _ = w.Terminal(t.Context(), demo, "r")
	_, data := w.raw("GET", "/_sim/calls", "")
	var calls map[string]int
	require.NoError(t, json.Unmarshal(data, &calls))
	assert.Equal(t, map[string]int{"PaymentPage/Initialize": 1, "PaymentPage/Assert": 2, "PaymentPage/Assert/" + p.Token: 2, "rest/terminals": 1, "rest/terminals/12345678": 1}, calls)
}

func TestNotificationsFollowTheChosenMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	payAndReturn := func(means string) {
		t.Helper()
		p := w.open(w.request("108.00"))
		status, answer := w.steer("POST", "/_sim/pay", map[string]any{"redirect_url": p.RedirectURL, "means": means})
		require.Equal(t, 200, status)
		assert.EqualValues(t, 200, answer["return_status"], "%v", answer)
	}

	payAndReturn(goodCard)
	assert.ElementsMatch(t, []string{"/success", "/return"}, []string{w.arrival(), w.arrival()})
	payAndReturn("9030403153150009")
	assert.ElementsMatch(t, []string{"/fail", "/return"}, []string{w.arrival(), w.arrival()})

	w.notify(map[string]any{"mode": "before_return"})
	payAndReturn(goodCard)
	assert.Equal(t, []string{"/success", "/return"}, []string{w.arrival(), w.arrival()})

	w.notify(map[string]any{"mode": "late", "delay_ms": 100})
	payAndReturn(goodCard)
	assert.Equal(t, []string{"/return", "/success"}, []string{w.arrival(), w.arrival()})

	w.notify(map[string]any{"mode": "twice"})
	payAndReturn(goodCard)
	assert.ElementsMatch(t, []string{"/return", "/success", "/success"}, []string{w.arrival(), w.arrival(), w.arrival()})

	w.notify(map[string]any{"mode": "none"})
	payAndReturn(goodCard)
	assert.Equal(t, "/return", w.arrival())
	w.notify(map[string]any{"mode": "normal"})
	w.pay(w.open(w.request("1.00")), goodCard)
	assert.Equal(t, "/success", w.arrival(), "the next one is of the next payment")
}

func TestANotificationIsTriedThreeTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	w.failures.Store(2)
	w.authorized()
	assert.Equal(t, []string{"/success", "/success", "/success"}, []string{w.arrival(), w.arrival(), w.arrival()})
	w.failures.Store(100)
	w.notify(map[string]any{"mode": "before_return"})
	w.authorized()
	assert.Len(t, w.arrivals, 3, "and then given up")
}

func TestSteeringSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/_sim/faults", `{"operation":"Nonsense","kind":"hang"}`, 422},
		{"POST", "/_sim/faults", `{"operation":"PaymentPage/Assert","kind":"explode"}`, 422},
		{"POST", "/_sim/faults", `{"operation":"PaymentPage/Assert","kind":"error"}`, 422},
		{"POST", "/_sim/faults", `{"operation":"PaymentPage/Assert","kind":"hang","times":0}`, 422},
		{"POST", "/_sim/faults", `{"operation":"PaymentPage/Assert","kind":"hang","tims":1}`, 400},
		{"POST", "/_sim/notifications", `{"mode":"sometimes"}`, 422},
		{"POST", "/_sim/pay", `{"redirect_url":"http://elsewhere/nothing","means":"twint"}`, 404},
		{"POST", "/_sim/pay", `{"redirect_url":"` + p.RedirectURL + `","means":"4111111111111111"}`, 422},
		{"POST", "/_sim/pay", `{"redirect_url":"` + p.RedirectURL + `","action":"steal"}`, 422},
		{"POST", "/_sim/pay", `not json`, 400},
		{"PUT", "/_sim/customers/abc", `{"user":"u","password":"p"}`, 422},
		{"PUT", "/_sim/customers/5", `{"user":"API_123123_00000001","password":"p"}`, 422},
		{"POST", "/_sim/orphans", `{"customer_id":"5","terminal_id":"12345678","amount":"100","currency":"CHF"}`, 422},
		{"POST", "/_sim/orphans", `{"customer_id":"123123","terminal_id":"1","amount":"100","currency":"CHF"}`, 422},
		{"POST", "/_sim/orphans", `{"customer_id":"123123","terminal_id":"12345678","amount":"0","currency":"CHF"}`, 422},
		{"POST", "/_sim/orphans", `{"customer_id":"123123","terminal_id":"12345678","amount":"1","currency":"XXX"}`, 422},
		{"PATCH", "/_sim/transactions/nothing", `{"status":"CAPTURED"}`, 404},
	} {
		status, answer := w.raw(c.method, c.path, c.body)
		assert.Equal(t, c.status, status, "%s %s: %s", c.path, c.body, answer)
		assert.Contains(t, string(answer), `"error":"`)
	}
	assert.Empty(t, w.transactions())
}

func TestAnOrphanIsCapturedMoneyThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	for _, amount := range []any{10800, "10800", "108.00"} {
		status, _ := w.steer("POST", "/_sim/orphans", map[string]any{"customer_id": "123123", "terminal_id": "12345678", "amount": amount, "currency": "CHF", "order_id": "LOST1"})
		require.Equal(t, http.StatusCreated, status)
	}
	for _, orphan := range w.transactions() {
		assert.Equal(t, "CAPTURED", orphan["status"])
		assert.EqualValues(t, 1, orphan["captures"])
		assert.Equal(t, map[string]any{"value": "10800", "currency": "CHF"}, orphan["amount"])
	}
	found, err := w.Inquire(t.Context(), demo, call, saferpay.InquireBy{OrderID: "LOST1"})
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusCaptured, found.Transaction.Status)
}

func TestTheBooksCanBeRewrittenBehindTheMerchantsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	path := "/_sim/transactions/" + w.authorized()
	rewrite := func(to map[string]any) map[string]any {
		status, _ := w.steer("PATCH", path, to)
		require.Equal(t, http.StatusNoContent, status)
		return w.transactions()[0]
	}
	assert.Equal(t, map[string]any{"value": "10000", "currency": "CHF"}, rewrite(map[string]any{"amount": "100.00"})["amount"])
	assert.EqualValues(t, 1, rewrite(map[string]any{"status": "CAPTURED"})["captures"])
	assert.EqualValues(t, 1, rewrite(map[string]any{"status": "CAPTURED"})["captures"], "it is captured already")
	assert.Equal(t, []any{"AUTHORIZED", "", 0.0}, func(t map[string]any) []any { return []any{t["status"], t["capture_id"], t["captures"]} }(rewrite(map[string]any{"status": "AUTHORIZED"})))
	assert.Equal(t, "PENDING", rewrite(map[string]any{"status": "PENDING"})["status"], "for a provider who never decides")
	for _, wrong := range []map[string]any{{"amount": "0"}, {"status": "REFUSED"}} {
		status, _ := w.steer("PATCH", path, wrong)
		assert.Equal(t, http.StatusUnprocessableEntity, status)
	}
}
