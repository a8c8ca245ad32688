package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/quittance/quittance/deployments/local/invariants"
)

// assertsPerPage is how often Saferpay may be asked about one payment page in a run: when the payer returned, for each of up
// to three attempts at two notifications, shortly before the page dies, when the provider decides, and once more for each answer
// that was lost and each night's comparison while the payment is under way, which here comes every few seconds.
const assertsPerPage = 16

// Report is what came of a run.
type Report struct {
	Faults      map[string]int
	Decisions   map[string]int
	Falls       map[string]int // how often each part ended by itself
	Served      []int64        // answers, by instance of the API
	Steps       map[string]int // by worker
	Invoices    int
	Paid        int
	Payments    map[string]int // by state
	Refunds     map[string]int // by state
	Captures    int            // of Saferpay, of payments
	Returned    int            // of Saferpay, of refunds
	Bookings    int            // entries of the journals
	Events      int
	MostAsserts int // about one payment page
	Settled     time.Duration
	Lost        int64         // bytes of the write-ahead log that the other region did not get
	Down        time.Duration // until the other region answered
	Differences []string
	Folder      string // of the data and logs, when something is wrong
}

// check holds all books against Saferpay's.
func (r *run) check(ctx context.Context, unsettled []string) (Report, error) {
	report := Report{
		Lost: r.cluster.other.lost, Down: r.cluster.other.down,
		Faults: r.cluster.hits.all(), Decisions: r.decided.all(), Falls: map[string]int{}, Payments: map[string]int{}, Refunds: map[string]int{},
		Differences: append(r.failures, unsettled...),
	}
	for name, p := range r.cluster.parts {
		if n := p.fallen(); n > 0 {
			report.Falls[name] = n
		}
	}
	for i := range r.cluster.balancer.served {
		report.Served = append(report.Served, r.cluster.balancer.served[i].Load())
	}
	r.share.look(ctx, r.cluster)
	report.Steps = r.share.all()
	var saferpay []invariants.Transaction
	if err := r.cluster.steer(ctx, http.MethodGet, "/_sim/transactions", nil, &saferpay); err != nil {
		return report, err
	}
	var calls map[string]int
	if err := r.cluster.steer(ctx, http.MethodGet, "/_sim/calls", nil, &calls); err != nil {
		return report, err
	}
	var all []invariants.Books
	for i, c := range r.companies {
		books, err := invariants.Read(c.read(ctx), saferpay)
		if err != nil {
			return report, err
		}
		events, err := invariants.All[event](c.read(ctx), "/events")
		if err != nil {
			return report, err
		}
		slices.Reverse(events) // the oldest first
		unbooked, err := c.unbooked(ctx)
		if err != nil {
			return report, err
		}
		if unbooked != "" {
			report.Differences = append(report.Differences, fmt.Sprintf("company %d: %s", i, unbooked))
		}
		for _, difference := range append(books.Differences(), r.cluster.receiver.differences(c.id, events)...) {
			report.Differences = append(report.Differences, fmt.Sprintf("company %d: %s", i, difference))
		}
		all = append(all, books)
		report.count(books)
		report.Events += len(events)
	}
	failed, err := r.cluster.failed(ctx)
	if err != nil {
		return report, err
	}
	report.Differences = append(report.Differences, failed...)
	report.Differences = append(report.Differences, invariants.Strangers(saferpay, all...)...)
	report.Differences = append(report.Differences, invariants.Polled(calls, assertsPerPage)...)
	for call, n := range calls {
		if strings.HasPrefix(call, "PaymentPage/Assert/") {
			report.MostAsserts = max(report.MostAsserts, n)
		}
	}
	for _, t := range saferpay {
		if t.RefundOf == "" {
			report.Captures += t.Captures
		} else {
			report.Returned += t.Captures
		}
	}
	return report, nil
}

func (r *Report) count(b invariants.Books) {
	r.Invoices += len(b.Invoices)
	r.Bookings += len(b.Journal)
	for _, inv := range b.Invoices {
		if inv.Status == "paid" {
			r.Paid++
		}
	}
	for _, p := range b.Payments {
		r.Payments[p.State]++
	}
	for _, refund := range b.Refunds {
		r.Refunds[refund.State]++
	}
}

// Print writes the table.
func (r Report) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	row := func(format string, args ...any) { _, _ = fmt.Fprintf(table, format+"\n", args...) }
	row("FAULTS\tTIMES")
	total := 0
	for _, kind := range sortedKeys(r.Faults) {
		row("%s\t%d", kind, r.Faults[kind])
		total += r.Faults[kind]
	}
	row("all\t%d", total)
	row("\t")
	row("WHAT CAME OF IT\t")
	row("invoices\t%d, of which %d are paid", r.Invoices, r.Paid)
	row("payments\t%s", counts(r.Payments))
	row("refunds\t%s", counts(r.Refunds))
	row("captures at Saferpay\t%d of payments, %d of refunds", r.Captures, r.Returned)
	row("bookings\t%d", r.Bookings)
	row("events, all told by webhook\t%d", r.Events)
	row("decisions of the operator\t%s", counts(r.Decisions))
	row("ended by themselves, started again\t%s", counts(r.Falls))
	row("answers of each api\t%v", r.Served)
	row("steps of each worker\t%s", counts(r.Steps))
	row("most calls of Assert about one page\t%d", r.MostAsserts)
	if r.Down > 0 {
		row("not known to the other region\t%d kB of the write-ahead log", r.Lost/1000)
		row("until the other region answered\t%.1f s", r.Down.Seconds())
	}
	row("settled after the last fault in\t%.1f s", r.Settled.Seconds())
	row("differences\t%d", len(r.Differences))
	if err := table.Flush(); err != nil {
		return err
	}
	for _, difference := range r.Differences {
		_, _ = fmt.Fprintln(w, "  -", difference)
	}
	return nil
}

func counts(of map[string]int) string {
	var parts []string
	for _, what := range sortedKeys(of) {
		parts = append(parts, fmt.Sprintf("%d %s", of[what], what))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
