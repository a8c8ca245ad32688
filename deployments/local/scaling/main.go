// Command scaling says what it takes to carry a load. From what one payment costs it computes how many pods, shards, cores and
// databases are needed, how long people wait (by the formulas of queueing theory), and what comes next.
package main

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "scaling:", err)
		os.Exit(1)
	}
}

func run(arguments []string, to io.Writer) error {
	flags := flag.NewFlagSet("scaling", flag.ContinueOnError)
	loads := flags.String("rate", "10,1000,10000", "payments a second, with commas between several `loads`")
	companies := flags.Uint("companies", 0, "`how many` companies have these payments; by default 100 for each payment a second")
	show := flags.Bool("costs", false, "print the built-in costs of a payment, as JSON to be changed and given to --with")
	with := flags.String("with", "", "a `file` with your own costs; what it leaves out stays as it is built in")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("there is no argument %q", flags.Arg(0))
	}
	if *show {
		_, err := to.Write(builtIn)
		return err
	}
	c, err := readCosts(*with)
	if err != nil {
		return fmt.Errorf("read the costs: %w", err)
	}
	var plans []*plan
	for one := range strings.SplitSeq(*loads, ",") {
		rate, err := strconv.ParseFloat(strings.TrimSpace(one), 64)
		if err != nil || !(rate > 0 && rate <= 1e6) {
			return fmt.Errorf("--rate: %q is no number of payments a second, above 0 and up to 1,000,000", one)
		}
		plans = append(plans, newPlan(rate, cmp.Or(*companies, max(1, uint(100*rate))), c))
	}
	return report(to, c, plans)
}

// costs are what a payment costs, by key. It always has the keys of builtIn, and no others.
type costs map[string]struct {
	Value float64 `json:"value"`
	From  string  `json:"from"` // where the figure comes from
}

//go:embed costs.json
var builtIn []byte

// readCosts returns the figures that are built in, with those of a file instead where there are any.
func readCosts(file string) (costs, error) {
	c, known, own, err := costs{}, costs{}, builtIn, error(nil)
	if file != "" {
		own, err = os.ReadFile(file)
	}
	if err = errors.Join(err, json.Unmarshal(builtIn, &known), json.Unmarshal(builtIn, &c), json.Unmarshal(own, &c)); err != nil {
		return nil, err
	}
	for key, of := range c {
		if _, ok := known[key]; !ok || of.Value < 0 {
			return nil, fmt.Errorf("%s can't be %v; --costs prints the keys", key, of.Value)
		}
	}
	if c.of("saferpay_calls_at_once") < 1 || c.of("largest_postgres_cores") < 1 ||
		c.of("temporal_frontend_part")+c.of("temporal_matching_part") > 1 {
		return nil, errors.New("at least one call at once, at least one core, and parts that are together at most 1")
	}
	return c, nil
}

// of returns a figure as it stands in the table, seconds one of milliseconds.
func (c costs) of(key string) float64      { return c[key].Value }
func (c costs) seconds(key string) float64 { return c[key].Value / 1000 }
