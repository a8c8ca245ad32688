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

// Dial connects to the cluster and checks that it answers; the caller closes the client. Every payload that the client
// or a worker built on it sends goes through DataConverter. metrics may be nil; interceptors see what the client, and workers
// built on it, do.
//
// The error is a sentence that names the address.
func Dial(ctx context.Context, cfg config.Temporal, keyring *secrets.Keyring, logger *slog.Logger, metrics client.MetricsHandler,
	interceptors ...interceptor.ClientInterceptor,
) (client.Client, error) {
	options, err := clientOptions(cfg, keyring, logger, metrics)
	if err != nil {
		return nil, err
	}
	options.Interceptors = interceptors
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("no answer from Temporal at %s: %w", cfg.Address, err)
	}
	return c, nil
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
