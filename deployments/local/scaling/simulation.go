package main

import (
	"math"
	"math/rand/v2"
)

// kind is what divides a station into lanes: visitors of one lane don't wait for those of another.
type kind int

const (
	whole kind = iota // one lane for everybody
	byCell
	byShard
	byDatabase
	byCompany
	byTerminal
	kinds
)

// station is where visitors wait for a server, first come, first served. Times are seconds.
type station struct {
	name    string
	by      kind
	servers int // of each lane
	lanes   []lane
	watched int // the lane that is expected to be the busiest

	held, waiting         int     // at the moment, of all lanes
	heldTime, waitingTime float64 // integrals over the measured time
	watchedTime           float64 // as heldTime, of the watched lane
	settled               float64 // until when the integrals reach
	waits                 histogram
}

// lane is one queue and its servers.
type lane struct {
	busy        int
	first, last *visitor // of those that wait
}

func newStation(name string, by kind, lanes, servers int) *station {
	return &station{name: name, by: by, servers: servers, lanes: make([]lane, lanes)}
}

func (s *station) settle(now float64) {
	s.heldTime += float64(s.held) * (now - s.settled)
	s.waitingTime += float64(s.waiting) * (now - s.settled)
	s.watchedTime += float64(s.lanes[s.watched].busy) * (now - s.settled)
	s.settled = now
}

// verb is what a visitor does in a step.
type verb int

const (
	acquire verb = iota // wait for a server at a station and take it
	release             // give it back
	spend               // let time pass
	fork                // have others set out, who are not waited for
	begin               // what is measured begins
	end                 // what is measured ends
)

// spread is how much the durations of a step differ.
type spread int

const (
	fixed       spread = iota // not at all
	exponential               // as much as in the queues of the textbooks, which is more than most real ones
	half                      // half of it is fixed, half exponential: the answer of somebody else over the internet
)

// step is one thing that a visitor does.
type step struct {
	do      verb
	at      int     // acquire, release: the station
	mean    float64 // spend: seconds; fork: how many set out
	spread  spread  // spend
	forked  journey // fork
	measure measure // begin, end
}

// journey is what a visitor does, one step after the other.
type journey []step

// measure is a duration that somebody notices.
type measure int

const (
	issuing measure = iota
	payingNow
	notifiedToPaid
	measures
)

// visitor is somebody on a journey. It brings its own random numbers, so that what it draws doesn't depend on who comes between.
type visitor struct {
	journey journey
	next    int
	keys    [kinds]int
	random  rand.PCG
	begun   float64 // what is measured
	counted bool    // began in the measured time
	since   float64 // when it came to the queue
	behind  *visitor
}

func (v *visitor) uniform() float64 { return float64(v.random.Uint64()>>11) / (1 << 53) }

func (v *visitor) draw(s step) float64 {
	switch s.spread {
	case exponential:
		return -s.mean * math.Log(1-v.uniform())
	case half:
		return s.mean/2 - s.mean/2*math.Log(1-v.uniform())
	default:
		return s.mean
	}
}

// source sends visitors on a journey, as many a second, independently of each other.
type source struct {
	rate    float64
	journey journey
	// fading is for those who set out before the clock started and come by one after the other: after this many seconds (as a mean)
	// they have all come. Zero for a source that goes on.
	fading float64
	random *rand.Rand
}

// simulation is a clock, the stations, and what is to happen.
type simulation struct {
	stations []*station
	sources  []source
	// enter gives a visitor the lanes that it will use.
	enter func(*visitor)

	// What happens from warm to over is measured. Nobody sets out after over, but whoever has is followed to the end.
	warm, over float64

	now       float64
	events    events
	seed      uint64
	visitors  uint64
	idle      *visitor // those that have gone, to be used again
	durations [measures]histogram
	largest   histogram // notifiedToPaid of the first company
}

// run lets everything happen.
func (s *simulation) run() {
	for i := range s.sources {
		s.sources[i].random = rand.New(rand.NewPCG(s.seed, uint64(i))) //nolint:gosec // no secrets: the same seed gives the same answer
		s.arrive(i)
	}
	measuring, measured := false, false
	for len(s.events.heap) > 0 {
		e := s.events.pop()
		if !measuring && e.at >= s.warm {
			measuring = true
			s.measureFrom(s.warm)
		}
		if !measured && e.at >= s.over {
			measured = true
			s.settle(s.over)
		}
		s.now = e.at
		if e.visitor != nil {
			s.goOn(e.visitor)
			continue
		}
		if s.now >= s.over {
			continue
		}
		from := &s.sources[e.source]
		if from.fading == 0 || from.random.Float64() < math.Exp(-s.now/from.fading) {
			s.setOut(from.journey, nil)
		}
		s.arrive(e.source)
	}
	if !measured {
		s.settle(s.over)
	}
}

