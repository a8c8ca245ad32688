package postgres_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestMigrationsRunOnceHoweverManyStartThem(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewBareDatabase(t)
	store := postgrestest.Open(t, db)
	require.ErrorContains(t, store.SchemaCurrent(t.Context()), "no schema yet")

	concurrently(t, 3, func(int) error { return postgres.Migrate(t.Context(), db.OwnerURL, db.URL) })
	require.NoError(t, store.SchemaCurrent(t.Context()))
	db.Migrate(t)
	postgrestest.Unlock(t, store)
	createBooks(t, store)
}

func TestASchemaThatIsBehindIsNotReady(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewBareDatabase(t)
	db.Migrate(t)
	store := postgrestest.Open(t, db)
	conn := connect(t, db.OwnerURL)
	_, err := conn.Exec(t.Context(), `delete from goose_db_version where version_id = (select max(version_id) from goose_db_version)`)
	require.NoError(t, err)
	require.ErrorContains(t, store.SchemaCurrent(t.Context()), "run `quittance migrate`")

	_, err = conn.Exec(t.Context(), `insert into goose_db_version (version_id, is_applied) values (99999, true)`)
	require.NoError(t, err)
	require.NoError(t, store.SchemaCurrent(t.Context()), "a later schema is another instance being deployed")
}

func TestARoleThatSeesEveryCompanyIsRefused(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	db.URL = db.SuperuserURL
	require.ErrorContains(t, postgrestest.Open(t, db).Ping(t.Context()), "bypasses row-level security")
}

func TestADatabaseThatCanNotBeReachedIsSaid(t *testing.T) {
	t.Parallel()
	_, err := postgres.Open(t.Context(), "postgres://%")
	require.ErrorContains(t, err, "read the database URL")
	require.ErrorContains(t, postgres.Migrate(t.Context(), "postgres://%", "postgres://"), "read the database URL of the schema's owner")
	require.ErrorContains(t, postgres.Migrate(t.Context(), "postgres://", "postgres://%"), "read the database URL")
	store := postgrestest.Open(t, postgrestest.Database{URL: "postgres://nobody@127.0.0.1:1/nowhere"})
	require.ErrorContains(t, store.Ping(t.Context()), "reach the database")
}

func TestNewIndexesOnTablesThatAreThereLetOthersWrite(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("migrations/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	index := regexp.MustCompile(`(?i)create (?:unique )?index (?:concurrently if not exists )?(?:\w+ )?on (?:only )?(\w+)`)
	for _, file := range files {
		if filepath.Base(file) < "00080" { // those were made before
			continue
		}
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, made := range index.FindAllStringSubmatch(string(content), -1) {
			if strings.Contains(string(content), "create table "+made[1]+" ") {
				continue // nobody writes to it yet
			}
			assert.Contains(t, made[0], "concurrently if not exists", file)
			assert.Contains(t, string(content), "+goose NO TRANSACTION", file)
		}
	}
}
