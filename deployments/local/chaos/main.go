// Command chaos runs a whole Quittance as separate processes, lets payers, companies and an operator use it while everything
// goes wrong that can, and then holds its books against Saferpay's. It prints a table and ends with 1 when they differ.
package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"
)

type command struct {
	Seed     uint64        `env:"QUITTANCE_CHAOS_SEED" help:"From which everything that happens is derived; by default a new one, which is printed."`
	Payments int           `env:"QUITTANCE_CHAOS_PAYMENTS" default:"300" help:"How many invoices somebody pays, or tries to."`
	Duration time.Duration `env:"QUITTANCE_CHAOS_DURATION" default:"3m" help:"For how long payers come and faults happen."`
	Binary   string        `default:"bin/quittance" help:"The product, as make build puts it in place."`
	Restore  bool          `help:"Instead of all faults: a backup is made under load, then everything is lost, and the backup is restored."`
	Failover bool          `help:"Instead of all faults: a region is lost under load, and another one takes over that lags behind."`
	Plan     bool          `help:"Only print what would happen."`
}

func main() {
	if settings := os.Getenv(temporalVariable); settings != "" {
		fmt.Fprintln(os.Stderr, "chaos:", runTemporal(settings))
		os.Exit(1)
	}
	var c command
	kong.Parse(&c, kong.Name("chaos"), kong.Description("Uses Quittance while everything goes wrong, and then checks its books."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	differences, err := c.run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
	if err != nil || differences > 0 {
		os.Exit(1)
	}
}

func (c command) run(ctx context.Context) (differences int, err error) {
	if c.Seed == 0 {
		c.Seed = newSeed()
	}
	o := usual(c)
	if o.Binary, err = filepath.Abs(c.Binary); err != nil {
		return 0, err
	}
	if c.Plan {
		for _, f := range newPlan(o).Faults {
			fmt.Println(f)
		}
		return 0, nil
	}
	target := "chaos"
	if o.Failover {
		target = "drill"
	}
	fmt.Printf("seed %d (once more: make %s SEED=%d)\n", o.Seed, target, o.Seed)
	report, err := inFolder(ctx, o, os.Stdout)
	if err != nil {
		return 0, err
	}
	if err := report.Print(os.Stdout); err != nil {
		return 0, err
	}
	if report.Folder != "" {
		fmt.Println("data and logs are kept in", report.Folder)
	}
	return len(report.Differences), nil
}

// usual is how much happens in a run of that size.
func usual(c command) Options {
	return Options{
		Seed: c.Seed, Payments: c.Payments, Duration: c.Duration, Companies: 4, Onboardings: max(1, c.Payments/30), Settlements: max(1, c.Payments/30),
		APIs: 2, Workers: 3, Kills: 2, Meddlings: 2, Deploys: 2, FaultEvery: 700 * time.Millisecond, TimeScale: 4320, SettleIn: 6 * time.Minute, Restore: c.Restore, Failover: c.Failover,
	}
}

func newSeed() uint64 {
	var random [4]byte
	_, _ = rand.Read(random[:]) // it never fails
	return uint64(binary.BigEndian.Uint32(random[:]))
}
