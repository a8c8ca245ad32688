package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// neverChanged are the tables whose rows stay as they were written, whoever gets hold of a process.
var neverChanged = []string{"journal_entries", "journal_lines", "audit_log", "events", "journal_exports", "goose_db_version"}

// neverDeleted are, beside those, the tables that say what was done with money and by whom, and the ends of the chains.
var neverDeleted = append([]string{
	"audit_heads", "companies", "daily_turnovers", "data_keys", "exceptions", "invoices", "journal_heads", "payment_services", "payments", "payouts",
	"refunds", "settlements", "signing_keys",
}, neverChanged...)

// tables are all of the schema, by the catalog.
func tables(t *testing.T, superuser *pgx.Conn) []string {
	t.Helper()
	rows, err := superuser.Query(t.Context(), `select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace order by 1`)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(all), 40)
	return all
}

// refused asserts that the role has no right to do that: it is no trigger that keeps it from it.
func refused(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
	_, err = tx.Exec(t.Context(), statement)
	var told *pgconn.PgError
	require.ErrorAs(t, err, &told, statement)
	assert.Equal(t, "42501", told.Code, "%s: %s", statement, told.Message) // insufficient_privilege
}

func TestTheProcessesCanChangeNoTable(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	superuser, process := connect(t, db.SuperuserURL), connect(t, db.URL)
	for _, table := range tables(t, superuser) {
		for _, statement := range []string{
			"alter table %s add column x text",
			"alter table %s disable trigger all",
			"alter table %s disable row level security",
			"alter table %s no force row level security",
			"alter table %s owner to current_user",
			"alter table %s rename to x",
			"create trigger x before insert on %s for each row execute function suppress_redundant_updates_trigger()",
			"create policy x on %s using (true)",
			"create rule x as on insert to %s do instead nothing",
			"create index on %s ((1))",
			"comment on table %s is 'x'",
			"truncate %s cascade",
			"drop table %s cascade",
		} {
			refused(t, process, strings.ReplaceAll(statement, "%s", table))
		}
	}
}

func TestTheProcessesKeepTheBooksTheAuditLogAndTheEventsAsTheyAre(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	first, _ := twoCompanies(t, postgrestest.Open(t, db))
	superuser, process := connect(t, db.SuperuserURL), connect(t, db.URL)
	_, err := process.Exec(t.Context(), "select set_config('quittance.company_id', $1, false)", first.company.ID)
	require.NoError(t, err)
	for _, table := range neverDeleted {
		refused(t, process, "delete from "+table)
		refused(t, process, "delete from "+table+" where false")
	}
	for _, table := range neverChanged {
		rows, err := superuser.Query(t.Context(), `
			select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`, table)
		require.NoError(t, err)
		columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, column := range columns {
			refused(t, process, "update "+table+" set "+column+" = "+column)
		}
		refused(t, process, "select from "+table+" for update")
	}
}

func TestTheProcessesCanStepAroundNothing(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	process := connect(t, db.URL)
	owner, err := pgx.ParseConfig(db.OwnerURL)
	require.NoError(t, err)
	for _, statement := range []string{
		"set session_replication_role = replica",
		"set role " + owner.User,
		"set session authorization " + owner.User,
		"alter role current_user bypassrls",
		"alter role current_user superuser",
		"create table public.x ()",
		"create temporary table x ()",
		"create schema x",
		"create function public.x() returns integer language sql as 'select 1'",
		"create or replace function keep_audit_log() returns trigger language plpgsql as 'begin return new; end'",
		"drop function refuse_journal_change() cascade",
		"alter schema public owner to current_user",
		"create role x",
		"copy companies to program 'true'",
		"select pg_read_file('PG_VERSION')",
		"update pg_class set relrowsecurity = false",
	} {
		refused(t, process, statement)
	}
}

func TestEveryTableSaysWhatTheProcessesMayDoWithIt(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	superuser, process := connect(t, db.SuperuserURL), connect(t, db.URL)
	assert.ElementsMatch(t, tables(t, superuser), postgres.TablesWithPrivileges(), "internal/postgres/privileges.go has a line for every table of the schema")
	_, _ = process.Exec(t.Context(), "grant all on all tables in schema public to public") // Postgres only warns
	rows, err := superuser.Query(t.Context(), `
		select relname || ': ' || privilege_type from pg_class, aclexplode(relacl) a
		where relnamespace = 'public'::regnamespace and grantee in (0, $1::regrole) and (privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE') or grantee = 0 or is_grantable)`,
		process.Config().User)
	require.NoError(t, err)
	more, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	assert.Empty(t, more)
}

func TestARoleThatOwnsTheSchemaIsKnown(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	for url, owns := range map[string]bool{db.URL: false, db.OwnerURL: true} {
		db.URL = url
		may, err := postgrestest.Open(t, db).MayChangeSchema(t.Context())
		require.NoError(t, err)
		assert.Equal(t, owns, may)
	}
}

func TestATableOfALaterVersionKeepsItsPrivilegesWhenAnOlderOneMigrates(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewBareDatabase(t)
	db.Migrate(t)
	process, owner := connect(t, db.URL), connect(t, db.OwnerURL)
	_, err := owner.Exec(t.Context(), "create table later (id text); grant select on later to "+process.Config().User)
	require.NoError(t, err)
	_, err = owner.Exec(t.Context(), "insert into goose_db_version (version_id, is_applied) values (99999, true)")
	require.NoError(t, err)
	db.Migrate(t)
	_, err = process.Exec(t.Context(), "select from later")
	require.NoError(t, err)

	_, err = owner.Exec(t.Context(), "delete from goose_db_version where version_id = 99999")
	require.NoError(t, err)
	db.Migrate(t)
	refused(t, process, "select from later")
}

func TestNothingHoldsTheOthersUpForLong(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	b := createBooks(t, postgrestest.Open(t, db))
	db.URL += "&statement_timeout=500ms&lock_timeout=500ms&idle_in_transaction_session_timeout=500ms"
	store := postgrestest.Open(t, db)
	superuser := connect(t, db.SuperuserURL)
	_, err := superuser.Exec(t.Context(), "begin; lock table invoices in access exclusive mode")
	require.NoError(t, err)
	err = store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
		_, err := tx.Invoice(t.Context(), b.invoice.ID)
		return err
	})
	require.ErrorContains(t, err, "timeout")
	_, err = superuser.Exec(t.Context(), "rollback")
	require.NoError(t, err)

	err = store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
		_, err := tx.LockInvoice(t.Context(), b.invoice.ID)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			var left int
			err := superuser.QueryRow(t.Context(), "select count(*) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'").Scan(&left)
			return err == nil && left == 0
		}, 10*time.Second, 5*time.Millisecond, "the one that holds it")
		return nil
	})
	require.Error(t, err)
}
