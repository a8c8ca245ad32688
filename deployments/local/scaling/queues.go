package main

import "math"

// spell is a time that varies: its mean (s), variance (s²) and third central moment (s³). Independent spells add up in all three.
type spell struct{ mean, variance, third float64 }

// exponential returns a spell that varies as service times in textbooks do, which is more than most real ones.
func exponential(s float64) spell { return spell{s, s * s, 2 * s * s * s} }

// plus returns the sum of s and n independent spells o.
func (s spell) plus(n float64, o spell) spell {
	return spell{s.mean + n*o.mean, s.variance + n*o.variance, s.third + n*o.third}
}

// quantile returns the seconds below which the part p of all spells is (Pearson's type III, as Wilson and Hilferty approximate it).
func (s spell) quantile(p float64) float64 {
	if s.variance == 0 || math.IsInf(s.mean, 1) {
		return s.mean
	}
	normal, deviation := math.Sqrt2*math.Erfinv(2*p-1), math.Sqrt(s.variance)
	k := s.third / (deviation * deviation * deviation) / 6
	root := 1 + k*(normal-k)
	return s.mean + deviation*(root*root*root-1)/(3*k)
}

// queue is where customers come independently of each other (Poisson) and wait for one of some servers, first come, first served.
type queue struct {
	servers int
	rate    float64 // customers a second
	service spell
}

// utilisation returns the part of the time in which a server is busy. From 1 on the queue grows without end.
func (q queue) utilisation() float64 { return q.rate * q.service.mean / float64(q.servers) }

// delayed returns the part of the customers that must wait (Erlang C, from Erlang B server by server).
func (q queue) delayed() float64 {
	offered, blocked := q.rate*q.service.mean, 1.0
	for n := range q.servers {
		blocked *= offered / (float64(n+1) + offered*blocked)
	}
	return min(1, blocked/(1-min(1, q.utilisation())*(1-blocked)))
}

// delay returns the seconds that those wait who must, on average. It is exact for M/M/c and for M/G/1 (Pollaczek–Khinchine); for
// M/G/c it is the approximation of Allen and Cunneen.
func (q queue) delay() float64 {
	variation := q.service.variance / max(q.service.mean*q.service.mean, math.SmallestNonzeroFloat64)
	return q.service.mean * (1 + variation) / 2 / float64(q.servers) / max(0, 1-q.utilisation())
}

// wait returns how long customers wait. For those who must it is taken to be exponential, as it is in M/M/c.
func (q queue) wait() spell {
	c, d := q.delayed(), q.delay()
	return spell{c * d, c * (2 - c) * d * d, c * (6 - 6*c + 2*c*c) * d * d * d}
}

// p99 returns the seconds that only one customer in a hundred waits longer than.
func (q queue) p99() float64 { return q.delay() * math.Log(max(.01, q.delayed())/.01) }
