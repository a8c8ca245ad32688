package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/testing/pgbouncer"
)

func TestAnInvoiceIsPaidBehindPgBouncer(t *testing.T) {
	t.Parallel()
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra = true
	s := startStack(t, options)
	database := stack.Variable{Name: "QUITTANCE_DATABASE_URL", Value: pgbouncer.Start(t, s.DatabaseURL(), pgbouncer.Bounded)}
	startProcess(t, s, binary, "worker", database)
	startProcess(t, s, binary, "api", database)
	c := newMerchant(t, s)
	r := c.listen(nil)
	for _, number := range []string{"2026-0101", "2026-0102", "2026-0103"} {
		inv := c.draftOf(number)
		c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
		inv.payNow("card").pay(visa)
		inv.requireCollectedOnce("108.00")
	}
	assert.GreaterOrEqual(t, len(r.gets(9)), 9, "events are told although nobody can listen")
	c.call("GET", "/journal", nil).gives(200, nil)
	c.call("GET", "/reconciliation", nil).gives(200, nil)
}
