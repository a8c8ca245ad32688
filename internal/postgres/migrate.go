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

// Migrate brings the database at the URL to the schema of this program. A database that is up to date stays as it is. Several
// processes may call it at once: one works, the others wait up to 5 minutes for it.
func Migrate(ctx context.Context, databaseURL string) error {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return fmt.Errorf("read the database URL: %w", err)
	}
	db := stdlib.OpenDB(*config)
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
