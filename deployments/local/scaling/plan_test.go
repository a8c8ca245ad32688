package main

import (
	"maps"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
)

// with returns the table with other figures.
func with(t *testing.T, figures map[string]float64) costs {
	t.Helper()
	c, err := readCosts("")
	require.NoError(t, err)
	c = maps.Clone(c)
	for key, value := range figures {
		of := c[key]
		of.Value = value
		c[key] = of
	}
	return c
}

// usual is a plan for a load, with as many companies as the program takes by itself.
func usual(t *testing.T, rate float64) *plan {
	t.Helper()
	return newPlan(rate, max(1, uint(100*rate)), with(t, nil))
}

// recorded counts the events of a recorded history by their type.
func recorded(t *testing.T, name string) map[enumspb.EventType]float64 {
	t.Helper()
	counts := map[enumspb.EventType]float64{}
	for _, e := range historyOf(t, name).GetEvents() {
		counts[e.GetEventType()]++
	}
	return counts
}

// writes returns how often Temporal wrote to a history: its start, each message, and each start and end of a task. An activity's start
// comes with the workflow task before it.
func writes(history map[enumspb.EventType]float64) float64 {
	return history[enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED] + history[enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED] + history[enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED] +
		history[enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED] + history[enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED]
}

func TestAPaymentMakesAsManyVisitsAsItsHistoryShows(t *testing.T) {
	t.Parallel()
	paid := recorded(t, "invoice-paid-by-card-after-a-notification")
	assert.InDelta(t, writes(paid)-1+1, benched.writes, 0, "without the start of the task of pay-now, which is kept in memory; with the return")
	assert.InDelta(t, paid[enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED], benched.matched, 0)
	assert.InDelta(t, paid[enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]+paid[enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED], benched.tasks, 0)
}

func TestWhatIsMeasuredIsTheSumOfItsParts(t *testing.T) {
	t.Parallel()
	sum := func(of func(work) float64) float64 { return of(issuing) + of(paying) + of(settling) + of(aside) }
	assert.InDelta(t, benched.requests, sum(func(w work) float64 { return w.requests }), 0)
	assert.InDelta(t, benched.temporal, sum(func(w work) float64 { return w.temporal - w.reads }), 0, "without the replay")
	assert.InDelta(t, benched.writes, sum(func(w work) float64 { return w.writes }), 0)
	assert.InDelta(t, benched.matched, sum(func(w work) float64 { return w.matched }), 0)
	assert.InDelta(t, benched.tasks, sum(func(w work) float64 { return w.tasks - w.reads }), 0, "without the replay")
	assert.InDelta(t, benched.statements, sum(func(w work) float64 { return w.statements }), 0)
}

func TestAPaymentCostsWhatTheTableSays(t *testing.T) {
	t.Parallel()
	c := with(t, map[string]float64{"webhook_endpoints": 0})
	p := newPlan(10, 1000, c)
	seconds := func(at station) float64 { return p.takes[at].mean }
	assert.InDelta(t, c.seconds("api_cpu_ms"), seconds(atAPI), 1e-9)
	assert.InDelta(t, c.seconds("quittance_postgres_cpu_ms"), seconds(atRecord), 1e-9)
	assert.InDelta(t, c.seconds("worker_cpu_ms")*10/9, seconds(atWorker), 1e-9, "and a replay, since the workflow is not kept for days")
	assert.InDelta(t, c.seconds("temporal_postgres_cpu_ms")*18/17, seconds(atPersistence), 1e-9, "and a replay")
	assert.InDelta(t, c.seconds("temporal_cpu_ms")*(.25*14/13+.6*18/17+.15), seconds(atFrontend)+seconds(atHistory)+seconds(atMatching), 1e-9)
	assert.InDelta(t, 3*c.seconds("saferpay_ms"), seconds(atTerminal), 1e-9, "open, ask, capture")
}

