// Package postgres keeps the record: companies, invoices, payments, the journal and events, in a Postgres database.
//
// What belongs to a company is reached only through InCompany, which opens one transaction for one company; row-level
// security then hides everybody else's rows, also from a query that forgets to ask for its company.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/problem"
)

// How often InCompany runs a transaction that Postgres ends to resolve a deadlock, and how long it waits before the second
// time; before the third it waits twice as long.
const (
	attempts      = 3
	deadlockPause = 10 * time.Millisecond
)

// sessionSettings hold for every connection, unless the URL says otherwise (postgres://…?statement_timeout=1min). No statement, no
// wait for a lock and no transaction that was left open keeps others waiting for longer. See takeTime.
var sessionSettings = map[string]string{
	"jit":                                 "off", // compiling a query takes longer than any of ours runs
	"statement_timeout":                   "30s",
	"lock_timeout":                        "10s",
	"idle_in_transaction_session_timeout": "60s",
}

// Store is a pool of connections to the database.
type Store struct {
	pool      *pgxpool.Pool
	pooled    bool          // see throughPooler
	customers *customerKeys // nil until Unlock
}

// Open returns a store on the database at the URL (postgres://…; pool_max_conns, statement_timeout and the like are understood). It doesn't
// connect yet: Ping does. Connections of a role that row-level security doesn't bind are refused. With pooler=transaction in the URL there is
// a PgBouncer in between.
func Open(ctx context.Context, url string, options ...Option) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	config.AfterConnect = prepareConnection
	pooled, err := throughPooler(config)
	if err != nil {
		return nil, err
	}
	for name, value := range sessionSettings {
		if _, given := config.ConnConfig.RuntimeParams[name]; !given && !pooled {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	for _, option := range options {
		option(config)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return &Store{pool: pool, pooled: pooled}, nil
}

// Option changes how a store connects.
type Option func(*pgxpool.Config)

// Traced makes every statement a span of the trace that it belongs to, without its arguments.
func Traced(config *pgxpool.Config) {
	config.ConnConfig.Tracer = otelpgx.NewTracer(otelpgx.WithTrimSQLInSpanName(), otelpgx.WithDisableConnectionDetailsInAttributes())
}

// At has each new connection go where url then says, so that a password which changes is taken up. Connections that are open go on.
func At(url func() string) Option {
	return func(config *pgxpool.Config) {
		config.BeforeConnect = func(_ context.Context, connection *pgx.ConnConfig) error {
			fresh, err := pgxpool.ParseConfig(url())
			if err != nil {
				return fmt.Errorf("read the database URL: %w", err)
			}
			c, now := &connection.Config, fresh.ConnConfig.Config
			c.Host, c.Port, c.Database, c.User, c.Password, c.TLSConfig, c.Fallbacks = now.Host, now.Port, now.Database, now.User, now.Password, now.TLSConfig, now.Fallbacks
			return nil
		}
	}
}

// prepareConnection makes times come back in UTC, and refuses a role that would see every company's rows.
func prepareConnection(ctx context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	var role string
	var unbound bool
	err := conn.QueryRow(ctx, "select rolname, rolsuper or rolbypassrls from pg_roles where rolname = current_user").Scan(&role, &unbound)
	if err != nil {
		return fmt.Errorf("look up the database role: %w", err)
	}
	if unbound {
		return fmt.Errorf("the database role %q bypasses row-level security, which keeps companies apart: connect as an ordinary role", role)
	}
	return nil
}

// Close waits until every connection is given back, and closes them all.
func (s *Store) Close() { s.pool.Close() }

// Ping returns nil when the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.pool.Ping(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	return nil
}

// Tx is a transaction in which the database shows and accepts only the rows of one company. Its methods return copies of
// entities; the matching Save stores a change. Inserting an entity with a known id changes nothing, so a repeated step is
// harmless.
type Tx struct {
	tx        *statements
	companyID string
	due       bool // something in the outbox is due once this is committed
	customers *customerKeys
	whose     map[string]who // the customers of the invoices that were read, by invoice
}

// InCompany runs fn in one transaction of the company and commits when fn returns nil. Nothing that fn did stays when it
// returns an error, which is passed on as it is.
//
// fn runs up to three times, when Postgres ends a transaction to resolve a deadlock. So it must change nothing but the
// transaction, or reset what it changes each time. An id that is no company id is problem.NotFound. For a company that doesn't
// exist the database is empty and accepts nothing.
func (s *Store) InCompany(ctx context.Context, companyID string, fn func(*Tx) error) error {
	if !id.Valid(id.Company, companyID) {
		return notFound("company", companyID)
	}
	return s.within(ctx, companyID, fn)
}

// within is InCompany for a company or the administrator.
func (s *Store) within(ctx context.Context, companyID string, fn func(*Tx) error) error {
	for attempt := 1; ; attempt++ {
		in := Tx{companyID: companyID, customers: s.customers, whose: map[string]who{}}
		err := s.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
			in.tx = &statements{conn: conn, company: companyID}
			defer in.tx.rollback(ctx)
			if err := fn(&in); err != nil {
				return err
			}
			return in.tx.commit(ctx)
		})
		if err == nil && in.due {
			s.wakeRelays(ctx)
		}
		if !isCode(err, deadlockDetected) || attempt == attempts {
			return err
		}
		// Started again at once, it would take its locks before the other one wakes up, and block it again.
		select {
		case <-time.After(time.Duration(attempt) * deadlockPause):
		case <-ctx.Done():
			return err
		}
	}
}

