package simulator_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

const (
	patience  = 10 * time.Second
	pollEvery = 5 * time.Millisecond
)

var zurich = func() *time.Location {
	location, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		panic(err)
	}
	return location
}()

// movableWorld has a clock that the test sets.
func movableWorld(t *testing.T, start time.Time) (w *world, set func(time.Time)) {
	t.Helper()
	var now atomic.Pointer[time.Time]
	set = func(to time.Time) { now.Store(&to) }
	set(start)
	return newWorld(t, simulator.Options{Now: func() time.Time { return *now.Load() }}), set
}

func (w *world) report(query saferpay.ReportQuery) saferpay.Report {
	w.t.Helper()
	report, err := w.Transactions(w.t.Context(), demo, "r", query)
	require.NoError(w.t, err)
	return report
}

func TestTheReportTellsYesterdayFromToday(t *testing.T) {
	t.Parallel()
	yesterday := time.Date(2026, 7, 1, 0, 0, 0, 0, zurich)
	w, set := movableWorld(t, yesterday.Add(23*time.Hour+58*time.Minute))
	captureID := w.captured()
	w.refund(captureID, "8.00")
	w.paidPage("9010403153150003")
	declined := w.open(w.request("100.51"))
	w.pay(declined, byAmountCard)
	aborted := w.open(w.request("5.00"))
	w.submit(aborted, "abort", nil)
	pending := w.open(w.request("66.15"))
	w.pay(pending, "twint")
	set(yesterday.Add(24*time.Hour - time.Second))
	inTheLastMinute := w.authorized()
	set(yesterday.Add(24*time.Hour + time.Second))
	w.authorized()

	endOfDay := yesterday.Add(23*time.Hour + 59*time.Minute)
	_, err := w.Transactions(t.Context(), demo, "r", saferpay.ReportQuery{From: yesterday, To: yesterday.Add(24 * time.Hour)})
	refusal := requireRefusal(t, err, saferpay.NameValidationFailed)
	assert.Contains(t, refusal.Details, "EndDate: The field EndDate must be before today 00:00.")

	report := w.report(saferpay.ReportQuery{From: yesterday, To: endOfDay})
	assert.Equal(t, 2, report.Total)
	require.Len(t, report.Transactions, 2)
	paid, refund := report.Transactions[0], report.Transactions[1]
	assert.Equal(t, saferpay.StatusCaptured, paid.Status)
	assert.True(t, paid.Captured.Equal(money.MustParse("108.00", money.CHF)))
	assert.True(t, paid.Refunded && paid.LiabilityShift)
	assert.Equal(t, "12345678", paid.TerminalID)
	assert.WithinDuration(t, yesterday.Add(23*time.Hour+58*time.Minute), paid.Date, time.Second)
	assert.Equal(t, saferpay.TypeRefund, refund.Type)
	assert.Equal(t, saferpay.StatusAuthorized, refund.Status)
	assert.True(t, refund.Captured.IsZero())

	failed := w.report(saferpay.ReportQuery{From: yesterday, To: endOfDay, State: saferpay.ReportFailed}).Transactions
	require.Len(t, failed, 2, "who aborts has not tried to pay")
	assert.ElementsMatch(t, []string{"SAFERPAY", "ACQUIRER"}, []string{failed[0].Failure.DeclinedBy, failed[1].Failure.DeclinedBy})
	waiting := w.report(saferpay.ReportQuery{From: yesterday, To: endOfDay, State: saferpay.ReportPending}).Transactions
	require.Len(t, waiting, 1)
	assert.Equal(t, "CHF 66.15", waiting[0].Amount.String())

	set(yesterday.Add(49 * time.Hour))
	next := w.report(saferpay.ReportQuery{From: endOfDay, To: yesterday.Add(47 * time.Hour)})
	require.Len(t, next.Transactions, 2)
	assert.Equal(t, inTheLastMinute, next.Transactions[0].ID, "what happened in the last minute of a day shows a day later")
}

func TestTheReportComesInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	for range 5 {
		w.authorized()
	}
	w.letPass("25h")
	query := saferpay.ReportQuery{From: time.Now().Add(-72 * time.Hour), To: time.Now().Add(-24 * time.Hour), PageSize: 2}
	var seen []string
	for query.Page = 1; ; query.Page++ {
		report := w.report(query)
		assert.Equal(t, 5, report.Total)
		for _, transaction := range report.Transactions {
			seen = append(seen, transaction.ID)
		}
		if !report.More() {
			break
		}
	}
	assert.Equal(t, 3, query.Page)
	assert.Len(t, seen, 5)
	query.PageSize = 5000
	assert.Equal(t, saferpay.MaxReportPage, w.report(query).PageSize, "Saferpay shrinks what is too large")
	query.Page = 99
	assert.Empty(t, w.report(query).Transactions)
}

func TestWithATimeScaleTheReportReachesAlmostToNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{TimeScale: 86400})
	id := w.authorized()
	require.Eventually(t, func() bool {
		report := w.report(saferpay.ReportQuery{From: time.Now().Add(-time.Hour), To: time.Now()})
		return len(report.Transactions) == 1 && report.Transactions[0].ID == id
	}, patience, pollEvery)
}

func TestTheReportIsForTheCustomersOwnTerminals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	w.authorized()
	w.letPass("25h")
	query := saferpay.ReportQuery{From: time.Now().Add(-72 * time.Hour), To: time.Now().Add(-24 * time.Hour)}
	assert.Len(t, w.report(query).Transactions, 1)
	report, err := w.Transactions(t.Context(), unverified, "r", query)
	require.NoError(t, err)
	assert.Empty(t, report.Transactions)
	foreign := demo
	foreign.TerminalID = unverified.TerminalID
	_, err = w.Transactions(t.Context(), foreign, "r", query)
	requireRefusal(t, err, saferpay.NamePermissionDenied)
	w.steer("PUT", "/_sim/customers/123123", map[string]any{"features": []string{"PAYMENT_API"}})
	_, err = w.Transactions(t.Context(), demo, "r", query)
	requireRefusal(t, err, saferpay.NamePermissionDenied)
}

func TestInquireLagsAsLongAsItIsToldTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	status, _ := w.steer("PUT", "/_sim/settings", map[string]any{"inquire_lag_ms": 60000})
	require.Equal(t, http.StatusOK, status)
	by := saferpay.InquireBy{TransactionID: w.authorized()}
	_, err := w.Inquire(t.Context(), demo, call, by)
	requireRefusal(t, err, saferpay.NameTransactionNotFound)
	w.letPass("1m")
	_, err = w.Inquire(t.Context(), demo, call, by)
	require.NoError(t, err)
	status, answer := w.steer("GET", "/_sim/settings", nil)
	assert.Equal(t, http.StatusOK, status)
	assert.EqualValues(t, 60000, answer["inquire_lag_ms"])
	for _, wrong := range []any{-1, 3600001, "x"} {
		status, _ = w.steer("PUT", "/_sim/settings", map[string]any{"inquire_lag_ms": wrong})
		assert.GreaterOrEqual(t, status, 400)
	}
	for _, wrong := range []string{"", "-1h", "yesterday", "999999h"} {
		status, _ = w.steer("POST", "/_sim/age", map[string]any{"by": wrong})
		assert.Equal(t, 422, status)
	}
}

func TestTokensExpireWhenTimePasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.paidPage(goodCard)
	w.letPass("23h59m")
	_, err := w.assertPage(p)
	require.NoError(t, err)
	w.letPass("2m")
	_, err = w.assertPage(p)
	requireRefusal(t, err, saferpay.NameTokenExpired)
}
