package postgres_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// whereFound returns the columns of all tables in which a text stands, as "table.column": as text, and in bytes.
func whereFound(t *testing.T, db postgrestest.Database, text string) (found []string) {
	t.Helper()
	superuser := connect(t, db.SuperuserURL)
	for _, table := range tables(t, superuser) {
		rows, err := superuser.Query(t.Context(), `
			select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`, table)
		require.NoError(t, err)
		columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Name, Type string }])
		require.NoError(t, err)
		for _, c := range columns {
			condition := fmt.Sprintf("position(lower($1) in lower(%s::text)) > 0", c.Name)
			if c.Type == "bytea" {
				condition = fmt.Sprintf("position(convert_to($1, 'UTF8') in %[1]s) > 0 or position(convert_to(lower($1), 'UTF8') in %[1]s) > 0", c.Name)
			}
			var stands bool
			require.NoError(t, superuser.QueryRow(t.Context(), fmt.Sprintf("select exists (select from %s where %s)", table, condition), text).Scan(&stands))
			if stands {
				found = append(found, table+"."+c.Name)
			}
		}
	}
	return found
}
