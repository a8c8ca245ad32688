package main

import "math"

const fullest = .6 // of what a station can do, so that it takes the load of half of its machines once more for a moment

// plan is what is bought for a load. A company belongs to one Temporal cluster and to one database.
type plan struct {
	costs                                  costs
	rate, companies, largest               float64              // payments a second, companies, the part of the payments that the largest has
	clusters, databases, terminals, shards float64              // terminals of the largest company, shards of a cluster
	visits, most, share                    [nowhere + 1]float64 // of a payment; servers of a pod or the largest machine; the busiest one's part
	takes                                  [nowhere + 1]spell   // all visits of a payment together
	queues                                 [nowhere + 1]queue   // the busiest of each kind
}

// newPlan sizes every station so that at most 60 % of what it can do is asked of it, where machines can be added.
func newPlan(rate float64, companies uint, c costs) *plan {
	p := &plan{costs: c, rate: rate, companies: float64(companies), shards: 512} // what Temporal's own charts begin with
	for i := range companies {
		p.largest += math.Pow(float64(i+1), -c.of("company_skew"))
	}
	p.largest = 1 / p.largest
	for i, w := range []work{telling, issuing, paying, settling, aside} {
		times := [...]float64{events * c.of("webhook_endpoints"), 1, 1, 1, 1}[i]
		for _, s := range c.steps(w) {
			p.visits[s.at] += times * s.times
			p.takes[s.at] = p.takes[s.at].plus(times*s.times, s.service)
		}
	}
	p.most = [...]float64{2, 2, 2, 2, 2, c.of("largest_postgres_cores"), c.of("largest_postgres_cores"), 1, 1, 1, c.of("saferpay_calls_at_once"), 1}
	// Each company, the largest first, goes where there is least. So the busiest part is the largest company alone, or like all others.
	p.clusters = min(p.companies, max(1, math.Ceil(rate/p.carries(atPersistence))))
	p.databases = min(p.companies, max(1, math.Ceil(rate/p.carries(atRecord))))
	p.terminals = max(1, math.Ceil(rate*p.largest/p.carries(atTerminal)))
	cluster, database := max(1/p.clusters, p.largest), max(1/p.databases, p.largest)
	for p.shards < 4*rate*cluster/p.carries(atShard) { // four times the need, because the number can never be changed
		p.shards *= 2
	}
	p.share = [...]float64{
		1, cluster, cluster, cluster, cluster, cluster, database, database, cluster / p.shards, p.largest, p.largest / p.terminals, 0,
	}
	for at := range p.queues {
		p.queues[at] = queue{int(p.most[at]), rate * p.share[at] * p.visits[at], spell{}.plus(1/p.visits[at], p.takes[at])}
		if station(at) <= atConnection { // two pods at least, so that one may die
			p.queues[at].servers = 2 * max(2, int(math.Ceil(rate*p.share[at]*p.takes[at].mean/fullest/2)))
		}
	}
	p.queues[atPersistence].servers = min(p.queues[atPersistence].servers, int(p.most[atPersistence]))
	p.queues[atRecord].servers = min(p.queues[atRecord].servers, int(p.most[atRecord]))
	return p
}

// carries returns the payments a second that use one pod, or the largest machine, to 60 %.
func (p *plan) carries(at station) float64 { return fullest * p.most[at] / p.takes[at].mean }

// lasts returns how long work takes from its first step to its last, in the largest company or in another one.
func (p *plan) lasts(w work, largest bool) (all spell) {
	for _, s := range p.costs.steps(w) {
		if !s.lock {
			all = all.plus(s.times, s.service)
		}
		if largest || s.at < atJournal {
			all = all.plus(s.times, p.queues[s.at].wait())
		}
	}
	return all
}

// advice returns the station that is used most, and the one that pods can't help first, from how many payments a second on.
func (p *plan) advice() (most, next station, from float64) {
	from = math.Inf(1)
	for at := range nowhere {
		if p.queues[at].utilisation() > p.queues[most].utilisation() {
			most = at
		}
		if limit := p.carries(at) / p.share[at]; then[at] != "" && limit > p.rate && limit < from {
			next, from = at, limit
		}
	}
	return most, next, from
}

// then is what is to be done when a station can't take more and more pods don't help.
var then = [nowhere]string{
	atPersistence: "one more Temporal cluster", atRecord: "one more Postgres server of Quittance", atJournal: "split the largest company",
	atTerminal: "one more terminal for the largest company",
}
