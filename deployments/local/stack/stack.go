// Package stack starts and stops the parts of a local Quittance: Postgres, a mail sink, the Saferpay simulator, Temporal,
// Temporal Web with its codec server, the worker and the API, all in one process except Postgres, all on 127.0.0.1.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/testing/embeddedpg"
)

// Options says what to start and where.
type Options struct {
	// DataDir keeps everything that is found again at the next start. It is made when it doesn't exist.
	DataDir string
	Ports   Ports
	// OnlyInfra leaves worker and API to be started on their own, with the variables that Environment returns.
	OnlyInfra bool
	// TimeScale is how many times faster business-day waits and deadlines pass; 1 is real time.
	TimeScale int64
	// LongHistory is after how many events Temporal suggests that a workflow continues as new; 0 is Temporal's own default.
	LongHistory int
	// Ephemeral gives up what a crash of the machine would lose, for tests.
	Ephemeral bool
	// Statistics has Postgres count its statements, see PostgresURL.
	Statistics bool
	// Progress gets a line per part while the stack starts; nil is silent.
	Progress io.Writer
}

// Stack is a running local stack.
type Stack struct {
	options  Options
	data     dataFolder
	postgres *embeddedpg.Server
	// stops ends the parts that have started, in the order of their start.
	stops  []func() error
	failed chan error
}

// Start starts the parts one after the other and returns when all of them answer. ctx bounds the start only: a stack runs
// until Stop. When a part can't start, those before it are stopped again, and the error is a sentence for the user.
func Start(ctx context.Context, options Options) (*Stack, error) {
	data, err := openData(options.DataDir)
	if err != nil {
		return nil, err
	}
	if err := options.Ports.check(ctx, options.OnlyInfra); err != nil {
		return nil, err
	}
	s := &Stack{options: options, data: data, failed: make(chan error, 1)}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context) error {
	parts := []struct {
		name  string
		start func(context.Context) error
	}{
		{"Postgres", s.startPostgres},
		{"mail sink", s.startMailSink},
		{"Saferpay simulator", s.startSimulator},
		{"Temporal", s.startTemporal},
		{"Temporal Web", s.startTemporalWeb},
		{"schema and demo company", s.prepareDatabase},
		{"codec server", s.startCodecServer},
		{"worker", s.startWorker},
		{"API", s.startAPI},
	}
	if s.options.OnlyInfra {
		parts = parts[:len(parts)-2]
	}
	for _, part := range parts {
		s.report("  %-26s", part.name)
		begin := time.Now()
		err := part.start(ctx)
		if ctx.Err() != nil {
			s.report("interrupted\n")
			return fmt.Errorf("the start was interrupted: %w", ctx.Err())
		}
		if err != nil {
			s.report("failed\n")
			return err
		}
		s.report("%.1f s\n", time.Since(begin).Seconds())
	}
	return nil
}

// Failed delivers the error of a part that ended by itself; the stack should then be stopped.
func (s *Stack) Failed() <-chan error { return s.failed }

// PostgresURL reaches a database of the stack as the superuser, whom row-level security doesn't bind: for measurements.
func (s *Stack) PostgresURL(database string) string {
	return s.postgres.URL(database, embeddedpg.Superuser)
}

// Stop ends all parts, the last one first, and waits for them. Data stay in the data folder.
func (s *Stack) Stop() error {
	var failures []error
	for _, stop := range slices.Backward(s.stops) {
		failures = append(failures, stop())
	}
	s.stops = nil
	return errors.Join(failures...)
}

func (s *Stack) onStop(stop func() error) { s.stops = append(s.stops, stop) }

// fail keeps the first failure; one is enough to stop.
func (s *Stack) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

func (s *Stack) report(format string, args ...any) {
	if s.options.Progress != nil {
		_, _ = fmt.Fprintf(s.options.Progress, format, args...)
	}
}

// URLs of the parts, without a slash at the end.

// APIURL is the API and the public pages.
func (s *Stack) APIURL() string { return httpURL(s.options.Ports.API) }

// SimulatorURL is the Saferpay simulator; the JSON API lies under /api.
func (s *Stack) SimulatorURL() string { return httpURL(s.options.Ports.Simulator) }

// WorkerURL is where the worker answers health checks and metrics.
func (s *Stack) WorkerURL() string { return httpURL(s.options.Ports.Worker) }

// TemporalWebURL is Temporal Web.
func (s *Stack) TemporalWebURL() string { return httpURL(s.options.Ports.TemporalWeb) }

// CodecURL is where operators sign in to read payloads in Temporal Web.
func (s *Stack) CodecURL() string { return httpURL(s.options.Ports.Codec) }

// MailURL is the inbox of the mail sink.
func (s *Stack) MailURL() string { return httpURL(s.options.Ports.Mail) }

// TemporalAddress is host and port of Temporal's frontend.
func (s *Stack) TemporalAddress() string { return address(s.options.Ports.Temporal) }

// DatabaseURL connects to the product's database as its processes do.
func (s *Stack) DatabaseURL() string { return s.postgres.URL(database, processesRole) }

// SuperuserURL connects to the product's database as somebody whom neither row-level security nor a trigger stops.
func (s *Stack) SuperuserURL() string { return s.postgres.URL(database, embeddedpg.Superuser) }

// LogFolder holds a log per part.
func (s *Stack) LogFolder() string { return s.data.file("logs") }

// Environment returns the variables with which api and worker find the parts of this stack.
func (s *Stack) Environment() []Variable { return environment(s.options, s.data) }
