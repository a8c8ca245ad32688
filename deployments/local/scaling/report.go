package main

import (
	"fmt"
	"io"
	"maps"
	"strings"
	"text/tabwriter"
)

// price writes for how long a payment keeps a server of each station.
func price(to io.Writer, c costs) error {
	quiet := maps.Clone(c)
	quiet[endpoints] = cost{}
	all, own := demands(journeysOf(c)), demands(journeysOf(quiet))
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "one payment takes, of\tin all\tfor itself\tfor its webhooks\t")
	for i := range all {
		in, self := all[i]/secondsPerMillis, own[i]/secondsPerMillis
		_, _ = fmt.Fprintf(table, "%s\t%.2f ms\t%.2f ms\t%.2f ms\t\n", stationNames[i], in, self, in-self)
	}
	err := table.Flush()
	_, _ = fmt.Fprintln(to)
	return err
}

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
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.2f\t%s\t\n",
			stationNames[i], servers, percent(m.utilisation), busiest, m.queue, duration(m.p99))
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
	}{
		{"issue", issuing, p.journeys.issue},
		{"Pay now", payingNow, p.journeys.pay},
		{"notification to paid", notifiedToPaid, p.journeys.returns},
	} {
		d := &s.durations[m.measure]
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t\n",
			m.name, duration(d.percentile(.5)), duration(d.percentile(.99)), duration(takes(m.journey, m.measure)))
	}
	if s.largest.count > 0 {
		_, _ = fmt.Fprintf(table, "the largest company's\t%s\t%s\t\t\n", duration(s.largest.percentile(.5)), duration(s.largest.percentile(.99)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nTo run:\n%s\n%s\n", p.purchase(), p.verdict(s))
	for _, wall := range p.walls(s) {
		fmt.Fprintln(w, wall.sentence)
	}
	fmt.Fprintln(w, p.next(s))
	_, err := fmt.Fprintln(to, w.String())
	return err
}
