// Command bench measures Quittance on this machine and holds it against its bars. It prints a table and ends with 1 when a
// bar is missed.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/quittance/quittance/internal/testing/embeddedpg"
)

// figure is one row of the table.
type figure struct {
	what     string
	measured string
	bar      string // empty for a figure that is only told
	missed   bool
}

// suite measures on the Postgres server of the bench, or on a stack of its own.
type suite func(ctx context.Context, server *embeddedpg.Server, progress io.Writer) ([]figure, error)

// suites are all that there is to measure, in the order of the table.
var suites = []struct {
	names   []string // of its parts
	measure suite
}{
	{[]string{"payments", "reads", "webhooks", "hanging", "waiting", "noise", "idle"}, atTown}, {[]string{"journal"}, journal}, {[]string{"papers"}, papers},
}

// parts are measured one after the other.
type parts []struct {
	name    string
	measure func(ctx context.Context, progress io.Writer) ([]figure, error)
}

func (all parts) measure(ctx context.Context, progress io.Writer) (figures []figure, err error) {
	for _, part := range all {
		if !chosen(part.name) {
			continue
		}
		some, err := part.measure(ctx, progress)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		figures = append(figures, some...)
	}
	return figures, nil
}

// chosen reports whether a part is to be measured.
func chosen(part string) bool { return *only == "" || slices.Contains(strings.Split(*only, ","), part) }

// openInvoices is how many invoices wait while it is measured what waiting costs.
var openInvoices = flag.Int("open", 1000, "how many `invoices` wait for nobody to pay them")

var only = flag.String("only", "", "measure only these `parts`: payments, reads, webhooks, hanging, waiting, noise, idle, journal, papers")

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	missed, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if missed > 0 {
		fmt.Fprintln(os.Stderr, "bench: bars missed:", missed)
		os.Exit(1)
	}
}

func run(ctx context.Context) (missed int, err error) {
	folder, err := os.MkdirTemp("", "quittance-bench-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	server, err := embeddedpg.Start(ctx, embeddedpg.Options{DataDir: folder, Password: rand.Text(), Durable: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "WHAT\tMEASURED\tBAR\t")
	for _, suite := range suites {
		if !slices.ContainsFunc(suite.names, chosen) {
			continue
		}
		figures, err := suite.measure(ctx, server, os.Stderr)
		if err != nil {
			return 0, err
		}
		for _, f := range figures {
			verdict := "ok"
			switch {
			case f.missed:
				verdict, missed = "MISSED", missed+1
			case f.bar == "":
				verdict = ""
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.what, f.measured, f.bar, verdict)
		}
	}
	return missed, table.Flush()
}
