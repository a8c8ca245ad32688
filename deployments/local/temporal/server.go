// Package temporal runs a real Temporal cluster inside this process: all its services on one Postgres, and Temporal Web.
package temporal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/quittance/quittance/internal/testing/freeport"
)

const (
	// retention is how long a closed workflow stays readable.
	retention = 7 * 24 * time.Hour
	// historyShards can't be changed once a database is in use; four are plenty for one process.
	historyShards = 4

	clusterName = "local"
	loopback    = "127.0.0.1"

	namespaceTimeout = 30 * time.Second
	pollInterval     = 25 * time.Millisecond
)

// Options says on what the cluster runs.
type Options struct {
	// Port of the frontend on 127.0.0.1; the other services take free ports there.
	Port int
	// Store and Visibility are two databases on Postgres that the roles may change: the schemas are set up and brought up to date.
	Store, Visibility Database
	// Namespace is registered when it doesn't exist.
	Namespace string
	// LongHistory is after how many events Temporal suggests that a workflow continues as new; 0 is its own default.
	LongHistory int
	// Log receives warnings and errors as lines of JSON.
	Log io.Writer
}

// Server is a running cluster.
type Server struct {
	internal temporal.Server
	address  string
}

// Start sets the schemas up, starts all services and returns when the namespace answers.
func Start(ctx context.Context, options Options) (*Server, error) {
	logger := log.NewZapLogger(zap.New(zapcore.NewCore(
		zapcore.NewJSONEncoder(log.DefaultZapEncoderConfig), zapcore.AddSync(options.Log), zapcore.WarnLevel)))
	for _, store := range []struct {
		database Database
		schema   string
	}{
		{options.Store, "postgresql/v12/temporal"},
		{options.Visibility, "postgresql/v12/visibility"},
	} {
		if err := store.database.updateSchema(store.schema, logger); err != nil {
			return nil, fmt.Errorf("set the Temporal schema in database %q up: %w", store.database.Name, err)
		}
	}

	hosts, err := hostsWithFrontendOn(ctx, options.Port)
	if err != nil {
		return nil, err
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(clusterConfig(options, hosts)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithDynamicConfigClient(settings(options.LongHistory)),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
	)
	if err != nil {
		return nil, fmt.Errorf("put the Temporal server together: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start the Temporal server: %w", err)
	}
	s := &Server{internal: server, address: hosts[primitives.FrontendService].Self}
	if err := s.ensureNamespace(ctx, options.Namespace); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Address returns host and port of the frontend.
func (s *Server) Address() string { return s.address }

// Stop ends all services.
func (s *Server) Stop() error {
	if err := s.internal.Stop(); err != nil {
		return fmt.Errorf("stop the Temporal server: %w", err)
	}
	return nil
}

// settings turns on what the product needs beyond the server's defaults.
func settings(longHistory int) dynamicconfig.StaticClient {
	chosen := dynamicconfig.StaticClient{
		// A namespace can be used right after it was made, and a search attribute, which is part of it, right after it was registered.
		dynamicconfig.NamespaceCacheRefreshInterval.Key():                      time.Second,
		dynamicconfig.FrontendEnableUpdateWorkflowExecutionAsyncAccepted.Key(): true,
		dynamicconfig.EnableDeploymentVersions.Key():                           true,
		dynamicconfig.FrontendEnableWorkerVersioningWorkflowAPIs.Key():         true,
		// Companies take turns in every queue.
		dynamicconfig.MatchingEnableFairness.Key(): true,
		// A workflow whose tasks fail is marked soon.
		dynamicconfig.NumConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute.Key(): 2,
	}
	if longHistory > 0 {
		chosen[dynamicconfig.HistoryCountSuggestContinueAsNew.Key()] = longHistory
	}
	return chosen
}

// hostsWithFrontendOn gives every service an address on the loopback interface. Fixed addresses need no gossip, so the
// cluster has no membership ports.
func hostsWithFrontendOn(ctx context.Context, port int) (map[primitives.ServiceName]static.Hosts, error) {
	hosts := map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(net.JoinHostPort(loopback, strconv.Itoa(port))),
	}
	others := []primitives.ServiceName{primitives.HistoryService, primitives.MatchingService, primitives.WorkerService}
	free, err := freeport.Take(ctx, len(others))
	if err != nil {
		return nil, fmt.Errorf("find free ports for Temporal's services: %w", err)
	}
	for i, service := range others {
		hosts[service] = static.SingleLocalHost(net.JoinHostPort(loopback, strconv.Itoa(free[i])))
	}
	return hosts, nil
}

func clusterConfig(options Options, hosts map[primitives.ServiceName]static.Hosts) *config.Config {
	frontend := hosts[primitives.FrontendService].Self
	services := make(map[string]config.Service, len(hosts))
	for name, host := range hosts {
		_, port, _ := net.SplitHostPort(host.Self)
		number, _ := strconv.Atoi(port)
		services[string(name)] = config.Service{RPC: config.RPC{BindOnIP: loopback, GRPCPort: number}}
	}
	return &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     "store",
			VisibilityStore:  "visibility",
			NumHistoryShards: historyShards,
			DataStores: map[string]config.DataStore{
				"store":      {SQL: options.Store.config()},
				"visibility": {SQL: options.Visibility.config()},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		PublicClient:        config.PublicClient{HostPort: frontend},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
	}
}

// ensureNamespace registers the namespace and waits until the services have taken note of it.
func (s *Server) ensureNamespace(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, namespaceTimeout)
	defer cancel()
	// The SDK would log every attempt while the services come up.
	quiet := sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	c, err := client.DialContext(ctx, client.Options{HostPort: s.address, Namespace: name, Logger: quiet})
	if err != nil {
		return fmt.Errorf("connect to Temporal on %s: %w", s.address, err)
	}
	defer c.Close()
	_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        name,
		WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if exists := new(serviceerror.NamespaceAlreadyExists); err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("register the Temporal namespace %q: %w", name, err)
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: name})
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the Temporal namespace %q is not there: %w", name, err)
		}
	}
}
