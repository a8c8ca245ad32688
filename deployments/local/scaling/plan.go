package main

import (
	"math"
	"slices"
	"sort"
)

// How a plan is made.
const (
	fullest      = .6  // of what a station can do, so that it takes the load of half of its machines once more for a moment
	leastShards  = 512 // of a cell; what Temporal's own charts begin with
	shardReserve = 4   // times as many as are needed, because the number can never be changed

	podCores      = 2 // of API and workers
	temporalCores = 4 // of a pod of Temporal
	leastPods     = 2 // of each part, so that one may die
	companiesPer  = 100
	mostCells     = 1000
	leastPayments = 20_000 // payments that are measured, at least, if that takes longer than shortestRun
	warmUp        = 3.0    // seconds until everything is as busy as it will be
	shortestRun   = 2.0    // seconds that are measured
)

// plan is what is bought for a load.
type plan struct {
	rate      float64 // payments a second
	costs     costs
	journeys  journeys
	demand    [stationCount]float64 // seconds of one server that a payment takes
	companies population
	cells     division // a cell is a Temporal cluster with its Postgres and its workers; a company belongs to one
	databases division // servers of Quittance's Postgres; a company belongs to one
	shards    int      // of a cell
	terminals []int    // the first terminal of each company, and at the end how many there are
	servers   [stationCount]int
}

// newPlan sizes every station for a load, at most 60 % of what it can do where machines can be added.
func newPlan(rate float64, companies int, c costs) *plan {
	p := &plan{rate: rate, costs: c, journeys: journeysOf(c)}
	p.demand = demands(p.journeys)
	p.companies = newPopulation(companies, c.of(companySkew))
	cores := c.of(largestPostgres)
	p.cells = p.divide(max(p.demand[atPersistence]/cores, p.demand[atPersistenceLog]))
	p.databases = p.divide(max(p.demand[atRecord]/cores, p.demand[atRecordLog]))
	p.shards = leastShards
	for float64(p.shards) < shardReserve*rate*p.cells.largest*p.demand[atShard]/fullest {
		p.shards *= 2
	}
	p.assignTerminals()
	for i := range p.servers {
		p.servers[i] = 1
	}
	p.servers[atTerminal] = int(c.of(saferpayAtOnce))
	for i, of := range map[int]struct{ step, least int }{
		atAPI: {podCores, leastPods}, atWorker: {podCores, leastPods}, atFrontend: {podCores, leastPods}, atHistory: {podCores, leastPods},
		atMatching: {podCores, leastPods}, atPersistence: {2, 1}, atRecord: {2, 1},
	} {
		_, share := p.busiest(i)
		need := rate * share * p.demand[i] / fullest
		p.servers[i] = of.step * max(of.least, int(math.Ceil(need/float64(of.step))))
	}
	return p
}

// demands are for how long a payment holds a server of each station when nobody waits.
func demands(js journeys) (seconds [stationCount]float64) {
	for i := range seconds {
		seconds[i] = heldBy(js.issue, i, 1) + heldBy(js.pay, i, 1)
	}
	return seconds
}

// kindOf says what divides each station.
var kindOf = [stationCount]kind{
	atAPI: whole, atFrontend: byCell, atHistory: byCell, atMatching: byCell, atShard: byShard, atPersistence: byCell, atPersistenceLog: byCell,
	atWorker: byCell, atRecord: byDatabase, atRecordLog: byDatabase, atJournal: byCompany, atTerminal: byTerminal,
}

var stationNames = [stationCount]string{
	atAPI: "API, cores", atFrontend: "Temporal frontend, cores", atHistory: "Temporal history, cores", atMatching: "Temporal matching, cores",
	atShard: "history shards", atPersistence: "Temporal's Postgres, cores", atPersistenceLog: "Temporal's Postgres, log", atWorker: "workers, cores",
	atRecord: "Quittance's Postgres, cores", atRecordLog: "Quittance's Postgres, log",
	atJournal: "journals of companies", atTerminal: "calls at Saferpay's terminals",
}

// busiest returns the lane of a station to which most payments come, and their part of all payments.
func (p *plan) busiest(at int) (lane int, share float64) {
	switch kindOf[at] {
	case byCell:
		return p.cells.busiest, p.cells.largest
	case byShard:
		return p.cells.busiest * p.shards, p.cells.largest / float64(p.shards)
	case byDatabase:
		return p.databases.busiest, p.databases.largest
	case byCompany:
		return 0, p.companies.share(0)
	case byTerminal:
		for i := range p.companies.cumulated {
			if each := p.companies.share(i) / float64(p.terminals[i+1]-p.terminals[i]); each > share {
				lane, share = p.terminals[i], each
			}
		}
		return lane, share
	default:
		return 0, 1
	}
}

// offered is how much of the busiest lane of a station the load asks for; from 1 on its queue grows for ever.
func (p *plan) offered(at int) float64 {
	_, share := p.busiest(at)
	return p.rate * share * p.demand[at] / float64(p.servers[at])
}

