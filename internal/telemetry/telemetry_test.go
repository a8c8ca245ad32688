package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/telemetry"
)

func get(t *testing.T, handler http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return recorder
}

func metrics(t *testing.T) *telemetry.Metrics {
	t.Helper()
	m, err := telemetry.NewMetrics()
	require.NoError(t, err)
	return m
}

func TestLogLinesHaveTheConfiguredFormAndLevel(t *testing.T) {
	t.Parallel()
	var text, structured bytes.Buffer
	telemetry.NewLogger(&text, config.Log{Format: "text", Level: slog.LevelWarn}).Info("The invoice is paid.")
	assert.Empty(t, text.String(), "below the level")
	telemetry.NewLogger(&text, config.Log{Format: "text", Level: slog.LevelInfo}).Info("The invoice is paid.", "invoice", "inv_1")
	assert.Contains(t, text.String(), `level=INFO msg="The invoice is paid." invoice=inv_1`)
	telemetry.NewLogger(&structured, config.Log{Format: "json", Level: slog.LevelInfo}).Info("The invoice is paid.", "invoice", "inv_1")
	assert.Contains(t, structured.String(), `"msg":"The invoice is paid.","invoice":"inv_1"`)
}

func TestRequestsAreCountedByRouteAndNeverByPath(t *testing.T) {
	t.Parallel()
	m := metrics(t)
	router := chi.NewRouter()
	router.Use(m.Middleware, middleware.Recoverer)
	router.Get("/v1/invoices/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	router.Get("/i/{token}", func(http.ResponseWriter, *http.Request) {})
	router.Post("/v1/invoices", func(http.ResponseWriter, *http.Request) { panic("a bug") })

	get(t, router, http.MethodGet, "/v1/invoices/inv_1")
	get(t, router, http.MethodGet, "/v1/invoices/inv_2")
	get(t, router, http.MethodGet, "/i/secret-token")
	get(t, router, http.MethodPost, "/v1/invoices")
	get(t, router, http.MethodGet, "/wp-login.php")
	get(t, router, "BREW", "/coffee")

	page := get(t, m.Handler(), http.MethodGet, "/metrics").Body.String()
	for _, line := range []string{
		`http_request_duration_seconds_count{method="GET",route="/v1/invoices/{id}",status="404"} 2`,
		`http_request_duration_seconds_count{method="GET",route="/i/{token}",status="200"} 1`,
		`http_request_duration_seconds_count{method="POST",route="/v1/invoices",status="500"} 1`,
		`http_request_duration_seconds_count{method="GET",route="none",status="404"} 1`,
		`http_request_duration_seconds_count{method="other",route="none",status="405"} 1`,
	} {
		assert.Contains(t, page, line)
	}
	for _, leak := range []string{"secret-token", "inv_1", "wp-login", "BREW"} {
		assert.NotContains(t, page, leak)
	}
}

func TestRequestsOutsideOfARouterAreCountedToo(t *testing.T) {
	t.Parallel()
	m := metrics(t)
	get(t, m.Middleware(http.HandlerFunc(telemetry.Healthz)), http.MethodGet, "/healthz")
	assert.Contains(t, get(t, m.Handler(), http.MethodGet, "/metrics").Body.String(), `{method="GET",route="none",status="200"} 1`)
}

func TestTheTemporalClientReportsToTheSamePage(t *testing.T) {
	t.Parallel()
	m := metrics(t)
	handler := m.Temporal().WithTags(map[string]string{"task_queue": "payments"})
	handler.Counter("temporal_workflow_completed").Inc(3)
	handler.Gauge("temporal_worker_task_slots_available").Update(7)
	handler.Timer("temporal_activity_execution_latency").Record(20 * time.Millisecond)
	// The SDK reports the same metric with more labels from elsewhere.
	m.Temporal().WithTags(map[string]string{"task_queue": "payments", "workflow_type": "Refund"}).Counter("temporal_workflow_completed").Inc(1)

	page := get(t, m.Handler(), http.MethodGet, "/metrics").Body.String()
	assert.Regexp(t, `temporal_workflow_completed_total\{task_queue="payments"\} 3`, page)
	assert.Regexp(t, `temporal_workflow_completed_total\{task_queue="payments",workflow_type="Refund"\} 1`, page)
	assert.Regexp(t, `temporal_worker_task_slots_available(_ratio)?\{task_queue="payments"\} 7`, page)
	assert.Regexp(t, `temporal_activity_execution_latency_seconds_count\{task_queue="payments"\} 1`, page)
	assert.Contains(t, page, "go_goroutines")
}

func TestTimesAreCountedByTheirLabels(t *testing.T) {
	t.Parallel()
	m := metrics(t)
	note := m.Timings("calls_seconds", "x", "operation", "outcome")
	note(20*time.Millisecond, "Capture", "done")
	note(2*time.Second, "Capture", "done")
	page := get(t, m.Handler(), http.MethodGet, "/metrics").Body.String()
	assert.Contains(t, page, `calls_seconds_bucket{operation="Capture",outcome="done",le="0.025"} 1`)
	assert.Contains(t, page, `calls_seconds_sum{operation="Capture",outcome="done"} 2.02`)
}

func TestAProcessThatAnswersIsHealthy(t *testing.T) {
	t.Parallel()
	answer := get(t, http.HandlerFunc(telemetry.Healthz), http.MethodGet, "/healthz")
	assert.Equal(t, http.StatusOK, answer.Code)
}

func TestReadinessSaysWhichCheckFailsAndKeepsTheReasonForTheLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	works := telemetry.Check{Works: func(context.Context) error { return nil }}
	fails := telemetry.Check{Works: func(context.Context) error { return errors.New("no connection to 10.0.0.7 as quittance") }}
	logger := slog.New(slog.NewTextHandler(&log, nil))

	answer := get(t, telemetry.Readyz(logger, map[string]telemetry.Check{"postgres": works, "temporal": works}), http.MethodGet, "/readyz")
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.JSONEq(t, `{"status":"ready","checks":{"postgres":"ok","temporal":"ok"}}`, answer.Body.String())
	assert.Empty(t, log.String())

	answer = get(t, telemetry.Readyz(logger, map[string]telemetry.Check{"postgres": fails, "temporal": works}), http.MethodGet, "/readyz")
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
	assert.JSONEq(t, `{"status":"not ready","checks":{"postgres":"failing","temporal":"ok"}}`, answer.Body.String())
	assert.Contains(t, log.String(), "10.0.0.7")

	degraded := telemetry.Check{Works: fails.Works, Degrades: true}
	answer = get(t, telemetry.Readyz(logger, map[string]telemetry.Check{"postgres": works, "temporal": degraded}), http.MethodGet, "/readyz")
	assert.Equal(t, http.StatusOK, answer.Code, "it has still something to do")
	assert.JSONEq(t, `{"status":"degraded","checks":{"postgres":"ok","temporal":"failing"}}`, answer.Body.String())
	for range 20 { // in whatever order the checks end
		answer = get(t, telemetry.Readyz(logger, map[string]telemetry.Check{"postgres": fails, "temporal": degraded}), http.MethodGet, "/readyz")
		assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
		assert.Contains(t, answer.Body.String(), `"status":"not ready"`)
	}
}

func TestACheckThatHangsFailsAfterTwoSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		forever := make(chan struct{})
		defer close(forever)
		started := time.Now()
		answer := get(t, telemetry.Readyz(slog.New(slog.DiscardHandler), map[string]telemetry.Check{
			"postgres": {Works: func(context.Context) error { <-forever; return nil }}, // does not even look at ctx
			"temporal": {Works: func(context.Context) error { return nil }},
		}), http.MethodGet, "/readyz")
		assert.Equal(t, 2*time.Second, time.Since(started))
		assert.JSONEq(t, `{"status":"not ready","checks":{"postgres":"failing","temporal":"ok"}}`, answer.Body.String())
	})
}

func TestNumbersThatAreReadWhenAskedForAreLeftOutWhenTheyCannotBe(t *testing.T) {
	t.Parallel()
	m := metrics(t)
	m.Watch([]telemetry.Gauge{
		{Name: "webhooks_pending", Help: "x", Read: func(context.Context) (map[string]float64, error) { return map[string]float64{"": 17}, nil }},
		{Name: "webhooks_behind", Help: "x", Read: func(context.Context) (map[string]float64, error) { return nil, errors.New("no database") }},
		{Name: "payments", Help: "x", Label: "state", Read: func(context.Context) (map[string]float64, error) {
			return map[string]float64{"pending": 2, "authorized": 1}, nil
		}},
	})
	page := get(t, m.Handler(), http.MethodGet, "/metrics").Body.String()
	assert.Contains(t, page, "webhooks_pending 17")
	assert.Contains(t, page, `payments{state="pending"} 2`)
	assert.NotContains(t, page, "webhooks_behind 0")
}
