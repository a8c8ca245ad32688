package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/quittance/quittance/deployments/local/mailsink"
	"github.com/quittance/quittance/deployments/local/temporal"
	"github.com/quittance/quittance/internal/testing/embeddedpg"
	"github.com/quittance/quittance/internal/testing/simulator"
)

const (
	// Temporal's two databases and the role that owns them.
	temporalDatabase   = "temporal"
	visibilityDatabase = "temporal_visibility"
	temporalRole       = "temporal"

	headerTimeout = 30 * time.Second
)

// startPostgres also starts it again when it dies while the stack runs, as a supervisor does in production.
func (s *Stack) startPostgres(ctx context.Context) error {
	options := embeddedpg.Options{
		DataDir:    s.data.file("postgres"),
		Password:   s.data.postgresPassword,
		Port:       s.options.Ports.Postgres,
		Durable:    !s.options.Ephemeral,
		Statistics: s.options.Statistics,
	}
	server, err := embeddedpg.Start(ctx, options)
	if err != nil {
		return err
	}
	s.postgres = server

	ctx, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-server.Done():
			}
			again, err := embeddedpg.Start(ctx, options)
			if err != nil {
				s.fail(fmt.Errorf("Postgres ended and can't be started again: %w", err))
				return
			}
			server = again
		}
	})
	s.onStop(func() error {
		stopWatching()
		watching.Wait()
		return server.Stop()
	})
	for _, name := range []string{temporalDatabase, visibilityDatabase} {
		if err := server.EnsureDatabase(ctx, name, temporalRole); err != nil {
			return err
		}
	}
	return server.EnsureDatabase(ctx, database, ownerRole, processesRole)
}

func (s *Stack) startMailSink(ctx context.Context) error {
	smtp, err := listen(ctx, s.options.Ports.SMTP)
	if err != nil {
		return err
	}
	web, err := listen(ctx, s.options.Ports.Mail)
	if err != nil {
		return errors.Join(err, smtp.Close())
	}
	s.onStop(mailsink.Start(smtp, web).Stop)
	return nil
}

func (s *Stack) startSimulator(ctx context.Context) error {
	logger, err := s.openLog("simulator")
	if err != nil {
		return err
	}
	sim, err := simulator.Open(simulator.Options{
		PublicURL: s.SimulatorURL(),
		TimeScale: float64(s.options.TimeScale),
		DataFile:  s.data.file("simulator.json"),
		Logger:    logger,
	})
	if err != nil {
		return err
	}
	s.onStop(sim.Close)
	listener, err := listen(ctx, s.options.Ports.Simulator)
	if err != nil {
		return err
	}
	s.serve("the simulator", listener, sim)
	return nil
}

// serve answers HTTP on the listener until the stack stops.
func (s *Stack) serve(part string, listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("%s ended: %w", part, err))
		}
	})
	s.onStop(func() error {
		err := server.Close()
		serving.Wait()
		return err
	})
}

func (s *Stack) startTemporal(ctx context.Context) error {
	// Some of Temporal's goroutines outlive its Stop and still write: this file is left to the end of the process.
	log, err := s.openLogFile("temporal")
	if err != nil {
		return err
	}
	onPostgres := temporal.Database{
		Address:  s.postgres.Address(),
		Role:     temporalRole,
		Password: s.data.postgresPassword,
	}
	store, visibility := onPostgres, onPostgres
	store.Name, visibility.Name = temporalDatabase, visibilityDatabase
	server, err := temporal.Start(ctx, temporal.Options{
		Port:        s.options.Ports.Temporal,
		Store:       store,
		Visibility:  visibility,
		Namespace:   namespace,
		LongHistory: s.options.LongHistory,
		Log:         log,
	})
	if err != nil {
		return err
	}
	s.onStop(server.Stop)
	return nil
}

func (s *Stack) startTemporalWeb(ctx context.Context) error {
	web := temporal.StartWeb(s.options.Ports.TemporalWeb, s.TemporalAddress(), namespace, s.CodecURL())
	s.onStop(func() error {
		web.Stop()
		return nil
	})
	return awaitOK(ctx, s.TemporalWebURL()+"/healthz", nil)
}

// openLog returns a logger that writes lines to the part's own file.
func (s *Stack) openLog(part string) (*slog.Logger, error) {
	file, err := s.openLogFile(part)
	if err != nil {
		return nil, err
	}
	s.onStop(file.Close)
	return slog.New(slog.NewTextHandler(file, nil)), nil
}

// openLogFile opens an empty file, and keeps the one of the start before beside it.
func (s *Stack) openLogFile(part string) (*os.File, error) {
	path := s.data.file("logs", part+".log")
	if err := os.Rename(path, path+".previous"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("keep the previous log of the %s: %w", part, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of the %s: %w", part, err)
	}
	return file, nil
}
