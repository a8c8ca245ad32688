package main

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

const customers = 400_000

// queue simulates one station at which customers come one a second and are served for as long as the load says.
func queue(servers int, load float64, seed uint64) measured {
	s := &simulation{
		stations: []*station{newStation("desk", whole, 1, servers)},
		sources: []source{{rate: 1, journey: journey{
			{do: acquire}, {do: spend, mean: load * float64(servers), spread: exponential}, {do: release},
		}}},
		warm: 1000, over: customers, seed: seed,
	}
	s.run()
	return s.at(0)
}

// erlangC is the mean wait in a queue with Poisson arrivals, one a second, exponential service and so many servers.
func erlangC(servers int, load float64) float64 {
	offered, n := load*float64(servers), float64(servers)
	term, sum := 1.0, 0.0 // offered^k/k!, and the sum of those below n
	for k := range servers {
		sum += term
		term *= offered / float64(k+1)
	}
	delayed := term / (1 - load) / (sum + term/(1-load))
	return delayed * offered / n / (1 - load)
}

func TestTheFormulaForManyServersIsTheOneForOneServer(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, .6*.6/(1-.6), erlangC(1, .6), 1e-12, "the mean wait of M/M/1 at one arrival a second is load²/(1−load)")
}

func TestQueuesAreAsLongAsQueueingTheorySays(t *testing.T) {
	t.Parallel()
	for _, servers := range []int{1, 2, 5, 20} {
		for _, load := range []float64{.3, .6, .8} {
			t.Run(fmt.Sprintf("%d servers at %.0f %%", servers, 100*load), func(t *testing.T) {
				t.Parallel()
				got, wait := queue(servers, load, 1), erlangC(servers, load)
				assert.InDelta(t, load, got.utilisation, .01)
				assert.InDelta(t, wait, got.wait, .05*wait+.005, "the mean wait")
				assert.InDelta(t, wait, got.queue, .05*wait+.005, "Little: at one arrival a second as many wait as seconds")
			})
		}
	}
}

func TestOneOfAHundredWaitsInAQueueAsLongAsQueueingTheorySays(t *testing.T) {
	t.Parallel()
	for _, load := range []float64{.3, .6, .8} {
		p99 := math.Log(load/.01) * load / (1 - load) // P(wait > t) = load·e^(−t(1−load)/load) in M/M/1 at one arrival a second
		assert.InEpsilon(t, p99, queue(1, load, 1).p99, .06, "at %.0f %%", 100*load)
	}
}

func TestServiceThatVariesLessMakesQueuesShorterAsPollaczekAndKhinchineSay(t *testing.T) {
	t.Parallel()
	const load = .6
	for _, of := range []struct {
		spread    spread
		variation float64 // the squared coefficient of variation
	}{{fixed, 0}, {half, .25}, {exponential, 1}} {
		s := &simulation{
			stations: []*station{newStation("desk", whole, 1, 1)},
			sources:  []source{{rate: 1, journey: journey{{do: acquire}, {do: spend, mean: load, spread: of.spread}, {do: release}}}},
			warm:     1000, over: customers, seed: 1,
		}
		s.run()
		assert.InEpsilon(t, load*load*(1+of.variation)/2/(1-load), s.at(0).wait, .05)
	}
}

func TestTheSameSeedGivesTheSameAnswer(t *testing.T) {
	t.Parallel()
	once, again := queue(3, .7, 7), queue(3, .7, 7)
	assert.Equal(t, once, again)
	assert.NotEqual(t, once, queue(3, .7, 8))
}

func TestOneMoreServerNeverMakesAnybodyWaitLonger(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		before := math.Inf(1)
		for servers := 1; servers <= 8; servers++ {
			s := &simulation{
				stations: []*station{newStation("desk", whole, 1, servers)},
				sources:  []source{{rate: 1, journey: journey{{do: acquire}, {do: spend, mean: .95, spread: exponential}, {do: release}}}},
				over:     20_000, seed: seed,
			}
			s.run()
			longest := s.stations[0].waits.percentile(1)
			assert.LessOrEqual(t, longest, before, "seed %d, %d servers", seed, servers)
			before = longest
		}
	}
}

func TestWhoHoldsALockMakesOnlyItsOwnLaneWait(t *testing.T) {
	t.Parallel()
	lanes := 0
	s := &simulation{
		stations: []*station{newStation("lock", byCompany, 2, 1)},
		sources:  []source{{rate: 1.2, journey: journey{{do: acquire}, {do: spend, mean: 1}, {do: release}}}},
		enter:    func(v *visitor) { v.keys[byCompany], lanes = lanes%2, lanes+1 },
		over:     10_000, seed: 1,
	}
	s.run()
	assert.InDelta(t, .6, s.at(0).utilisation, .02)
	assert.Less(t, s.at(0).wait, .45, "one lane would be overloaded")
}

func TestPayersWhoWereOnThePageBeforeTheClockStartedComeBackToo(t *testing.T) {
	t.Parallel()
	const thinking = 1000
	s := &simulation{
		stations: []*station{newStation("return", whole, 1, 1000)},
		sources: []source{
			{rate: 100, journey: journey{{do: spend, mean: thinking, spread: exponential}, {do: begin}, {do: acquire}, {do: spend, mean: 1}, {do: release}}},
			{rate: 100, journey: journey{{do: begin}, {do: acquire}, {do: spend, mean: 1}, {do: release}}, fading: thinking},
		},
		warm: 10, over: 200, seed: 1,
	}
	s.run()
	assert.InEpsilon(t, .1, s.at(0).utilisation, .03, "as many return a second as set out, from the first second on")
}
