package stack

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/quittance/quittance/internal/testing/freeport"
)

const loopback = "127.0.0.1"

// Ports are those on 127.0.0.1 that the parts listen on.
type Ports struct {
	API         int `name:"api-port" env:"QUITTANCE_API_PORT" default:"8080" help:"The API and the public pages."`
	Worker      int `name:"worker-port" env:"QUITTANCE_WORKER_PORT" default:"8081" help:"Health and metrics of the worker."`
	Temporal    int `name:"temporal-port" env:"QUITTANCE_TEMPORAL_PORT" default:"7233" help:"Temporal."`
	TemporalWeb int `name:"temporal-web-port" env:"QUITTANCE_TEMPORAL_WEB_PORT" default:"8233" help:"Temporal Web."`
	Codec       int `name:"codec-port" env:"QUITTANCE_CODEC_PORT" default:"8234" help:"The codec server, with which Temporal Web shows payloads."`
	Simulator   int `name:"simulator-port" env:"QUITTANCE_SIMULATOR_PORT" default:"8090" help:"The Saferpay simulator."`
	Postgres    int `name:"postgres-port" env:"QUITTANCE_POSTGRES_PORT" default:"15432" help:"Postgres."`
	SMTP        int `name:"smtp-port" env:"QUITTANCE_SMTP_PORT" default:"1025" help:"The mail sink takes mails."`
	Mail        int `name:"mail-port" env:"QUITTANCE_MAIL_PORT" default:"8025" help:"The mail sink shows mails."`
}

// use is what a port is for.
type use struct {
	port           int
	part, variable string
}

func (p Ports) uses(onlyInfra bool) []use {
	uses := []use{
		{p.Temporal, "Temporal", "QUITTANCE_TEMPORAL_PORT"},
		{p.TemporalWeb, "Temporal Web", "QUITTANCE_TEMPORAL_WEB_PORT"},
		{p.Codec, "the codec server", "QUITTANCE_CODEC_PORT"},
		{p.Simulator, "the simulator", "QUITTANCE_SIMULATOR_PORT"},
		{p.Postgres, "Postgres", "QUITTANCE_POSTGRES_PORT"},
		{p.SMTP, "SMTP", "QUITTANCE_SMTP_PORT"},
		{p.Mail, "the mails", "QUITTANCE_MAIL_PORT"},
	}
	if onlyInfra {
		return uses
	}
	return append(uses,
		use{p.API, "the API", "QUITTANCE_API_PORT"},
		use{p.Worker, "the worker", "QUITTANCE_WORKER_PORT"},
	)
}

// check returns one sentence that names all ports that can't be had.
func (p Ports) check(ctx context.Context, onlyInfra bool) error {
	var taken []string
	for _, u := range p.uses(onlyInfra) {
		listener, err := listen(ctx, u.port)
		if err != nil {
			taken = append(taken, fmt.Sprintf("%d for %s (%s)", u.port, u.part, u.variable))
			continue
		}
		defer func() { _ = listener.Close() }() // only at the end, so that two parts on one port are noticed as well
	}
	if len(taken) == 0 {
		return nil
	}
	return fmt.Errorf("already in use on this machine: port %s; stop what uses it, or choose another with the variable in brackets", strings.Join(taken, ", port "))
}

// FreePorts returns ports that nobody uses now nor takes by chance before the parts listen on them, for tests.
func FreePorts(ctx context.Context) (Ports, error) {
	var p Ports
	all := []*int{&p.API, &p.Worker, &p.Temporal, &p.TemporalWeb, &p.Codec, &p.Simulator, &p.Postgres, &p.SMTP, &p.Mail}
	free, err := freeport.Take(ctx, len(all))
	if err != nil {
		return Ports{}, err
	}
	for i, port := range all {
		*port = free[i]
	}
	return p, nil
}

func listen(ctx context.Context, port int) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address(port))
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address(port), err)
	}
	return listener, nil
}

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

func httpURL(port int) string { return "http://" + address(port) }
