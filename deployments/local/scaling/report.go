package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"strings"
	"text/tabwriter"
)

// report writes tables in Markdown: what a payment costs, the plans, what Temporal Cloud bills, and its bills of the plans.
func report(to io.Writer, c costs, plans []*plan) error {
	w := tabwriter.NewWriter(to, 0, 0, 1, ' ', 0)
	row := func(cells ...string) { _, _ = fmt.Fprintln(w, "| "+strings.Join(cells, "\t| ")+"\t|") }
	quiet := maps.Clone(c)
	quiet["webhook_endpoints"] = costs{}[""]
	all, own := newPlan(1, 1, c), newPlan(1, 1, quiet)
	row("one payment takes", "ms", "without webhooks", "one carries at 60 %, payments a second", "without webhooks")
	row("---", "---", "---", "---", "---")
	for at := range nowhere {
		row(stationNames[at], number(1000*all.takes[at].mean), number(1000*own.takes[at].mean), number(all.carries(at)), number(own.carries(at)))
	}
	_, _ = fmt.Fprintln(w)
	line := func(name string, cell func(*plan) string) {
		cells := []string{name}
		for _, p := range plans {
			cells = append(cells, cell(p))
		}
		row(cells...)
	}
	line("payments a second", func(p *plan) string { return number(p.rate) })
	line("---", func(*plan) string { return "---" })
	line("companies (the largest has)", func(p *plan) string { return number(p.companies) + " (" + number(100*p.largest) + " %)" })
	for at, name := range stationNames {
		line(name, func(p *plan) string { return p.describe(station(at)) })
	}
	for i, w := range []work{issuing, paying, settling, settling} {
		line([...]string{"issue", "Pay now", "notification to paid", "… in the largest company"}[i]+", p50, p99", func(p *plan) string {
			lasts := p.lasts(w, i == 3)
			return millis(lasts.quantile(.5)) + ", " + millis(lasts.quantile(.99))
		})
	}
	line("payers on a payment page", func(p *plan) string { return number(p.rate * p.costs.of("payer_seconds")) })
	line("workflows in the workers' memory", func(p *plan) string {
		return number(p.clusters * float64(p.queues[atWorker].servers/2) * p.costs.of("worker_kept_workflows"))
	})
	line("bottleneck; next, pods apart", func(p *plan) string {
		most, next, from := p.advice()
		return stationNames[most] + "; from " + number(from) + " on: " + then[next]
	})
	_, _ = fmt.Fprintln(w)
	return cloud(w, row, line, c)
}

// describe returns how many there are of a station, how much the busiest is used, and how long one of a hundred waits there.
func (p *plan) describe(at station) string {
	q, many := p.queues[at], float64(p.queues[at].servers)
	parts := [nowhere]float64{1, p.clusters, p.clusters, p.clusters, p.clusters, p.clusters, p.databases, p.databases, p.clusters, 1, p.terminals}
	if at == atShard {
		many = p.shards
	} else if at <= atWorker {
		many /= 2 // cores
	}
	return number(parts[at]) + " × " + number(many) + ": " + number(100*q.utilisation()) + " %, " + millis(q.p99())
}

// number writes 12,345 or, when it is small, 1.2.
func number(n float64) string {
	if n < 10 && n != math.Trunc(n) {
		return fmt.Sprintf("%.2g", n)
	}
	digits := fmt.Sprintf("%.0f", n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func millis(seconds float64) string {
	return strings.ReplaceAll(fmt.Sprintf("%.0f ms", 1000*seconds), "+Inf ms", "no end")
}
