package main

import (
	"fmt"
	"math"
	"strings"
)

// purchase says what to buy.
func (p *plan) purchase() string {
	pods := func(at int, what string) string {
		return fmt.Sprintf("%s of %d cores", count(p.servers[at]/podCores, what+" pod"), podCores)
	}
	kept := float64(p.cells.parts*p.servers[atWorker]/podCores) * p.costs.of(keptWorkflows)
	return strings.Join([]string{
		"  - " + pods(atAPI, "API"),
		"  - " + count(p.cells.parts, "Temporal cluster") + ", each with",
		"    " + pods(atFrontend, "frontend") + ", " + pods(atHistory, "history") + ", " + pods(atMatching, "matching") + ",",
		"    " + number(float64(p.shards)) + " history shards, a Postgres server of " + number(float64(p.servers[atPersistence])) + " cores, and",
		"    " + pods(atWorker, "worker"),
		"  - " + count(p.databases.parts, "Postgres server") + " of " + number(float64(p.servers[atRecord])) + " cores for Quittance",
		number(p.rate*p.costs.of(thinking)) + " payers are on a payment page at once; all workers together keep " + number(kept) + " workflows in memory.",
	}, "\n")
}

// verdict names the bottleneck.
func (p *plan) verdict(s *simulation) string {
	i, used := p.bottleneck(s)
	named := fmt.Sprintf("The bottleneck is %q", stationNames[i])
	switch {
	case p.offered(i) >= 1:
		return fmt.Sprintf("%s: %s of what its busiest lane can do is asked of it, so that its queue grows for ever.", named, percent(p.offered(i)))
	case used > fullest+.05:
		return fmt.Sprintf("%s: its busiest lane is used to %s, and more machines of the same kind don't help.", named, percent(used))
	default:
		return fmt.Sprintf("%s, at %s; nothing is much above %s.", named, percent(used), percent(fullest))
	}
}

// wall is something that more pods don't help against.
type wall struct {
	from     float64 // payments a second at which something must be done
	what     string  // is the matter then
	sentence string
}

func (p *plan) walls(s *simulation) []wall {
	return []wall{p.temporalWall(), p.recordWall(), p.journalWall(s), p.terminalWall()}
}

func (p *plan) temporalWall() wall {
	cores := p.costs.of(largestPostgres)
	carries, by := slowest(limit{cores / p.demand[atPersistence], "its cores"}, limit{1 / p.demand[atPersistenceLog], "its log"})
	return wall{
		from: fullest * carries / p.cells.largest, what: p.more(p.cells, "Temporal cluster"),
		sentence: fmt.Sprintf("Temporal: a Postgres server of %s cores carries %s payments a second at %s (the limit is %s); %s needed.",
			number(cores), number(fullest*carries), percent(fullest), by, needed(p.cells.parts, "cluster")),
	}
}

func (p *plan) recordWall() wall {
	cores := p.costs.of(largestPostgres)
	carries, by := slowest(limit{cores / p.demand[atRecord], "its cores"}, limit{1 / p.demand[atRecordLog], "its log"})
	return wall{
		from: fullest * carries / p.databases.largest, what: p.more(p.databases, "Postgres server of Quittance"),
		sentence: fmt.Sprintf("Quittance: a Postgres server of %s cores or fewer carries %s payments a second at %s (the limit is %s); %s needed.",
			number(cores), number(fullest*carries), percent(fullest), by, needed(p.databases.parts, "server")),
	}
}

func (p *plan) journalWall(s *simulation) wall {
	bookings, largest := 1/p.demand[atJournal], p.companies.share(0)
	sentence := fmt.Sprintf("Journal: a company's takes %s bookings a second at most; the largest company needs %s, which is %s.",
		number(bookings), number(p.rate*largest), percent(p.offered(atJournal)))
	if seen := s.at(atJournal).busiest; seen > p.offered(atJournal)+.1 {
		sentence += fmt.Sprintf(" It is busy at %s, since who books waits for other stations too.", percent(seen))
	}
	return wall{
		from: fullest * bookings / largest, what: "the largest company's journal is busy at " + percent(fullest), sentence: sentence,
	}
}

func (p *plan) terminalWall() wall {
	atOnce, largest, terminals := p.costs.of(saferpayAtOnce), p.companies.share(0), p.terminalsOf(0)
	carries := fullest * atOnce / p.demand[atTerminal]
	return wall{
		from: carries * float64(terminals) / largest, what: "one more terminal for the largest company",
		sentence: fmt.Sprintf("Saferpay: a terminal with %s calls at once carries %s payments a second at %s; the largest company needs %s.",
			number(atOnce), number(carries), percent(fullest), count(terminals, "terminal")),
	}
}

// more is what is the matter when one of the parts can't take more.
func (p *plan) more(d division, what string) string {
	if p.alone(d) {
		return "the largest company alone takes more than " + percent(fullest) + " of one " + what
	}
	return "one more " + what
}

// next says what comes first when the load grows; pods, which are simply added, apart.
func (p *plan) next(s *simulation) string {
	var reached []string
	next := wall{from: math.Inf(1)}
	for _, w := range p.walls(s) {
		switch {
		case w.from <= p.rate:
			reached = append(reached, w.what)
		case w.from < next.from:
			next = w
		}
	}
	var sentence string
	if len(reached) > 0 {
		sentence = "Reached already: " + strings.Join(reached, "; ") + ".\n"
	}
	return sentence + fmt.Sprintf("Next, pods apart: from %s payments a second on, %s.", number(next.from), next.what)
}

type limit struct {
	rate float64
	what string
}

func slowest(limits ...limit) (rate float64, what string) {
	least := limits[0]
	for _, l := range limits {
		if l.rate < least.rate {
			least = l
		}
	}
	return least.rate, least.what
}
