// Package postgrestest gives each test a database of its own, with the whole schema and nothing in it.
//
// Making a database takes longer than most tests do, so that a process makes only as many as its tests use at once: each is
// emptied and handed to the next test. The server is a throw-away one, see Run.
package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/testing/embeddedpg"
)

// Run runs the tests of a package with a Postgres server, and returns the exit code. The server is the one that
// embeddedpg.TestURLVariable names, else a new one for as long as the tests run.
//
//	func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }
func Run(m *testing.M) int { return embeddedpg.RunTests(tests{m}) }

// tests are those of a package; the databases that they were given go when they end.
type tests struct{ m *testing.M }

func (t tests) Run() int {
	code := t.m.Run()
	for _, db := range idle {
		if err := drop(context.Background(), db); err != nil {
			fmt.Fprintln(os.Stderr, "drop a test database:", err)
		}
	}
	return code
}

// Database is a database of one test.
type Database struct {
	// URL connects as the role of the processes, which may do with each table only what they need.
	URL string
	// OwnerURL connects as the owner of the schema, an ordinary role that row-level security binds too. It migrates.
	OwnerURL string
	// SuperuserURL connects as a role that nothing binds, to look at what the product can't see and to break what it can't.
	SuperuserURL string

	name string
}

// New returns a store on a database of the test's own.
func New(t testing.TB) *postgres.Store {
	t.Helper()
	return Open(t, NewDatabase(t))
}

// Open returns a store on the database, which is closed when the test ends. It can read and write customers, if there is a schema.
func Open(t testing.TB, db Database) *postgres.Store {
	t.Helper()
	store := OpenLocked(t, db)
	_ = store.Unlock(t.Context(), sealer()) // a database that a test has broken stays locked, and says so
	return store
}

// Unlock lets a store that the test opened itself, or before there was a schema, read and write customers.
func Unlock(t testing.TB, store *postgres.Store) {
	t.Helper()
	require.NoError(t, store.Unlock(t.Context(), sealer()))
}

// OpenLocked is Open for a test that unlocks the store itself.
func OpenLocked(t testing.TB, db Database) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), db.URL)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// sealer seals what all tests of the process keep of customers.
var sealer = sync.OnceValue(func() *secrets.Keyring {
	key, err := secrets.Generate()
	if err != nil {
		panic(err)
	}
	keyring, err := secrets.New(key)
	if err != nil {
		panic(err)
	}
	return keyring
})

var (
	mu   sync.Mutex
	idle []Database // migrated and empty
)

// NewDatabase returns a database with the schema and without rows. A test may write rows to it in any way, even break the
// journal, but must leave the schema alone: for that there is NewBareDatabase.
func NewDatabase(t testing.TB) Database {
	t.Helper()
	db, found := takeIdle()
	if !found {
		db = create(t)
		db.Migrate(t)
	}
	t.Cleanup(func() {
		// t.Context() has ended by now.
		if err := empty(context.Background(), db); err != nil {
			t.Errorf("empty the test's database: %v", err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		idle = append(idle, db)
	})
	return db
}

func takeIdle() (db Database, found bool) {
	mu.Lock()
	defer mu.Unlock()
	if len(idle) == 0 {
		return Database{}, false
	}
	db, idle = idle[len(idle)-1], idle[:len(idle)-1]
	return db, true
}

// NewBareDatabase returns a database without a schema, which is dropped when the test ends.
func NewBareDatabase(t testing.TB) Database {
	t.Helper()
	db := create(t)
	t.Cleanup(func() {
		if err := drop(context.Background(), db); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return db
}

// Migrate gives the database the schema, and the role of the processes its privileges.
func (db Database) Migrate(t testing.TB) {
	t.Helper()
	require.NoError(t, postgres.Migrate(t.Context(), db.OwnerURL, db.URL))
}

const (
	owner     = "quittance_test"
	processes = "quittance_test_app"
	password  = "quittance_test"
)

// create makes a database, and its roles unless they are there: test processes that share a server may do so at once.
func create(t testing.TB) Database {
	t.Helper()
	server, err := url.Parse(os.Getenv(embeddedpg.TestURLVariable))
	require.NoError(t, err)
	require.NoError(t, execute(t.Context(), server.String(), `do $$ begin
		perform pg_advisory_xact_lock(hashtext('`+owner+`'));
		if not exists (select from pg_roles where rolname = '`+processes+`') then
			create role `+owner+` login password '`+password+`';
			create role `+processes+` login password '`+password+`';
		end if;
	end $$`))
	db := Database{name: "quittance_test_" + strings.ToLower(rand.Text())}
	require.NoError(t, execute(t.Context(), server.String(), "create database "+db.name+" owner "+owner))

	server.Path = "/" + db.name
	db.SuperuserURL = server.String()
	server.User = url.UserPassword(owner, password)
	db.OwnerURL = server.String()
	server.User = url.UserPassword(processes, password)
	db.URL = server.String()
	return db
}

// empty deletes every row, whatever the triggers say.
func empty(ctx context.Context, db Database) error {
	return execute(ctx, db.SuperuserURL, `do $$
		declare
			name text;
		begin
			set local session_replication_role = replica;
			for name in select tablename from pg_tables where schemaname = 'public' and tablename <> 'goose_db_version' loop
				execute format('delete from %I', name);
			end loop;
		end $$`)
}

func drop(ctx context.Context, db Database) error {
	return execute(ctx, os.Getenv(embeddedpg.TestURLVariable), "drop database "+db.name+" with (force)")
}

func execute(ctx context.Context, superuserURL, sql string) error {
	if superuserURL == "" {
		return errors.New("there is no Postgres server for tests: the package needs a TestMain that calls postgrestest.Run")
	}
	conn, err := pgx.Connect(ctx, superuserURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}
