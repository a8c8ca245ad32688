// Package app puts the parts of Quittance together: the adapters for Postgres, Temporal, Saferpay and mail, and the
// processes that are built on them. cmd/quittance runs one process, the local stack several in one.
package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/telemetry"
	"github.com/quittance/quittance/internal/temporalkit"
	"github.com/quittance/quittance/workflows/contract"
)

// startup is how long a process waits for Postgres before it gives up, and a command for Temporal.
const startup = 30 * time.Second

// parts are what every process is built on.
type parts struct {
	store    *postgres.Store
	temporal client.Client
	// awaitTemporal returns once Temporal answers, or when ctx ends.
	awaitTemporal func(ctx context.Context) error

	commands contract.Commands
	master   *secrets.Master
	keyring  *secrets.Keyring
	metrics  *telemetry.Metrics
}

// connect returns the parts of a command, which needs Temporal now.
func connect(ctx context.Context, cfg config.Config, log *slog.Logger, by origin.Origin) (parts, error) {
	p, err := assemble(ctx, cfg, log, by)
	if err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(ctx, startup)
	defer cancel()
	if err := p.awaitTemporal(ctx); err != nil {
		p.close()
		return p, err
	}
	return p, nil
}

// assemble builds the parts of a process; Temporal may be down. What they tell workflows is on behalf of by where the context doesn't say.
func assemble(ctx context.Context, cfg config.Config, log *slog.Logger, by origin.Origin) (p parts, err error) {
	ctx, cancel := context.WithTimeout(ctx, startup)
	defer cancel()
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.master, err = masterKey(cfg.Secrets); err != nil {
		return p, err
	}
	if p.metrics, err = telemetry.NewMetrics(); err != nil {
		return p, err
	}
	statements := []postgres.Option{postgres.At(cfg.DatabaseURL.Reveal)}
	var calls []interceptor.ClientInterceptor
	if telemetry.Traced() {
		tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{AllowInvalidParentSpans: true})
		if err != nil {
			return p, fmt.Errorf("trace what Temporal does: %w", err)
		}
		statements, calls = append(statements, postgres.Traced), []interceptor.ClientInterceptor{tracing}
	}
	if p.store, err = postgres.Open(ctx, cfg.DatabaseURL.Reveal(), statements...); err != nil {
		return p, fmt.Errorf("QUITTANCE_DATABASE_URL: %w", err)
	}
	p.metrics.Watch(poolGauges(p.store))
	if p.keyring, err = openKeys(ctx, p.store, p.master); err != nil {
		return p, err
	}
	origins := &contract.Origins{Converter: temporalkit.DataConverter(p.keyring), Namespace: cfg.Temporal.Namespace, Default: by}
	calls = append(calls, origins, &temporalkit.FailFast{Alive: func(ctx context.Context) error { return temporalkit.Answers(ctx, p.temporal) }})
	p.temporal, err = temporalkit.New(cfg.Temporal, p.keyring, log, p.metrics.Temporal(), calls...)
	p.awaitTemporal = func(ctx context.Context) error {
		return temporalkit.WaitForCluster(ctx, p.temporal, cfg.Temporal.Address, log)
	}
	p.commands = contract.Commands{Temporal: p.temporal, TimeScale: cfg.TimeScale}
	if cfg.Console.URL != "" {
		p.commands.Console = cfg.Console.URL + "/operator"
	}
	return p, err
}

// checkRole refuses a database role that may change the schema. Where everything is on this machine, or that is allowed, it warns.
func checkRole(ctx context.Context, cfg config.Config, store *postgres.Store, log *slog.Logger) error {
	may, err := store.MayChangeSchema(ctx)
	if err != nil || !may {
		return err
	}
	if err := cfg.RefuseDatabaseOwner(); err != nil {
		return err
	}
	log.WarnContext(ctx, "database role may change the schema", "variable", "QUITTANCE_DATABASE_URL", "see", "docs/security.md")
	return nil
}

// noteUnsafe says in the log which rules the settings may break.
func noteUnsafe(cfg config.Config, log *slog.Logger) {
	if len(cfg.AllowUnsafe) > 0 {
		log.Warn("unsafe settings allowed", "rules", cfg.AllowUnsafe)
	}
}

// trace sends what the process does to the collector, if there is one, until the returned function is called.
func trace(ctx context.Context, process string, log *slog.Logger) (stop func(), err error) {
	end, err := telemetry.StartTracing(ctx, process)
	if err != nil {
		return nil, err
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		if err := end(ctx); err != nil {
			log.WarnContext(ctx, "last traces not sent", "error", err)
		}
	}, nil
}

func (p parts) close() {
	if p.temporal != nil {
		p.temporal.Close()
	}
	if p.store != nil {
		p.store.Close()
	}
}

// checks are what /readyz asks. Without Temporal documents, reads and drafts go on, so that traffic still comes here.
func (p parts) checks() map[string]telemetry.Check {
	return map[string]telemetry.Check{
		"postgres":   {Works: p.store.Ping},
		"migrations": {Works: p.store.SchemaCurrent},
		"temporal":   {Degrades: true, Works: func(ctx context.Context) error { return temporalkit.Answers(ctx, p.temporal) }},
	}
}

// Migrate brings the database's schema and Temporal's search attributes up to date, makes the data keys of a new database,
// and seals what an older program has left in clear. It may be run again at any time, and by several processes at once. It waits for
// Temporal until ctx ends.
func Migrate(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := cfg.ForCommand(); err != nil {
		return err
	}
	if err := migrateDatabase(ctx, cfg, log); err != nil {
		return err
	}
	p, err := assemble(ctx, cfg, log, origin.Quittance)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.awaitTemporal(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startup)
	defer cancel()
	if err := temporalkit.WaitForNamespace(ctx, p.temporal, cfg.Temporal.Namespace); err != nil {
		return err
	}
	return temporalkit.RegisterSearchAttributes(ctx, p.temporal, cfg.Temporal.Namespace, contract.SearchAttributes)
}

func migrateDatabase(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	master, err := masterKey(cfg.Secrets)
	if err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, cfg.MigrationDatabaseURL.Reveal(), cfg.DatabaseURL.Reveal()); err != nil {
		return err
	}
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal())
	if err != nil {
		return fmt.Errorf("QUITTANCE_DATABASE_URL: %w", err)
	}
	defer store.Close()
	if err := createDataKeys(ctx, store, master); err != nil {
		return err
	}
	if _, err := openKeys(ctx, store, master); err != nil {
		return err
	}
	moved, err := store.SealCustomers(ctx)
	if moved > 0 {
		log.InfoContext(ctx, "customers sealed", "invoices", moved)
	}
	return err
}
