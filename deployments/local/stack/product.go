package stack

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/quittance/quittance/deployments/local/process"
	"github.com/quittance/quittance/internal/app"
	"github.com/quittance/quittance/internal/config"
)

const readyTimeout = 30 * time.Second

// prepareDatabase brings the schema up to date, registers the search attributes and makes the demo company.
func (s *Stack) prepareDatabase(ctx context.Context) error {
	cfg, err := s.config()
	if err != nil {
		return err
	}
	logger, err := s.openLog("migrate")
	if err != nil {
		return err
	}
	if err := app.Migrate(ctx, cfg, logger); err != nil {
		return err
	}
	return app.SeedDemo(ctx, cfg, logger)
}

func (s *Stack) startCodecServer(ctx context.Context) error {
	return s.run(ctx, "codec server", s.CodecURL(), app.RunCodec)
}

func (s *Stack) startWorker(ctx context.Context) error {
	return s.run(ctx, "worker", s.WorkerURL(), app.RunWorker)
}

func (s *Stack) startAPI(ctx context.Context) error {
	return s.run(ctx, "api", s.APIURL(), app.RunAPI)
}

// run starts a part of the product as its own command would, and returns when it says that it is ready.
func (s *Stack) run(ctx context.Context, name, url string, command func(context.Context, config.Config, *slog.Logger) error) error {
	cfg, err := s.config()
	if err != nil {
		return err
	}
	logger, err := s.openLog(name)
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	var result error
	go func() {
		defer close(ended)
		if result = command(running, cfg, logger); running.Err() == nil {
			s.fail(fmt.Errorf("the %s ended by itself: %w", name, result))
		}
	}()
	s.onStop(func() error {
		cancel()
		<-ended
		return nil // how it ended stands in its log
	})
	if err := awaitOK(ctx, url+"/readyz", ended); err != nil {
		select {
		case <-ended:
			return fmt.Errorf("start the %s: %w", name, result)
		default:
			return err
		}
	}
	return nil
}

func (s *Stack) config() (config.Config, error) {
	variables := make(map[string]string)
	for _, v := range s.Environment() {
		variables[v.Name] = v.Value
	}
	return config.Parse(variables)
}

// awaitOK asks the URL until it answers 200 OK, or until whoever should answer has ended.
func awaitOK(ctx context.Context, url string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return process.AwaitOK(ctx, url, ended)
}
