// Package temporalkit connects Quittance to Temporal: with encrypted payloads, readable summaries and registered search
// attributes.
package temporalkit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/secrets"
)

// pollEvery is how often the waits of this package check again.
const pollEvery = 250 * time.Millisecond

// New returns a client of the cluster, which the caller closes. It connects with the first call, and again whenever the connection is
// lost; WaitForCluster waits until it can. Every payload that the client or a worker built on it sends goes through DataConverter.
// metrics may be nil; interceptors see what the client, and workers built on it, do.
func New(cfg config.Temporal, keyring *secrets.Keyring, logger *slog.Logger, metrics client.MetricsHandler, interceptors ...interceptor.ClientInterceptor) (client.Client, error) {
	options, err := clientOptions(cfg, keyring, logger, metrics)
	if err != nil {
		return nil, err
	}
	options.Interceptors = interceptors
	return client.NewLazyClient(options)
}

// How long WaitForCluster waits for one answer, and how often it says that it waits.
const (
	answerTimeout = 5 * time.Second
	waitingSaid   = 30 * time.Second
)

// WaitForCluster returns nil once the cluster answers, and says in the log that it waits and why. If ctx ends first, the error names the
// address.
func WaitForCluster(ctx context.Context, c client.Client, address string, log *slog.Logger) error {
	var said time.Time
	err := poll(ctx, func() error {
		asking, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		err := Answers(asking, c)
		if err != nil && ctx.Err() == nil && time.Since(said) >= waitingSaid {
			log.WarnContext(ctx, "waiting for Temporal", "address", address, "error", err)
			said = time.Now()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("no answer from Temporal at %s: %w", address, err)
	}
	if !said.IsZero() {
		log.InfoContext(ctx, "Temporal answers", "address", address)
	}
	return nil
}

func clientOptions(cfg config.Temporal, keyring *secrets.Keyring, logger *slog.Logger, metrics client.MetricsHandler) (client.Options, error) {
	if keyring == nil {
		return client.Options{}, errors.New("a Temporal client needs the master key, because every payload is encrypted")
	}
	dataConverter := DataConverter(keyring)
	options := client.Options{
		HostPort:         cfg.Address,
		Namespace:        cfg.Namespace,
		Logger:           log.NewStructuredLogger(logger),
		MetricsHandler:   metrics,
		DataConverter:    dataConverter,
		FailureConverter: failuresBy(dataConverter),
	}
	options.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{} // what is encrypted does not shrink
	if cfg.APIKey.IsSet() {
		options.Credentials = client.NewAPIKeyDynamicCredentials(func(context.Context) (string, error) { return cfg.APIKey.Reveal(), nil })
	}
	if cfg.Encrypted() {
		options.ConnectionOptions.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if cfg.TLSCA != "" {
		if err := trustFile(options.ConnectionOptions.TLS, cfg.TLSCA, cfg.Address); err != nil {
			return client.Options{}, err
		}
	}
	if cfg.TLSCert != "" {
		// Read at each connection, so that a renewed one is taken up.
		load := func() (*tls.Certificate, error) {
			certificate, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
			if err != nil {
				return nil, fmt.Errorf("QUITTANCE_TEMPORAL_TLS_CERT and QUITTANCE_TEMPORAL_TLS_KEY are not a certificate and its key: %w", err)
			}
			return &certificate, nil
		}
		if _, err := load(); err != nil {
			return client.Options{}, err
		}
		options.ConnectionOptions.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
	}
	return options, nil
}

// Answers returns nil when the cluster answers, else why it doesn't.
func Answers(ctx context.Context, c client.Client) error {
	_, err := c.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}

// WaitForNamespace returns when the namespace exists. On a fresh cluster that takes a moment. If ctx ends first, the error
// names the namespace and says why it is not there.
func WaitForNamespace(ctx context.Context, c client.Client, namespace string) error {
	err := poll(ctx, func() error {
		_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
		return err
	})
	if err != nil {
		return fmt.Errorf("the Temporal namespace %q is not there: %w", namespace, err)
	}
	return nil
}

// poll calls ready until ready returns nil or ctx ends. Then the error is the last one that ready returned.
func poll(ctx context.Context, ready func() error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}
