package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// at returns a queue to which one customer a second comes.
func at(servers int, load, variation float64) queue {
	mean := load * float64(servers)
	return queue{servers, 1, spell{mean: mean, variance: variation * mean * mean}}
}

// simulate returns how long customers waited in a queue, sorted. Its arrivals are Poisson, a second apart on average.
func simulate(servers int, serve func(*rand.Rand) float64) []float64 {
	random := rand.New(rand.NewPCG(1, 2))
	free, now, waits := make([]float64, servers), 0.0, make([]float64, 0, 400_000)
	for range cap(waits) {
		now += random.ExpFloat64()
		next := slices.Index(free, slices.Min(free))
		start := max(now, free[next])
		free[next] = start + serve(random)
		waits = append(waits, start-now)
	}
	slices.Sort(waits)
	return waits
}

func mean(waits []float64) (sum float64) {
	for _, w := range waits {
		sum += w / float64(len(waits))
	}
	return sum
}

func TestWaitsAtOneServerAreThoseOfMM1(t *testing.T) {
	t.Parallel()
	for _, load := range []float64{.1, .3, .6, .9} {
		q := at(1, load, 1)
		assert.InDelta(t, load, q.utilisation(), 1e-12)
		assert.InDelta(t, load, q.delayed(), 1e-12, "who comes while the server is busy waits")
		assert.InDelta(t, load*load/(1-load), q.wait().mean, 1e-12)
		if load > .01 {
			assert.InDelta(t, math.Log(load/.01)*load/(1-load), q.p99(), 1e-12, "P(wait > t) = load·e^(−t(1−load)/load)")
		}
	}
}

// erlangC is the part of the customers that must wait in M/M/c, summed as the textbooks have it.
func erlangC(servers int, load float64) float64 {
	offered := load * float64(servers)
	term, sum := 1.0, 0.0 // offered^k/k!, and the sum of those below the number of servers
	for k := range servers {
		sum += term
		term *= offered / float64(k+1)
	}
	return term / (1 - load) / (sum + term/(1-load))
}

func TestWaitsAtManyServersAreThoseOfMMC(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, 1./3, at(2, .5, 1).delayed(), 1e-12, "a well-known value: two servers, half busy")
	for _, servers := range []int{1, 2, 5, 20, 100} {
		for _, load := range []float64{.3, .6, .8, .95} {
			q, c := at(servers, load, 1), erlangC(servers, load)
			assert.InDelta(t, c, q.delayed(), 1e-9, "%d servers at %v", servers, load)
			assert.InDelta(t, c*load/(1-load), q.wait().mean, 1e-9, "%d servers at %v: Erlang C over the free capacity", servers, load)
		}
	}
}

func TestServiceThatVariesLessMakesQueuesShorterAsPollaczekAndKhinchineSay(t *testing.T) {
	t.Parallel()
	for _, load := range []float64{.3, .6, .9} {
		for _, variation := range []float64{0, .25, 1, 4} {
			assert.InDelta(t, load*load*(1+variation)/2/(1-load), at(1, load, variation).wait().mean, 1e-12)
		}
	}
}

func TestTheFormulasSayWhatASimulationShows(t *testing.T) {
	t.Parallel()
	services := []struct {
		name      string
		variation float64
		draw      func(*rand.Rand) float64 // with a mean of 1
	}{
		{"fixed", 0, func(*rand.Rand) float64 { return 1 }},
		{"half fixed", .25, func(r *rand.Rand) float64 { return .5 + .5*r.ExpFloat64() }},
		{"exponential", 1, (*rand.Rand).ExpFloat64},
	}
	for _, servers := range []int{1, 2, 20} {
		for _, load := range []float64{.3, .6, .8} {
			for _, s := range services {
				t.Run(fmt.Sprintf("%d servers at %v, %s", servers, load, s.name), func(t *testing.T) {
					t.Parallel()
					q := at(servers, load, s.variation)
					waits := simulate(servers, func(r *rand.Rand) float64 { return q.service.mean * s.draw(r) })
					exact := .05 // M/M/c and the mean of M/G/1
					if servers > 1 && s.variation != 1 {
						exact = .15 // Allen and Cunneen
					}
					assert.InDelta(t, q.wait().mean, mean(waits), exact*q.wait().mean+.005)
					if s.variation == 1 {
						p99 := waits[len(waits)*99/100]
						assert.InDelta(t, q.p99(), p99, .1*q.delay())
					}
				})
			}
		}
	}
}

func TestAQueueThatGetsMoreThanItCanServeHasNoEnd(t *testing.T) {
	t.Parallel()
	for _, load := range []float64{1, 1.5} {
		for _, servers := range []int{1, 7} {
			q := at(servers, load, .5)
			assert.InDelta(t, 1, q.delayed(), 1e-12)
			assert.True(t, math.IsInf(q.wait().mean, 1))
			assert.True(t, math.IsInf(q.p99(), 1))
			assert.True(t, math.IsInf(exponential(1).plus(1, q.wait()).quantile(.5), 1))
		}
	}
}

func TestOneMoreServerNeverMakesAnybodyWaitLonger(t *testing.T) {
	t.Parallel()
	for _, variation := range []float64{0, 1, 3} {
		before := at(1, .95, variation)
		for servers := 2; servers <= 50; servers++ {
			q := queue{servers, 1, before.service}
			assert.LessOrEqual(t, q.wait().mean, before.wait().mean)
			assert.LessOrEqual(t, q.p99(), before.p99())
			before = q
		}
	}
}

func TestQuantilesOfSumsAreThoseOfKnownDistributions(t *testing.T) {
	t.Parallel()
	assert.InEpsilon(t, math.Ln2, exponential(1).quantile(.5), .02)
	assert.InEpsilon(t, math.Log(100), exponential(1).quantile(.99), .01)
	two := spell{}.plus(2, exponential(1)) // Erlang's distribution of two steps
	assert.InEpsilon(t, 1.678, two.quantile(.5), .01)
	assert.InEpsilon(t, 6.638, two.quantile(.99), .01)
	many := spell{}.plus(400, exponential(1)) // nearly normal
	assert.InEpsilon(t, 400+2.326*20, many.quantile(.99), .01)
	assert.InDelta(t, 3, spell{mean: 3}.quantile(.99), 0, "what never varies")
	assert.InDelta(t, 3+exponential(1).quantile(.9), spell{mean: 3}.plus(1, exponential(1)).quantile(.9), 1e-9)
}

func TestTheMomentsOfAWaitAreThoseOfItsDistribution(t *testing.T) {
	t.Parallel()
	waits := simulate(2, func(r *rand.Rand) float64 { return 1.2 * r.ExpFloat64() })
	average, variance, third := mean(waits), 0.0, 0.0
	for _, w := range waits {
		off := w - average
		variance += off * off / float64(len(waits))
		third += off * off * off / float64(len(waits))
	}
	wait := at(2, .6, 1).wait()
	assert.InEpsilon(t, wait.variance, variance, .1)
	assert.InEpsilon(t, wait.third, third, .2)
}
