// Command quittance-local runs a whole Quittance on this machine: Postgres, Temporal, Temporal Web, the Saferpay simulator,
// a mail sink, the worker and the API. Nothing leaves the machine, and no money moves.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/quittance/quittance/deployments/local/stack"
)

const exitInterrupted = 130 // as the shell has it

type command struct {
	Data      string      `env:"QUITTANCE_DATA" default:".quittance" help:"Folder of everything that is found again at the next start."`
	TimeScale int64       `env:"QUITTANCE_TIME_SCALE" default:"1" help:"How many times faster waits and deadlines pass; 86400 makes a day pass in a second."`
	Ports     stack.Ports `embed:""`

	Start start `cmd:"" default:"withargs" help:"Start everything and run until Ctrl-C (the default)."`
	Env   env   `cmd:"" help:"Print the variables that 'quittance api' and 'quittance worker' need, as export lines."`
}

func (c command) options() stack.Options {
	return stack.Options{DataDir: c.Data, Ports: c.Ports, TimeScale: c.TimeScale}
}

func main() {
	var c command
	cli := kong.Parse(&c, kong.Name("quittance-local"), kong.UsageOnError(),
		kong.Description("Runs a whole Quittance on this machine."))
	if err := cli.Run(c.options()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type start struct {
	Only string `enum:"infra,all" default:"all" help:"What to start: all, or infra for everything but worker and API."`
}

// Run starts the stack and waits for Ctrl-C or SIGTERM; a second one ends the process at once.
func (c start) Run(options stack.Options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, exitOnSecondSignal)

	begin := time.Now()
	options.OnlyInfra = c.Only == "infra"
	options.Progress = os.Stdout
	s, err := stack.Start(ctx, options)
	if err != nil {
		return err
	}
	fmt.Printf("started in %.1f s\n\n", time.Since(begin).Seconds())
	printTable(os.Stdout, s, options)
	fmt.Println("\nquittance is ready")

	select {
	case <-ctx.Done():
		fmt.Println("\nstopping; once more ends it at once")
		return s.Stop()
	case err := <-s.Failed():
		return errors.Join(err, s.Stop())
	}
}

func exitOnSecondSignal() {
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-again
		os.Exit(exitInterrupted) // Postgres goes with this process
	}()
}

func printTable(w io.Writer, s *stack.Stack, options stack.Options) {
	rows := [][2]string{
		{"Temporal Web", s.TemporalWebURL()},
		{"Payloads there", s.CodecURL() + ", sign in with " + stack.OperatorKey},
		{"Saferpay simulator", s.SimulatorURL()},
		{"Mails", s.MailURL()},
		{"Temporal", s.TemporalAddress() + ", namespace default"},
		{"Postgres", s.DatabaseURL()},
		{"Admin key", stack.AdminKey},
		{"Demo company's key", stack.DemoKey},
		{"Data", options.DataDir},
		{"Logs", s.LogFolder()},
	}
	if options.OnlyInfra {
		rows = append(rows, [2]string{"Then start", `eval "$(bin/quittance-local env)" and bin/quittance worker, bin/quittance api`})
	} else {
		rows = append([][2]string{{"API", s.APIURL()}}, rows...)
	}
	for _, row := range rows {
		_, _ = fmt.Fprintf(w, "  %-20s %s\n", row[0], row[1])
	}
}

type env struct{}

// Run prints lines for eval in a POSIX shell.
func (env) Run(options stack.Options) error {
	variables, err := stack.Environment(options)
	if err != nil {
		return err
	}
	fmt.Print(stack.Exports(variables))
	return nil
}
