package postgres_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestTheDatabaseTakesTheMethodsOfTheTable(t *testing.T) {
	t.Parallel()
	var constraint string
	require.NoError(t, connect(t, postgrestest.NewDatabase(t).URL).QueryRow(t.Context(),
		`select pg_get_constraintdef(oid) from pg_constraint where conname = 'payments_method_check'`).Scan(&constraint))
	var taken []payment.Method
	for _, quoted := range regexp.MustCompile(`'([^']*)'`).FindAllStringSubmatch(constraint, -1) {
		taken = append(taken, payment.Method(quoted[1]))
	}
	assert.ElementsMatch(t, payment.Methods, taken, constraint)
}
