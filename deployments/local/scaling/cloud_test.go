package main

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// billed counts the actions of a recorded history by the rules of https://docs.temporal.io/cloud/actions: all markers of a workflow task
// are one.
func billed(t *testing.T, name string) (actions float64) {
	t.Helper()
	counts := recorded(t, name)
	for _, event := range []string{
		"WORKFLOW_EXECUTION_STARTED", "WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "WORKFLOW_EXECUTION_SIGNALED", "ACTIVITY_TASK_SCHEDULED", "TIMER_STARTED",
		"UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
	} {
		actions += counts[event]
	}
	tasks := map[string]bool{}
	for _, e := range eventsOf(t, name) {
		if task := e.Marker.Task; task != "" {
			tasks[task] = true
		}
		actions += float64(max(0, e.Activity.Attempt-1))
	}
	return actions + float64(len(tasks))
}

type recordedEvent struct {
	Marker struct {
		Task string `json:"workflowTaskCompletedEventId"`
	} `json:"markerRecordedEventAttributes"`
	Activity struct{ Attempt int } `json:"activityTaskStartedEventAttributes"`
	Task     struct {
		Size string `json:"historySizeBytes"`
	} `json:"workflowTaskStartedEventAttributes"`
}

func eventsOf(t *testing.T, name string) []recordedEvent {
	t.Helper()
	file, err := os.Open("../../../workflows/testdata/v1/" + name + ".json.gz")
	require.NoError(t, err)
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	require.NoError(t, err)
	var history struct{ Events []recordedEvent }
	require.NoError(t, json.NewDecoder(unpacked).Decode(&history))
	return history.Events
}

func TestActionsAreThoseOfRecordedHistories(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, aPayment, issuing.actions+paying.actions+settling.actions+aside.actions, 0)
	assert.InDelta(t, aPayment, billed(t, "invoice-paid-by-card-after-a-notification")+1, 0, "with the return")
	assert.InDelta(t, refunding, billed(t, "refund-captured"), 0)
	attempts := recorded(t, "event-delivered-after-two-days")["ACTIVITY_TASK_SCHEDULED"]
	assert.InDelta(t, billed(t, "event-delivered-after-two-days"), delivering*attempts, 0, "with its start, and without a timer after the last attempt")
	assert.InDelta(t, failed, 1+2-1, 0, "its start, what is noted of the relay's attempt with the timer after it, and no timer after the last attempt")
}

func TestHistoriesAreAsLargeAsRecorded(t *testing.T) {
	t.Parallel()
	c := with(t, nil)
	var sizes []float64
	for _, e := range eventsOf(t, "invoice-paid-by-card-after-a-notification") {
		if e.Task.Size != "" {
			size, err := strconv.ParseFloat(e.Task.Size, 64)
			require.NoError(t, err)
			sizes = append(sizes, size)
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
