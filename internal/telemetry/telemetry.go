// Package telemetry is what the processes of Quittance tell about themselves: log lines, metrics and health.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

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
		provider: metric.NewMeterProvider(metric.WithReader(exporter)),
		requests: requests,
	}, nil
}

// Gauge is a number that is read whenever it is asked for.
type Gauge struct {
	Name string
	Help string
	Read func(context.Context) (float64, error)
}

// Watch adds gauges. One that can't be read within two seconds is left out of the answer.
func (m *Metrics) Watch(gauges []Gauge) {
	for _, g := range gauges {
		m.registry.MustRegister(watched{prometheus.NewDesc(g.Name, g.Help, nil, nil), g.Read})
	}
}

type watched struct {
	desc *prometheus.Desc
	read func(context.Context) (float64, error)
}

func (w watched) Describe(descs chan<- *prometheus.Desc) { descs <- w.desc }

func (w watched) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	if value, err := w.read(ctx); err == nil {
		metrics <- prometheus.MustNewConstMetric(w.desc, prometheus.GaugeValue, value)
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
