package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var embedded embed.FS

// migrations returns the embedded migration files.
func migrations() fs.FS {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return files
}

// Migrate brings the database at ownerURL to the schema of this program, and then says what the role of processesURL may do with it,
// see privileges. A database that is up to date stays as it is. Several processes may call it at once: one works, the others wait up to
// 5 minutes for it. When both URLs name the same role, the processes may do everything that the schema's owner may.
func Migrate(ctx context.Context, ownerURL, processesURL string) error {
	owner, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		return fmt.Errorf("read the database URL of the schema's owner: %w", err)
	}
	if _, pooled := owner.RuntimeParams[poolerParameter]; pooled {
		return errors.New("the database URL of the schema's owner leads through a pooler; migrate needs a connection of its own, for the lock that lasts as long as it works")
	}
	processes, err := pgx.ParseConfig(processesURL)
	if err != nil {
		return fmt.Errorf("read the database URL: %w", err)
	}
	if err := migrateSchema(ctx, owner); err != nil || processes.User == owner.User {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, owner)
	if err != nil {
		return fmt.Errorf("connect as the schema's owner: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// A program that is older than the schema doesn't know all tables: what the newer one said stays.
	if ahead, err := schemaAhead(ctx, conn); err != nil || ahead {
		return err
	}
	if err := grant(ctx, conn, processes.User); err != nil {
		return fmt.Errorf("say what the role %q may do: %w", processes.User, err)
	}
	return nil
}

// schemaAhead reports whether the database has migrations that this program doesn't know.
func schemaAhead(ctx context.Context, conn *pgx.Conn) (ahead bool, err error) {
	known, err := latestMigration()
	if err == nil {
		err = conn.QueryRow(ctx, "select max(version_id) > $1 from goose_db_version where is_applied", known).Scan(&ahead)
	}
	return ahead, failed(err, "look up the applied migrations")
}

func migrateSchema(ctx context.Context, owner *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*owner)
	defer func() { _ = db.Close() }()

	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("prepare the migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations(), goose.WithSessionLocker(locker), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// SchemaCurrent returns nil when every migration of this program has been applied to the database, else an error that says
// what is missing. A database with later migrations is fine: another instance is being deployed.
func (s *Store) SchemaCurrent(ctx context.Context) error {
	wanted, err := latestMigration()
	if err != nil {
		return err
	}
	var applied int64
	err = s.pool.QueryRow(ctx, "select coalesce(max(version_id), 0) from goose_db_version where is_applied").Scan(&applied)
	switch {
	case isCode(err, undefinedTable):
		return errors.New("the database has no schema yet: run `quittance migrate`")
	case err != nil:
		return fmt.Errorf("look up the applied migrations: %w", err)
	case applied < wanted:
		return fmt.Errorf("the database is at migration %d and this program needs %d: run `quittance migrate`", applied, wanted)
	}
	return nil
}

func latestMigration() (int64, error) {
	files, err := fs.Glob(migrations(), "*.sql")
	if err != nil {
		return 0, fmt.Errorf("list the migrations: %w", err)
	}
	var latest int64
	for _, file := range files {
		version, err := goose.NumericComponent(file)
		if err != nil {
			return 0, fmt.Errorf("read the number of migration %s: %w", file, err)
		}
		latest = max(latest, version)
	}
	return latest, nil
}
