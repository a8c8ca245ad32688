// Command firing reads series in Prometheus' own notation from its input, a sample a minute, and prints the alerts of a file of rules that
// fire at the last of so many minutes: firing ../prometheus/alerts.yaml 15 < series
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/quittance/quittance/deployments/checks/alerting"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: firing RULES MINUTES < SERIES")
	}
	minutes, err := strconv.Atoi(arguments[1])
	if err != nil {
		return fmt.Errorf("how many minutes: %w", err)
	}
	series, err := io.ReadAll(os.Stdin)
	if err != nil {
		return fmt.Errorf("read the series: %w", err)
	}
	last := time.Duration(minutes) * time.Minute
	fires, err := alerting.Firing(context.Background(), arguments[0], string(series), time.Minute, last)
	if err != nil {
		return err
	}
	for _, name := range fires[last] {
		fmt.Println(name)
	}
	return nil
}
