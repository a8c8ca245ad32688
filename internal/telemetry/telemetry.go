// Package telemetry is how the processes of Quittance are watched: log lines, metrics, traces and health.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"

	"github.com/quittance/quittance/internal/config"
)

// NewLogger writes log lines to w in the configured form, from the configured level up.
func NewLogger(w io.Writer, cfg config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.Level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Metrics collects the numbers of one process and serves them to Prometheus. Get one from NewMetrics.
type Metrics struct {
	registry *prometheus.Registry
	provider *metric.MeterProvider
	requests *prometheus.HistogramVec
}

// durations are the bounds of all histograms of Temporal and of payments, in seconds. They reach from a request to a payer who
// takes a day.
var durations = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400, 86400}

// NewMetrics returns metrics that hold those of the Go runtime and the process from the start.
func NewMetrics() (*Metrics, error) {
	registry := prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo(), otelprometheus.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("export metrics to Prometheus: %w", err)
	}
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "http_request_duration_seconds",
		Help:    "Time until an HTTP request was answered, by route pattern and status code.",
		Buckets: prometheus.DefBuckets,
	}, []string{"method", "route", "status"})
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), requests)
	return &Metrics{
		registry: registry,
		provider: metric.NewMeterProvider(metric.WithReader(exporter), metric.WithView(metric.NewView(
			metric.Instrument{Kind: metric.InstrumentKindHistogram},
			metric.Stream{Aggregation: metric.AggregationExplicitBucketHistogram{Boundaries: durations}},
		))),
		requests: requests,
	}, nil
}

// Gauge is a number, or several by a label. It is read whenever /metrics is asked for.
type Gauge struct {
	Name  string
	Help  string
	Label string                                            // empty for a single number
	Read  func(context.Context) (map[string]float64, error) // by the value of the label, which is empty for a single number
}

// Timings adds a histogram of how long something takes, by these labels, and returns what notes one time. Its name ends in _seconds.
func (m *Metrics) Timings(name, help string, labels ...string) func(took time.Duration, values ...string) {
	times := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: durations}, labels)
	m.registry.MustRegister(times)
	return func(took time.Duration, values ...string) { times.WithLabelValues(values...).Observe(took.Seconds()) }
}

// Watch adds gauges. A gauge that can't be read within two seconds is left out of the answer.
func (m *Metrics) Watch(gauges []Gauge) {
	for _, g := range gauges {
		var labels []string
		if g.Label != "" {
			labels = []string{g.Label}
		}
		m.registry.MustRegister(watched{prometheus.NewDesc(g.Name, g.Help, labels, nil), g})
	}
}

type watched struct {
	desc  *prometheus.Desc
	gauge Gauge
}

func (w watched) Describe(descs chan<- *prometheus.Desc) { descs <- w.desc }

func (w watched) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	values, err := w.gauge.Read(ctx)
	if err != nil {
		return
	}
	for label, value := range values {
		if w.gauge.Label == "" {
			metrics <- prometheus.MustNewConstMetric(w.desc, prometheus.GaugeValue, value)
			continue
		}
		metrics <- prometheus.MustNewConstMetric(w.desc, prometheus.GaugeValue, value, label)
	}
}

// Handler answers /metrics in the Prometheus text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Temporal returns the handler through which the Temporal SDK reports its own metrics.
func (m *Metrics) Temporal() client.MetricsHandler {
	return opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter:                m.provider.Meter("temporal-sdk-go"),
		UseMonotonicCounters: true,
		// A metric that cannot be recorded must not stop a payment, and there is nobody to tell.
		OnError: func(error) {},
	})
}
