// Command scaling says what it takes to carry a load: from what one payment costs it derives how many pods, shards, cores and
// databases are needed, then simulates payments on them, and says how long people wait and what the bottleneck is.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "scaling:", err)
		os.Exit(1)
	}
}

func run(arguments []string, to, complaints io.Writer) error {
	flags := flag.NewFlagSet("scaling", flag.ContinueOnError)
	flags.SetOutput(complaints)
	loads := flags.String("rate", "10,1000,10000", "payments a second, with commas between several `loads`")
	seed := flags.Uint64("seed", 1, "the same `number` gives the same answer")
	companies := flags.Int("companies", 0, "`how many` companies have these payments; by default 100 for each payment a second")
	show := flags.Bool("costs", false, "print what a payment costs, as JSON to be changed and given to --with")
	with := flags.String("with", "", "a `file` with your own costs; what it leaves out stays as it is built in")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("there is no argument %q", flags.Arg(0))
	}
	if *companies < 0 {
		return errors.New("--companies can't be negative")
	}
	rates, err := readRates(*loads)
	if err != nil {
		return err
	}
	c := builtIn
	if *with != "" {
		if c, err = readFile(*with); err != nil {
			return err
		}
	}
	if *show {
		return c.print(to)
	}
	if err := price(to, c); err != nil {
		return err
	}
	for _, rate := range rates {
		n := *companies
		if n == 0 {
			n = max(1, int(companiesPer*rate))
		}
		p := newPlan(rate, n, c)
		if err := report(to, p, p.simulate(*seed, leastPayments)); err != nil {
			return err
		}
	}
	return nil
}

func readRates(list string) (rates []float64, err error) {
	for one := range strings.SplitSeq(list, ",") {
		rate, err := strconv.ParseFloat(strings.TrimSpace(one), 64)
		if err != nil || !(rate > 0 && rate <= 1e6) {
			return nil, fmt.Errorf("--rate: %q is no number of payments a second, above 0 and up to 1,000,000", one)
		}
		rates = append(rates, rate)
	}
	return rates, nil
}

func readFile(name string) (c costs, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return readCosts(file)
}