// Snapshot makes the transaction read-only, and lets it see the database as it is at its first query. Call it before anything else.
func (tx *Tx) Snapshot() {
	tx.tx.options = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
}

// Alone makes each statement, or batch, of what follows a transaction of its own, which saves beginning and committing one. It is for what
// sends only one, or reads things that may change in between. Call it before anything else.
func (tx *Tx) Alone() { tx.tx.alone = true }

// takeTime lets each statement of the transaction take as long as it takes, for what reads all that a company has.
func (tx *Tx) takeTime(ctx context.Context) error {
	_, err := tx.tx.Exec(ctx, "set local statement_timeout = 0")
	return failed(err, "take time")
}

func notFound(kind, id string) error {
	return problem.New(problem.NotFound, "There is no %s %s.", kind, id)
}

// all returns the rows of a query. An error says what was being done.
func all[T any](ctx context.Context, db querier, scan pgx.RowToFunc[T], doing, sql string, args ...any) ([]T, error) {
	rows, _ := db.Query(ctx, sql, args...) // its error comes out of CollectRows
	items, err := pgx.CollectRows(rows, scan)
	return items, failed(err, "%s", doing)
}

// querier is a transaction, or the pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// optional returns the only row of a query; false when there is none. An error says what was being done.
func optional[T any](ctx context.Context, tx querier, scan pgx.RowToFunc[T], doing, sql string, args ...any) (item T, ok bool, err error) {
	rows, _ := tx.Query(ctx, sql, args...) // its error comes out of CollectExactlyOneRow
	item, err = pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return item, false, nil
	}
	return item, err == nil, failed(err, "%s", doing)
}

// one returns the only row of a query; none at all is problem.NotFound of that kind and id.
func one[T any](ctx context.Context, tx querier, scan pgx.RowToFunc[T], kind, id, sql string, args ...any) (T, error) {
	item, ok, err := optional(ctx, tx, scan, "read "+kind+" "+id, sql, args...)
	if err == nil && !ok {
		return item, notFound(kind, id)
	}
	return item, err
}

// queue adds a query to the batch. Its rows are there once the batch is closed.
func queue[T any](b *pgx.Batch, scan pgx.RowToFunc[T], sql string, args ...any) *[]T {
	var items []T
	b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		items, err = pgx.CollectRows(rows, scan)
		return err
	})
	return &items
}

// single is the only row of a query; none at all is problem.NotFound of that kind and id.
func single[T any](rows []T, kind, id string) (item T, err error) {
	if len(rows) == 0 {
		return item, notFound(kind, id)
	}
	return rows[0], nil
}

// save runs an update of one row; none to update is problem.NotFound of that kind and id.
func (tx *Tx) save(ctx context.Context, kind, id, sql string, args ...any) error {
	tag, err := tx.tx.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		return notFound(kind, id)
	}
	return failed(err, "save %s %s", kind, id)
}
