package main

import (
	"compress/gzip"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"

	"github.com/quittance/quittance/deployments/local/actions"
)

// historyOf reads a recorded history.
func historyOf(t *testing.T, name string) *historypb.History {
	t.Helper()
	file, err := os.Open("../../../workflows/testdata/v1/" + name + ".json.gz")
	require.NoError(t, err)
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	require.NoError(t, err)
	content, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	readable := temporalproto.CustomJSONUnmarshalOptions{Metadata: map[string]any{commonpb.EnablePayloadShorthandMetadataKey: true}}
	var history historypb.History
	require.NoError(t, readable.Unmarshal(content, &history))
	return &history
}

// billed counts the actions of a recorded history.
func billed(t *testing.T, name string) int {
	t.Helper()
	return actions.Of(historyOf(t, name))
}

func TestActionsAreThoseOfRecordedHistories(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, aPayment, billed(t, "invoice-paid-by-card-after-a-notification")+1, 0, "with the return")
	assert.InDelta(t, refunding, billed(t, "refund-captured"), 0)
	attempts := recorded(t, "event-delivered-after-two-days")[enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED]
	assert.InDelta(t, billed(t, "event-delivered-after-two-days"), delivering*attempts, 0, "with its start, and without a timer after the last attempt")
	assert.InDelta(t, failed, 1+2-1, 0, "its start, what is noted of the relay's attempt with the timer after it, and no timer after the last attempt")
}

func TestHistoriesAreAsLargeAsRecorded(t *testing.T) {
	t.Parallel()
	c := with(t, nil)
	var sizes []int64
	for _, e := range historyOf(t, "invoice-paid-by-card-after-a-notification").GetEvents() {
		if started := e.GetWorkflowTaskStartedEventAttributes(); started != nil {
			sizes = append(sizes, started.GetHistorySizeBytes())
		}
	}
	assert.InEpsilon(t, sizes[1], c.of("history_open_bytes"), .05, "when Pay now is pressed")
	assert.InEpsilon(t, sizes[len(sizes)-1], c.of("history_paid_bytes"), .05)
}

func TestManyActionsAreCheaper(t *testing.T) {
	t.Parallel()
	c := with(t, nil)
	for millions, want := range map[float64]float64{0: 0, 1: 50, 11.25: 525, 200: 5925, 1000: 25925} { // 11.25 is the example of Temporal's page
		assert.InDelta(t, want, c.paid(millions), 1e-6, millions)
	}
	assert.InDelta(t, 262.5, with(t, map[string]float64{"cloud_million_actions_usd": 25}).paid(11.25), 1e-6)
}

func TestAReplicaDoublesWhatTemporalCloudBills(t *testing.T) {
	t.Parallel()
	one := newPlan(10, 1000, with(t, nil)).monthly()
	two := newPlan(10, 1000, with(t, map[string]float64{"cloud_regions": 2})).monthly()
	assert.InDelta(t, 2*one.millions, two.millions, 1e-6)
	assert.InDelta(t, 2*one.forStorage, two.forStorage, 1e-6)
	assert.Less(t, one.sum, two.sum)
}

func TestCompaniesWithoutPaymentsCostNextToNothing(t *testing.T) {
	t.Parallel()
	for companies, actions := range map[float64]float64{1: 260, 128: 260, 100_000: 552} { // make bench counts the second, and projects the third
		assert.InDelta(t, actions, idle(companies), 0)
	}
	month := newPlan(1e-9, 100_000, with(t, nil)).monthly()
	assert.InDelta(t, 552*daysOfMonth*1.1/1e6, month.millions, 1e-3)
	assert.Less(t, month.forActions, 1.0, "USD a month, beside the plan")
}

func TestAnOpenInvoiceIsOneRowOfVisibility(t *testing.T) {
	t.Parallel()
	b := newPlan(10, 1000, with(t, map[string]float64{"invoice_open_days": 20, "retention_days": 0})).monthly()
	assert.InDelta(t, 10*86_400*20, b.open, 1e-3)
	assert.InDelta(t, b.open, b.rows, 1e-3)
}
