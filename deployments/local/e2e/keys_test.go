package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/app"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/workflows/contract"
)

// settings are those of the API and the worker of the stack.
func settings(t *testing.T, s *stack.Stack) config.Config {
	t.Helper()
	variables := map[string]string{}
	for _, v := range s.Environment() {
		variables[v.Name] = v.Value
	}
	cfg, err := config.Parse(variables)
	require.NoError(t, err)
	return cfg
}

// sealedWith counts what is sealed in a column of the company, by the ids of the keys.
func sealedWith(t *testing.T, c *company, table, column string) map[string]int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.stack.SuperuserURL())
	require.NoError(t, err)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), fmt.Sprintf(`select encode(substring(%s from 3 for 4), 'hex') from %s where company_id = $1 and %[1]s is not null`, column, table), c.id)
	require.NoError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	found := map[string]int{}
	for _, hex := range ids {
		id, err := strconv.ParseUint(hex, 16, 32)
		require.NoError(t, err)
		found[strconv.FormatUint(id, 10)]++
	}
	return found
}

// All other tests on the shared stack go on meanwhile, too.
func TestAContactIsToldOfItselfByMail(t *testing.T) {
	t.Parallel()
	c := newCompany(t, shared)
	contact := "contact." + c.id + "@example.ch"
	c.call("PATCH", "/settings", object{"contact_email": contact}).gives(200, nil)
	told := await(t, patience, func() []message { return c.securityNotices(contact) }, func(told []message) bool { return len(told) > 0 })
	assert.Contains(t, told[0].Text, contact)
	assert.Contains(t, told[0].Text, "127.0.0.1")
}

func TestKeysAreRotatedWhilePaymentsAreUnderWay(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	r := c.listen(nil, "invoice.paid")
	waiting := c.issueNumbered("R-waiting", "10.00")
	page := waiting.payNow("card")
	open := c.issueNumbered("R-open", "10.00")
	before := keyring(t, shared).KeyID()
	assert.Equal(t, map[string]int{before: 1}, sealedWith(t, c, "payment_services", "sealed_password"))

	// The first run is ended before it sealed anything.
	dying, die := context.WithCancel(t.Context())
	var said []string
	err := app.RotateKeys(dying, settings(t, shared), slog.New(slog.DiscardHandler), func(format string, args ...any) {
		said = append(said, fmt.Sprintf(format, args...))
		if strings.HasPrefix(format, "Waiting") {
			die()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Contains(t, said[0], "was added and seals from now on")
	after := keyring(t, shared).KeyID()
	require.NotEqual(t, before, after)

	var rotated atomic.Bool
	var second string
	ended := make(chan error, 1)
	admin := adminCommand(t, shared, buildProduct(t))
	go func() {
		defer rotated.Store(true)
		var err error
		second, err = admin("rotate-keys")
		ended <- err
	}()
	paid := 0
	for last := false; !last; paid++ {
		last = rotated.Load() // one more payment after its end
		inv := c.issueNumbered(fmt.Sprintf("R-%d", paid), "108.00")
		inv.payNow("card").pay(visa)
		inv.requireCollectedOnce("108.00")
	}
	require.NoError(t, <-ended, second)
	assert.Contains(t, second, "going on with data key "+after)
	assert.Contains(t, second, "Done.")
	assert.NotRegexp(t, `schedules +0 `, second, "those that look after the payment service every day are encrypted again")
	for _, column := range [][2]string{{"payment_services", "sealed_password"}, {"webhook_endpoints", "sealed_secret"}} {
		assert.Equal(t, map[string]int{after: 1}, sealedWith(t, c, column[0], column[1]), column)
	}
	page.pay(visa)
	waiting.requireCollectedOnce("10.00")
	for _, m := range r.gets(paid + 1) {
		m.requireSignedWith(t, r.secret)
	}

	refused, err := admin("forget-old-keys")
	require.Error(t, err, refused)
	assert.Contains(t, refused, "workflows still run that began before the last rotation")
	open.payNow("card").pay(visa)
	open.requireCollectedOnce("10.00")
}

// A day passes in a second here, so that what schedules start comes every few seconds.
func TestForgottenKeysOpenNothingAndNothingNeedsThem(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 86400
	s := startStack(t, options)
	c := newMerchant(t, s)
	paid := c.issueNumbered("R-before", "108.00")
	paid.payNow("card").pay(visa)
	paid.requireCollectedOnce("108.00")
	before := keyring(t, s)
	sealed, err := before.Seal([]byte("of before"), c.id)
	require.NoError(t, err)
	old, silent := before.KeyID(), func(string, ...any) {}

	log := slog.New(slog.DiscardHandler)
	require.NoError(t, app.RotateKeys(t.Context(), settings(t, s), log, silent))
	_, err = before.Open(sealed, c.id)
	require.NoError(t, err, "after a rotation everything opens")
	// What schedules began before the rotation may have to end first.
	await(t, patience, func() bool { return app.ForgetOldKeys(t.Context(), settings(t, s), log, silent) == nil }, func(done bool) bool { return done })
	forgotten := time.Now()
	after := keyring(t, s)
	require.NotEqual(t, old, after.KeyID())
	_, err = after.Open(sealed, c.id)
	require.ErrorIs(t, err, secrets.ErrCannotOpen)

	again := c.issueNumbered("R-after", "108.00")
	again.payNow("card").pay(visa)
	again.requireCollectedOnce("108.00")
	began := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Completed' AND StartTime > '%s'", contract.SweepBucketType, forgotten.UTC().Format(time.RFC3339Nano))
	temporal := operator(t, s)
	await(t, patience, func() int64 {
		sweeps, err := temporal.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Namespace: "default", Query: began})
		require.NoError(t, err)
		return sweeps.GetCount()
	}, func(n int64) bool { return n > 0 })
}
