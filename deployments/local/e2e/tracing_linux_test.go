package e2e

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/quittance/quittance/deployments/local/stack"
)

// collected are the spans that processes sent, by trace.
type collected struct {
	mu    sync.Mutex
	spans map[string][]string
	raw   []byte
}

func (c *collected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var sent collector.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(body, &sent) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, body...)
	for _, resource := range sent.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				trace := hex.EncodeToString(span.GetTraceId())
				c.spans[trace] = append(c.spans[trace], span.GetName())
			}
		}
	}
}

// with returns the names of the spans of the trace that has one of that name.
func (c *collected) with(name string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, spans := range c.spans {
		if slices.Contains(spans, name) {
			return slices.Clone(spans)
		}
	}
	return nil
}

func TestAPayersClickIsOneTraceDownToSaferpayAndTheDatabase(t *testing.T) {
	t.Parallel()
	traces := &collected{spans: map[string][]string{}}
	receiver := httptest.NewServer(traces)
	t.Cleanup(receiver.Close)
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra = true
	s := startStack(t, options)
	sent := []stack.Variable{{Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Value: receiver.URL}, {Name: "OTEL_BSP_SCHEDULE_DELAY", Value: "100"}}
	startProcess(t, s, binary, "worker", sent...)
	startProcess(t, s, binary, "api", sent...)

	inv := newMerchant(t, s).issue("108.00")
	inv.payNow("card").pay(visa)
	inv.requireCollectedOnce("108.00")

	const click = "POST /i/{token}/pay"
	has := func(spans []string, part string) bool {
		return slices.ContainsFunc(spans, func(name string) bool { return strings.Contains(name, part) })
	}
	spans := await(t, patience, func() []string { return traces.with(click) }, func(spans []string) bool {
		return has(spans, click) && has(spans, "HandleUpdate:pay-now") && has(spans, "query WITH")
	})
	for _, part := range []string{"UpdateWorkflow:pay-now", "HandleUpdate:pay-now", "RunActivity:OpenPaymentPage", "Saferpay PaymentPage/Initialize", "query WITH"} {
		assert.True(t, has(spans, part), "%s is not in the trace: %v", part, spans)
	}
	assert.NotContains(t, string(traces.raw), token(inv), "a trace tells nobody the address of a document")
	require.NotContains(t, string(traces.raw), "Demo-Password-1")
}