func TestNothingIsPlannedFullerThanSixtyPercentWhereMachinesHelp(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{.1, 1, 10, 83, 84, 85, 500, 1000, 3000} {
		p := usual(t, rate)
		for at := range nowhere {
			assert.LessOrEqual(t, p.queues[at].utilisation(), fullest+1e-9, "%s at %v payments a second", stationNames[at], rate)
		}
	}
}

func TestHardlyAnybodyWaitsInAPlan(t *testing.T) {
	t.Parallel()
	p := usual(t, 300)
	bare := *p
	bare.queues = [nowhere + 1]queue{}
	for at := range bare.queues {
		bare.queues[at].servers = 1
	}
	assert.InEpsilon(t, bare.lasts(paying, true).mean, p.lasts(paying, true).mean, .05)
	assert.Greater(t, p.lasts(settling, true).quantile(.5), p.costs.seconds("saferpay_ms"), "Saferpay is asked twice, half of an answer is fixed")
}

func TestAnOverloadedStationIsNamedAsTheBottleneck(t *testing.T) {
	t.Parallel()
	for _, at := range []station{atAPI, atFrontend, atHistory, atMatching, atPersistence, atWorker, atRecord, atConnection} {
		p := usual(t, 300)
		p.queues[at].servers = max(1, int(p.queues[at].rate*p.queues[at].service.mean*.7)) // too few are bought
		most, _, _ := p.advice()
		assert.Equal(t, stationNames[at], stationNames[most])
		assert.Contains(t, p.describe(at), "no end")
	}
}

func TestOneCompanyAloneIsHeldUpByItsJournal(t *testing.T) {
	t.Parallel()
	p := newPlan(300, 1, with(t, nil))
	most, _, _ := p.advice()
	assert.Equal(t, stationNames[atJournal], stationNames[most])
	assert.Contains(t, p.describe(atJournal), "no end")
	_, next, from := newPlan(90, 1, with(t, nil)).advice()
	assert.Equal(t, "split the largest company", then[next])
	assert.InDelta(t, 100, from, 1)
}

func TestACompanyThatIsTooLargeForAnyServerIsShown(t *testing.T) {
	t.Parallel()
	p := newPlan(2000, 1, with(t, nil))
	assert.InDelta(t, 1, p.clusters, 0, "a company can't be divided")
	assert.Equal(t, 64, p.queues[atPersistence].servers, "nobody rents out a larger one")
	assert.Contains(t, p.describe(atPersistence), "no end")
}

func TestOneLargeCompanyGetsAsManyTerminalsAsItNeeds(t *testing.T) {
	t.Parallel()
	p := newPlan(100, 1, with(t, nil))
	assert.InDelta(t, 5, p.terminals, 0, "100 payments a second, 0.9 s of calls each, 19.2 at once")
	assert.LessOrEqual(t, p.queues[atTerminal].utilisation(), fullest)
}

func TestMoreServersNeverMeanLongerWaitsAtTheirStation(t *testing.T) {
	t.Parallel()
	for _, at := range []station{atAPI, atHistory, atPersistence, atWorker, atRecord} {
		before := math.Inf(1)
		for _, more := range []float64{1.05, 1.2, 1.5, 2.5} {
			q := usual(t, 50).queues[at]
			q.servers = int(q.rate*q.service.mean*more) + 1
			assert.LessOrEqual(t, q.wait().mean, before, "%s with %d servers", stationNames[at], q.servers)
			before = q.wait().mean
		}
	}
}

func TestMoreLoadNeverNeedsLess(t *testing.T) {
	t.Parallel()
	before := newPlan(1, 10_000, with(t, nil))
	for _, rate := range []float64{5, 20, 80, 200, 1000} {
		p := newPlan(rate, 10_000, with(t, nil))
		assert.GreaterOrEqual(t, p.clusters, before.clusters)
		assert.GreaterOrEqual(t, p.databases, before.databases)
		assert.GreaterOrEqual(t, p.terminals, before.terminals)
		for at := range atPersistence {
			assert.GreaterOrEqual(t, p.clusters*float64(p.queues[at].servers), before.clusters*float64(before.queues[at].servers))
		}
		before = p
	}
}
