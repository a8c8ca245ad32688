package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// report writes what a plan needs, how it did in the simulation, and what comes next.
func report(to io.Writer, p *plan, s *simulation) error {
	w := &strings.Builder{}
	fmt.Fprintf(w, "%s payments a second, %s companies of which the largest has %s\n\n",
		number(p.rate), number(float64(len(p.companies.cumulated))), percent(p.companies.share(0)))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "station\tservers\tutilisation\tbusiest\tmean queue\tp99 wait\t")
	for i := range s.stations {
		m := s.at(i)
		busiest := percent(m.busiest)
		if kindOf[i] == byShard {
			busiest = ""
		}
		servers := number(float64(p.servers[i]))
		if p.lanes(i) > 1 {
			servers = fmt.Sprintf("%s x %s", number(float64(p.lanes(i))), servers)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.2f\t%s\t\n", stationNames[i], servers, percent(m.utilisation), busiest, m.queue, duration(m.p99))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	table = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "latency\tp50\tp99\tif nobody waited\t")
	for _, m := range []struct {
		name    string
		measure measure
		journey journey
	}{{"issue", issuing, p.journeys.issue}, {"Pay now", payingNow, p.journeys.pay}, {"notification to paid", notifiedToPaid, p.journeys.returns}} {
		d := &s.durations[m.measure]
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t\n", m.name, duration(d.percentile(.5)), duration(d.percentile(.99)), duration(takes(m.journey, m.measure)))
	}
	if s.largest.count > 0 {
		_, _ = fmt.Fprintf(table, "… of the largest company\t%s\t%s\t\t\n", duration(s.largest.percentile(.5)), duration(s.largest.percentile(.99)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nTo run:\n%s\n%s\n", p.purchase(), p.verdict(s))
	for _, wall := range p.walls() {
		fmt.Fprintln(w, wall.sentence)
	}
	fmt.Fprintln(w, p.next())
	_, err := fmt.Fprintln(to, w.String())
	return err
}

// purchase says what to buy.
func (p *plan) purchase() string {
	pods := func(at, cores int, what string) string {
		return fmt.Sprintf("%s of %d cores", count(p.servers[at]/cores, what+" pod"), cores)
	}
	kept := float64(p.cells.parts*p.servers[atWorker]/podCores) * p.costs.of(keptWorkflows)
	return fmt.Sprintf("  - %s\n  - %s, each with\n    %s, %s, %s,\n    %s history shards, a Postgres server of %s cores, and\n    %s\n  - %s of %s cores for Quittance\n",
		pods(atAPI, podCores, "API"), count(p.cells.parts, "Temporal cluster"), pods(atFrontend, temporalCores, "frontend"), pods(atHistory, temporalCores, "history"),
		pods(atMatching, temporalCores, "matching"), number(float64(p.shards)), number(float64(p.servers[atPersistence])), pods(atWorker, podCores, "worker"),
		count(p.databases.parts, "Postgres server"), number(float64(p.servers[atRecord]))) +
		fmt.Sprintf("%s payers are on a payment page at once; all workers together keep %s workflows in memory.\n", number(p.rate*p.costs.of(thinking)), number(kept))
}

// verdict names the bottleneck.
func (p *plan) verdict(s *simulation) string {
	switch i, used := p.bottleneck(s); {
	case p.offered(i) >= 1:
		return fmt.Sprintf("The bottleneck is %q: %s of what its busiest lane can do is asked of it, so that its queue grows for ever.",
			stationNames[i], percent(p.offered(i)))
	case used > fullest+.05:
		return fmt.Sprintf("The bottleneck is %q: its busiest lane is used to %s, and more machines of the same kind don't help.", stationNames[i], percent(used))
	default:
		return fmt.Sprintf("The bottleneck is %q, at %s; nothing is much above %s.", stationNames[i], percent(used), percent(fullest))
	}
}

// wall is something that more pods don't help against.
type wall struct {
	from     float64 // payments a second at which something must be done
	what     string  // is to be done then
	sentence string
}

func (p *plan) walls() []wall {
	c, cores := p.costs, p.costs.of(largestPostgres)
	perCell, cellLimit := slowest([]limit{
		{cores / p.demand[atPersistence], "its cores"}, {1 / p.demand[atPersistenceLog], "its log"},
	})
	limits := []limit{{cores / p.demand[atRecord], "its cores"}, {1 / p.demand[atRecordLog], "its log"}}
	if p.demand[atNotify] > 0 {
		limits = append(limits, limit{1 / p.demand[atNotify], "the lock under which Postgres commits what it notifies of"})
	}
	perDatabase, databaseLimit := slowest(limits)
	bookings, largest := 1/p.demand[atJournal], p.companies.share(0)
	terminal := c.of(saferpayAtOnce) / p.demand[atTerminal]
	terminals := p.terminalsOf(0)
	more := func(d division, what string) string {
		if p.alone(d) {
			return "the largest company alone takes more than " + percent(fullest) + " of one " + what
		}
		return "one more " + what
	}
	return []wall{
		{
			from: fullest * perCell / p.cells.largest, what: more(p.cells, "Temporal cluster"),
			sentence: fmt.Sprintf("Temporal: a Postgres server of %s cores carries %s payments a second at %s (the limit is %s); %s needed.",
				number(cores), number(fullest*perCell), percent(fullest), cellLimit, needed(p.cells.parts, "cluster")),
		},
		{
			from: fullest * perDatabase / p.databases.largest, what: more(p.databases, "Postgres server of Quittance"),
			sentence: fmt.Sprintf("Quittance: a Postgres server of at most %s cores carries %s payments a second at %s (the limit is %s); %s needed.",
				number(cores), number(fullest*perDatabase), percent(fullest), databaseLimit, needed(p.databases.parts, "server")),
		},
		{
			from: fullest * bookings / largest, what: "the largest company's journal is busy at " + percent(fullest),
			sentence: fmt.Sprintf("Journal: a company's takes %s bookings a second at most; the largest company needs %s, which is %s.",
				number(bookings), number(p.rate*largest), percent(p.offered(atJournal))),
		},
		{
			from: fullest * terminal * float64(terminals) / largest, what: "one more terminal for the largest company",
			sentence: fmt.Sprintf("Saferpay: a terminal with %s calls at once takes %s payments a second; the largest company needs %s.",
				number(c.of(saferpayAtOnce)), number(fullest*terminal), count(terminals, "terminal")),
		},
	}
}

// next says what comes first when the load grows; pods, which are simply added, apart.
func (p *plan) next() string {
	var behind []string
	next := wall{from: math.Inf(1)}
	for _, w := range p.walls() {
		switch {
		case w.from <= p.rate:
			behind = append(behind, w.what)
		case w.from < next.from:
			next = w
		}
	}
	sentence := fmt.Sprintf("Next, pods apart: from %s payments a second on, %s.", number(next.from), next.what)
	if len(behind) > 0 {
		return "Reached already: " + strings.Join(behind, "; ") + ".\n" + sentence
	}
	return sentence
}

type limit struct {
	rate float64
	what string
}

func slowest(limits []limit) (rate float64, what string) {
	least := limits[0]
	for _, l := range limits {
		if l.rate < least.rate {
			least = l
		}
	}
	return least.rate, least.what
}

func needed(n int, what string) string {
	if n == 1 {
		return "one " + what + " is"
	}
	return count(n, what) + " are"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(float64(n)) + " " + what + "s"
}

func percent(part float64) string {
	if part < .1 {
		return strconv.FormatFloat(100*part, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(100*part, 'f', 0, 64) + " %"
}

// number writes 12,345 or, when it is small, 1.2.
func number(n float64) string {
	if n < 10 && n != math.Trunc(n) {
		return strconv.FormatFloat(n, 'g', 2, 64)
	}
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	default:
		return d.Round(time.Millisecond).String()
	}
}
