package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// poolerParameter is what in a database URL says that a PgBouncer is in between: pooler=transaction.
const poolerParameter = "pooler"

// pooledLooks is how often the outbox is looked at when nobody can be told that something is due.
const pooledLooks = time.Second

// throughPooler makes connections ready for a PgBouncer in transaction mode, and reports whether the URL says that there is one. Every
// transaction may then have another connection to Postgres: statements are not prepared there, nothing is listened to, and what holds for
// a session is set by PgBouncer, which takes no such settings from us.
func throughPooler(config *pgxpool.Config) (bool, error) {
	mode, given := config.ConnConfig.RuntimeParams[poolerParameter]
	if !given {
		return false, nil
	}
	if mode != "transaction" {
		return false, fmt.Errorf("the database URL says %s=%s; only %s=transaction is known", poolerParameter, mode, poolerParameter)
	}
	delete(config.ConnConfig.RuntimeParams, poolerParameter)
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if err := prepareConnection(ctx, conn); err != nil {
			return err
		}
		return boundedBehindPooler(ctx, conn)
	}
	return true, nil
}

// boundedBehindPooler refuses connections on which a statement, a wait for a lock or an open transaction may last for ever.
func boundedBehindPooler(ctx context.Context, conn *pgx.Conn) error {
	rows, _ := conn.Query(ctx, "select name from pg_settings where name = any($1) and name <> 'jit' and setting = '0'", names(sessionSettings)) // its error comes out of CollectRows
	unbounded, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look up the settings of the pooler's connections: %w", err)
	}
	if len(unbounded) > 0 {
		slices.Sort(unbounded)
		return fmt.Errorf("the pooler's connections have no %s: set them in its connect_query, see docs/operating.md", strings.Join(unbounded, ", "))
	}
	return nil
}

func names(settings map[string]string) (all []string) {
	for name := range settings {
		all = append(all, name)
	}
	return all
}
