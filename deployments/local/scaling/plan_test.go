package main

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
)

// with returns the table with other figures.
func with(figures map[string]float64) costs {
	c := maps.Clone(builtIn)
	for key, value := range figures {
		c[key] = cost{Value: value, From: "a test"}
	}
	return c
}

// few payments are simulated here.
const few = 3000

// usual is a plan for a load, with as many companies as the program takes by itself.
func usual(rate float64, c costs) *plan { return newPlan(rate, max(1, int(companiesPer*rate)), c) }

func TestAPaymentMakesAsManyVisitsAsItsHistoryShows(t *testing.T) {
	t.Parallel()
	js := build(costs{}, plainly, true)
	visits := func(at int) float64 { return heldBy(js.issue, at, 1) + heldBy(js.pay, at, 1) }
	assert.InDelta(t, 11, visits(atPersistence), 0, "writes of a history")
	assert.InDelta(t, 4, visits(atMatching), 0, "workflow tasks")
	assert.InDelta(t, 5, visits(atWorker), 0, "workflow tasks, and an activity of its own")
	assert.InDelta(t, 6, visits(atAPI), 0, "make, issue, look, pay now, notification, return")
}

func TestAPaymentCostsWhatTheTableSays(t *testing.T) {
	t.Parallel()
	p := usual(10, with(map[string]float64{endpoints: 0}))
	r := ratesOf(p.costs)
	assert.InDelta(t, builtIn.seconds(apiCPU), p.demand[atAPI], 1e-9)
	assert.InDelta(t, builtIn.seconds(recordCPU), p.demand[atRecord], 1e-9)
	assert.InDelta(t, builtIn.seconds(persistenceTx)*builtIn.of(logged), p.demand[atPersistenceLog], 1e-9)
	assert.InDelta(t, builtIn.seconds(workerCPU)+r.worker, p.demand[atWorker], 1e-9, "and a replay, since the workflow is not kept for days")
	assert.InDelta(t, builtIn.seconds(persistenceCPU)+r.write, p.demand[atPersistence], 1e-9, "and a replay")
	temporal := p.demand[atFrontend] + p.demand[atHistory] + p.demand[atMatching]
	assert.InDelta(t, builtIn.seconds(temporalCPU)+r.frontend+r.history, temporal, 1e-9, "and a replay")
}

func TestNothingIsPlannedFullerThanSixtyPercentWhereMachinesHelp(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{.1, 1, 10, 83, 84, 85, 500, 1000, 3000} {
		p := usual(rate, builtIn)
		for i := range p.servers {
			assert.LessOrEqual(t, p.offered(i), fullest+1e-9, "%s at %v payments a second", stationNames[i], rate)
		}
	}
}

func TestWhatIsSeenAtTheStationsIsWhatWasPlanned(t *testing.T) {
	t.Parallel()
	p := usual(300, builtIn)
	s := p.simulate(1, 10*few)
	for i := range p.servers {
		if at := kindOf[i]; at != whole && at != byCell && at != byDatabase {
			continue // has so many lanes that each sees few payments
		}
		planned := p.rate * p.demand[i] / float64(p.servers[i]*p.lanes(i))
		assert.InEpsilon(t, planned, s.at(i).utilisation, .05, stationNames[i])
	}
	assert.InEpsilon(t, takes(p.journeys.pay, payingNow), s.durations[payingNow].mean(), .05, "hardly anybody waits at such a load")
	assert.Greater(t, s.durations[notifiedToPaid].percentile(.5), 2*p.costs.seconds(saferpayLatency)/2, "Saferpay is asked twice")
}

func TestAnOverloadedStationIsNamedAsTheBottleneck(t *testing.T) {
	t.Parallel()
	for _, at := range []int{atAPI, atFrontend, atHistory, atMatching, atPersistence, atWorker, atRecord} {
		p := usual(300, builtIn)
		p.servers[at] = max(1, int(p.rate*p.demand[at]*.7/float64(p.lanes(at)))) // of which too few are bought
		s := p.simulate(1, few)
		named, used := p.bottleneck(s)
		assert.Equal(t, stationNames[at], stationNames[named])
		assert.GreaterOrEqual(t, used, 1.0)
		assert.Contains(t, p.verdict(s), stationNames[at])
		assert.Contains(t, p.verdict(s), "grows for ever")
	}
}

func TestOneCompanyAloneIsHeldUpByItsJournal(t *testing.T) {
	t.Parallel()
	p := newPlan(300, 1, builtIn)
	s := p.simulate(1, few)
	named, _ := p.bottleneck(s)
	assert.Equal(t, stationNames[atJournal], stationNames[named])
	assert.Contains(t, p.next(s), "the largest company's journal")
}

func TestOneLargeCompanyGetsAsManyTerminalsAsItNeeds(t *testing.T) {
	t.Parallel()
	p := newPlan(100, 1, builtIn)
	assert.Equal(t, 5, p.terminals[1], "100 payments a second, 0.9 s of calls each, 19.2 at once")
	assert.LessOrEqual(t, p.offered(atTerminal), fullest)
}

func TestMoreServersNeverMeanLongerWaitsAtTheirStation(t *testing.T) {
	t.Parallel()
	for _, at := range []int{atAPI, atHistory, atPersistence, atWorker, atRecord} {
		var before float64
		for i, more := range []float64{1.05, 1.2, 1.5, 2.5} {
			p := usual(50, builtIn)
			p.servers[at] = int(p.rate*p.demand[at]*more) + 1
			wait := p.simulate(3, few).at(at).wait
			if i > 0 {
				assert.LessOrEqual(t, wait, before, "%s with %d servers", stationNames[at], p.servers[at])
			}
			before = wait
		}
	}
}

func TestMoreLoadNeverNeedsLess(t *testing.T) {
	t.Parallel()
	before := newPlan(1, 10_000, builtIn)
	for _, rate := range []float64{5, 20, 80, 200, 1000} {
		p := newPlan(rate, 10_000, builtIn)
		for i := range p.servers {
			assert.GreaterOrEqual(t, p.servers[i]*p.lanes(i), before.servers[i]*before.lanes(i), "%s at %v payments a second", stationNames[i], rate)
		}
		before = p
	}
}

func TestCompaniesAreSpreadSoThatNoPartHasMuchMore(t *testing.T) {
	t.Parallel()
	companies := newPopulation(10_000, .8)
	for _, parts := range []int{1, 2, 7, 20} {
		d := companies.divide(parts)
		assert.InDelta(t, max(1/float64(parts), companies.share(0)), d.largest, .002, "%d parts", parts)
	}
	assert.Less(t, companies.share(9999), companies.share(0))
	assert.Equal(t, 0, companies.pick(0))
	assert.Equal(t, 9999, companies.pick(1))
}
