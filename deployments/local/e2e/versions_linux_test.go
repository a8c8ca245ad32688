package e2e

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/testing/freeport"
	"github.com/quittance/quittance/workflows/contract"
)

// A new version of the worker is rolled out while an invoice is being paid and an account is being verified: the payment stays
// with the version that began it, for as long as that takes; what begins later begins on the new one, and onboarding moves on.
func TestTwoVersionsOfTheWorkerRunSideBySide(t *testing.T) {
	t.Parallel()
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra = true
	s := startStack(t, options)
	startVersion(t, s, binary, "2026-11-22")
	startProcess(t, s, binary, "api")
	c := newMerchant(t, s)
	a := unverified(t, s, "700941")
	verified := c.connect(a.credentials)
	require.Equal(t, "in_verification", verified.Status)
	before := c.issueNumbered("before", "108.00")
	page := before.payNow("card")

	newer := startVersion(t, s, binary, "2026-11-23")
	after := c.issueNumbered("after", "108.00")
	temporal := operator(t, s)
	assert.Equal(t, "2026-11-23", versionOf(t, temporal, contract.InvoicePaymentID(after.ID)))
	after.payNow("card").pay(visa)
	after.requireCollectedOnce("108.00")

	newer.Kill() // a new version that does harm is taken back like this: payments that began before don't notice
	page.pay(visa)
	paid := before.requireCollectedOnce("108.00")
	assert.Equal(t, "2026-11-22", versionOf(t, temporal, contract.InvoicePaymentID(before.ID)))

	startVersion(t, s, binary, "2026-11-23")
	back := c.refund(paid.Payments[0].ID, object{"reason": "Stale."}).becomes(c, "captured")
	assert.Equal(t, "2026-11-23", versionOf(t, temporal, contract.RefundID(back.ID)), "a refund is a process of its own")
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}})
	c.call("PUT", "/payment-services/"+verified.ID+"/credentials", a.credentials).gives(200, &verified)
	assert.Equal(t, "active", verified.Status)
	assert.Equal(t, "2026-11-23", versionOf(t, temporal, contract.OnboardingID(verified.ID)), "onboarding goes on under new code")
	c.requireBooksAgree()
}

// startVersion starts a worker of that version and makes it the one on which new workflows start.
func startVersion(t *testing.T, s *stack.Stack, binary, build string) running {
	t.Helper()
	ports, err := freeport.Take(t.Context(), 1)
	require.NoError(t, err)
	version := stack.Variable{Name: "QUITTANCE_BUILD_ID", Value: build}
	worker := startProcess(t, s, binary, "worker",
		stack.Variable{Name: "QUITTANCE_WORKER_ADDRESS", Value: net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))}, version)
	promotion := func() string {
		command := exec.CommandContext(t.Context(), binary, "admin", "promote")
		command.Env = append(os.Environ(), stack.Assignments(append(s.Environment(), version))...)
		if out, err := command.CombinedOutput(); err != nil {
			return string(out) // Temporal has not heard of the version yet
		}
		return ""
	}
	await(t, patience, promotion, func(failure string) bool { return failure == "" })
	return worker
}

// versionOf is the build under which the workflow took its last step.
func versionOf(t *testing.T, c client.Client, workflowID string) string {
	t.Helper()
	described, err := c.DescribeWorkflowExecution(t.Context(), workflowID, "")
	require.NoError(t, err)
	info := described.GetWorkflowExecutionInfo().GetVersioningInfo()
	require.Contains(t, []enums.VersioningBehavior{enums.VERSIONING_BEHAVIOR_PINNED, enums.VERSIONING_BEHAVIOR_AUTO_UPGRADE}, info.GetBehavior())
	return info.GetDeploymentVersion().GetBuildId()
}