// bottleneck is the station whose busiest lane is used most, and how much: as computed, and for a journal as seen when that is more,
// because who holds it waits for other stations meanwhile.
func (p *plan) bottleneck(s *simulation) (at int, used float64) {
	for i := range p.servers {
		u := p.offered(i)
		if i == atJournal {
			u = max(u, s.at(i).busiest)
		}
		if u > used {
			at, used = i, u
		}
	}
	return at, used
}

// division says in which part each company is, and how much of the load the busiest part has.
type division struct {
	parts   int
	of      []int
	busiest int
	largest float64
}

// divide puts the companies into as many parts as it takes to load none above 60 %, when a payment takes so many seconds of one.
func (p *plan) divide(seconds float64) division {
	need := p.rate * seconds / fullest
	parts := max(1, int(math.Ceil(need)))
	for {
		d := p.companies.divide(parts)
		// A company can't be divided: when it is too large for a part by itself, more parts don't help.
		if d.largest*need <= 1 || p.alone(d) || parts >= mostCells {
			return d
		}
		parts++
	}
}

// alone tells whether the busiest part is the largest company and nobody else.
func (p *plan) alone(d division) bool { return d.largest <= p.companies.share(0) }

// assignTerminals gives each company as many terminals as it takes to use each to at most 60 %.
func (p *plan) assignTerminals() {
	p.terminals = make([]int, 0, len(p.companies.cumulated)+1)
	n := 0
	for i := range p.companies.cumulated {
		p.terminals = append(p.terminals, n)
		n += p.terminalsOf(i)
	}
	p.terminals = append(p.terminals, n)
}

func (p *plan) terminalsOf(company int) int {
	return max(1, int(math.Ceil(p.rate*p.companies.share(company)*p.demand[atTerminal]/fullest/p.costs.of(saferpayAtOnce))))
}

// population are the companies, the largest first: how much of all payments they and all larger ones have.
type population struct{ cumulated []float64 }

func newPopulation(n int, skew float64) population {
	cumulated, sum := make([]float64, n), 0.0
	for i := range cumulated {
		sum += math.Pow(float64(i+1), -skew)
		cumulated[i] = sum
	}
	for i := range cumulated {
		cumulated[i] /= sum
	}
	return population{cumulated}
}

func (p population) share(i int) float64 {
	if i == 0 {
		return p.cumulated[0]
	}
	return p.cumulated[i] - p.cumulated[i-1]
}

// pick chooses the company of a payment with a number from 0 to 1.
func (p population) pick(u float64) int {
	return min(sort.SearchFloat64s(p.cumulated, u), len(p.cumulated)-1)
}

// divide puts each company, the largest first, where there is least so far.
func (p population) divide(parts int) division {
	d := division{parts: parts, of: make([]int, len(p.cumulated))}
	loads := make([]float64, parts)
	for i := range p.cumulated {
		least := 0
		for part, load := range loads {
			if load < loads[least] {
				least = part
			}
		}
		d.of[i] = least
		loads[least] += p.share(i)
	}
	d.largest = slices.Max(loads)
	d.busiest = slices.Index(loads, d.largest)
	return d
}

// lanes is how many lanes a station has.
func (p *plan) lanes(at int) int {
	switch kindOf[at] {
	case byCell:
		return p.cells.parts
	case byShard:
		return p.cells.parts * p.shards
	case byDatabase:
		return p.databases.parts
	case byCompany:
		return len(p.companies.cumulated)
	case byTerminal:
		return p.terminals[len(p.terminals)-1]
	default:
		return 1
	}
}

// simulate lets payments come at the rate of the plan until so many at least are measured.
func (p *plan) simulate(seed uint64, payments float64) *simulation {
	s := &simulation{seed: seed, warm: warmUp, over: warmUp + max(shortestRun, payments/p.rate), sources: []source{
		{rate: p.rate, journey: p.journeys.issue},
		{rate: p.rate, journey: p.journeys.pay},
		{rate: p.rate, journey: p.journeys.returns, fading: p.costs.of(thinking)},
	}}
	for i := range p.servers {
		at := newStation(stationNames[i], kindOf[i], p.lanes(i), p.servers[i])
		at.watched, _ = p.busiest(i)
		s.stations = append(s.stations, at)
	}
	s.enter = func(v *visitor) {
		company := v.keys[byCompany]
		if company < 0 {
			company = p.companies.pick(v.uniform())
		}
		cell, first := p.cells.of[company], p.terminals[company]
		v.keys = [kinds]int{
			byCell: cell, byDatabase: p.databases.of[company], byCompany: company,
			byShard:    cell*p.shards + int(v.uniform()*float64(p.shards)), // by the hash of the workflow's id
			byTerminal: first + int(v.uniform()*float64(p.terminals[company+1]-first)),
		}
	}
	s.run()
	return s
}