func (s *simulation) measureFrom(warm float64) {
	s.settle(warm)
	for _, station := range s.stations {
		station.heldTime, station.waitingTime, station.watchedTime, station.waits = 0, 0, 0, histogram{}
	}
}

func (s *simulation) settle(at float64) {
	for _, station := range s.stations {
		station.settle(at)
	}
}

func (s *simulation) arrive(i int) {
	from := &s.sources[i]
	if from.rate > 0 {
		s.events.push(event{at: s.now + from.random.ExpFloat64()/from.rate, source: i})
	}
}

// setOut has somebody begin a journey; one who was sent by another keeps its company.
func (s *simulation) setOut(j journey, by *visitor) {
	v := s.idle
	if v == nil {
		v = &visitor{}
	} else {
		s.idle = v.behind
	}
	*v = visitor{journey: j, keys: [kinds]int{byCompany: -1}}
	s.visitors++
	v.random.Seed(s.seed, s.visitors+1<<32)
	if by != nil {
		v.keys = by.keys
	}
	if s.enter != nil {
		s.enter(v)
	}
	s.goOn(v)
}

// goOn has a visitor take all steps that it can without waiting.
func (s *simulation) goOn(v *visitor) {
	for ; v.next < len(v.journey); v.next++ {
		switch at := &v.journey[v.next]; at.do {
		case acquire:
			if !s.take(s.stations[at.at], v) {
				return // the one who releases a server calls it
			}
		case release:
			s.giveBack(s.stations[at.at], v)
		case spend:
			v.next++
			s.events.push(event{at: s.now + v.draw(*at), visitor: v})
			return
		case fork:
			n := int(at.mean)
			if v.uniform() < at.mean-float64(n) {
				n++
			}
			for range n {
				s.setOut(at.forked, v)
			}
		case begin:
			if s.now >= s.over {
				v.next = len(v.journey) // nobody sets out any more
				break
			}
			v.begun, v.counted = s.now, s.now >= s.warm
		case end:
			if v.counted {
				s.durations[at.measure].add(s.now - v.begun)
				if at.measure == notifiedToPaid && v.keys[byCompany] == 0 {
					s.largest.add(s.now - v.begun)
				}
			}
		}
	}
	*v = visitor{behind: s.idle}
	s.idle = v
}

func (s *simulation) take(at *station, v *visitor) bool {
	s.settleNow(at)
	lane := &at.lanes[v.keys[at.by]]
	if lane.busy < at.servers {
		lane.busy++
		at.held++
		s.waited(at, 0)
		return true
	}
	v.since, v.behind = s.now, nil
	if lane.first == nil {
		lane.first = v
	} else {
		lane.last.behind = v
	}
	lane.last = v
	at.waiting++
	return false
}

func (s *simulation) giveBack(at *station, v *visitor) {
	s.settleNow(at)
	lane := &at.lanes[v.keys[at.by]]
	next := lane.first
	if next == nil {
		lane.busy--
		at.held--
		return
	}
	lane.first = next.behind
	at.waiting--
	s.waited(at, s.now-next.since)
	next.next++
	s.events.push(event{at: s.now, visitor: next})
}

// settleNow keeps the integrals up to date; what happens after the measured time doesn't count.
func (s *simulation) settleNow(at *station) {
	if s.now < s.over {
		at.settle(s.now)
	}
}

func (s *simulation) waited(at *station, seconds float64) {
	if s.now < s.over {
		at.waits.add(seconds)
	}
}

// measured is what was seen at a station.
type measured struct {
	utilisation float64 // of all its servers
	busiest     float64 // utilisation of the watched lane
	queue       float64 // mean length, of all lanes together
	wait, p99   float64 // seconds
}

func (s *simulation) at(i int) measured {
	st, took := s.stations[i], s.over-s.warm
	return measured{
		utilisation: st.heldTime / took / float64(st.servers*len(st.lanes)), busiest: st.watchedTime / took / float64(st.servers),
		queue: st.waitingTime / took, wait: st.waits.mean(), p99: st.waits.percentile(.99),
	}
}
