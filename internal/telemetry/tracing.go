package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/go-chi/chi/v5/middleware"
)

// Traced reports whether the process sends traces: it does when one of OpenTelemetry's own variables names a collector.
// OpenTelemetry's other variables work too, such as OTEL_TRACES_SAMPLER.
func Traced() bool {
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// StartTracing sends traces to the collector over HTTP, if there is one (see Traced). The returned function sends the last
// traces and stops.
func StartTracing(ctx context.Context, process string) (stop func(context.Context) error, err error) {
	if !Traced() {
		return func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("send traces to the collector of OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	named, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "quittance-"+process)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("name the process in its traces: %w", err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(named))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return provider.Shutdown, nil
}

// Trace begins the trace of a request, or continues the caller's. It names the route, never the path, because paths hold the
// tokens of online documents and the secrets of notification addresses.
func Trace(next http.Handler) http.Handler {
	tracer := otel.Tracer("github.com/quittance/quittance/internal/telemetry")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, method(r), oteltrace.WithSpanKind(oteltrace.SpanKindServer))
		defer span.End()
		recorder := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		r = r.WithContext(ctx)
		next.ServeHTTP(recorder, r)
		span.SetName(method(r) + " " + route(r))
		span.SetAttributes(attribute.String("http.route", route(r)), attribute.Int("http.response.status_code", recorder.Status()))
		if recorder.Status() >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(recorder.Status()))
		}
	})
}
