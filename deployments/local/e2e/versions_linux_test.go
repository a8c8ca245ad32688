package e2e

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/testing/freeport"
	"github.com/quittance/quittance/workflows/contract"
)

// An invoice is issued, and another one is being paid, while the version of the worker changes twice. The workers of a version are gone as
// soon as the next one is promoted. Nothing waits for them.
func TestThreeVersionsOfTheWorkerFollowOneAnother(t *testing.T) {
	t.Parallel()
	s, binary := versioned(t)
	first := startVersion(t, s, binary, "2026-11-22")
	startProcess(t, s, binary, "api")
	c := newMerchant(t, s)
	a := unverified(t, s, "700941")
	verified := c.connect(a.credentials)
	require.Equal(t, "in_verification", verified.Status)
	open, paying := c.issueNumbered("open", "108.00"), c.issueNumbered("paying", "108.00")
	page := paying.payNow("card")
	temporal := operator(t, s)
	assert.Equal(t, "2026-11-22", versionOf(t, temporal, contract.InvoicePaymentID(open.ID)))

	second := startVersion(t, s, binary, "2026-11-23")
	first.Kill()
	begun := c.issueNumbered("begun", "108.00")
	assert.Equal(t, "2026-11-23", versionOf(t, temporal, contract.InvoicePaymentID(begun.ID)))
	page.pay(visa)
	paid := paying.requireCollectedOnce("108.00")
	assert.Equal(t, "2026-11-23", versionOf(t, temporal, contract.InvoicePaymentID(paying.ID)), "it began under a version that is gone")

	startVersion(t, s, binary, "2026-11-24")
	second.Kill()
	for _, inv := range []invoice{open, begun} {
		inv.payNow("card").pay(visa)
		inv.requireCollectedOnce("108.00")
		assert.Equal(t, "2026-11-24", versionOf(t, temporal, contract.InvoicePaymentID(inv.ID)))
	}
	back := c.refund(paid.Payments[0].ID, object{"reason": "Stale."}).becomes(c, "captured")
	assert.Equal(t, "2026-11-24", versionOf(t, temporal, contract.RefundID(back.ID)))
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}})
	c.call("PUT", "/payment-services/"+verified.ID+"/credentials", a.credentials).gives(200, &verified)
	assert.Equal(t, "active", verified.Status)
	assert.Equal(t, "2026-11-24", versionOf(t, temporal, contract.OnboardingID(verified.ID)))
	c.requireBooksAgree()
}

// A version that does harm is taken back by promoting the one before, whose workers still run.
func TestAVersionThatDoesHarmIsTakenBack(t *testing.T) {
	t.Parallel()
	s, binary := versioned(t)
	good := startWorker(t, s, binary, "good")
	requirePromoted(t, s, binary, "good")
	startProcess(t, s, binary, "api")
	c := newMerchant(t, s)
	inv := c.issueNumbered("paying", "108.00")
	page := inv.payNow("card")
	startVersion(t, s, binary, "harmful").Kill()
	if !testing.Short() {
		await(t, 4*time.Minute, func() float64 { return value(t, good.url, "quittance_workflows_stranded") }, func(n float64) bool { return n >= 1 })
	}
	requirePromoted(t, s, binary, "good")
	page.pay(visa)
	inv.requireCollectedOnce("108.00")
	assert.Equal(t, "good", versionOf(t, operator(t, s), contract.InvoicePaymentID(inv.ID)))
}

func TestOnlyAVersionThatWorksIsPromoted(t *testing.T) {
	t.Parallel()
	s, binary := versioned(t)
	assert.Contains(t, promote(t, s, binary, "first"), "version first of quittance has no live worker for payments (workflows), payments (activities), "+
		"onboarding (workflows), onboarding (activities), webhooks (workflows), webhooks (activities); start workers with QUITTANCE_BUILD_ID=first, then promote again")
	startWorker(t, s, binary, "first")
	assert.Contains(t, promote(t, s, binary, "first", "--wait=1m", "--percent=50"), "no version of quittance is the current one")
	requirePromoted(t, s, binary, "first")
	startProcess(t, s, binary, "api")
	c := newMerchant(t, s)

	t.Log("one that serves some queues only is refused, and one that can't work")
	temporal := commander(t, s)
	inProcess := func(build string, queues ...string) {
		for _, queue := range queues {
			w := worker.New(temporal, queue, worker.Options{DeploymentOptions: worker.DeploymentOptions{
				UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: "quittance", BuildID: build}, DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
			}})
			w.RegisterWorkflowWithOptions(func(workflow.Context) error { return errors.New("the schema is of another version") }, workflow.RegisterOptions{Name: contract.GateType})
			w.RegisterActivityWithOptions(func(context.Context) error { return nil }, activity.RegisterOptions{Name: "TryParts"})
			require.NoError(t, w.Start())
			t.Cleanup(w.Stop)
		}
	}
	refused := func(build, why string) {
		await(t, patience, func() string { return promote(t, s, binary, build) }, func(out string) bool { return strings.Contains(out, why) })
		assert.Equal(t, "first", routing(t, temporal).CurrentVersion.BuildID)
	}
	inProcess("partial", contract.PaymentsQueue)
	refused("partial", "version partial of quittance has no live worker for onboarding (workflows), onboarding (activities), webhooks (workflows), webhooks (activities);")
	inProcess("broken", contract.Queues...)
	refused("broken", "the schema is of another version")

	t.Log("and one that can't take on what is open")
	elsewhere := worker.New(temporal, "elsewhere", worker.Options{})
	asleep := func(ctx workflow.Context, _ contract.OpenFinding) error { return workflow.Sleep(ctx, time.Hour) }
	elsewhere.RegisterWorkflowWithOptions(asleep, workflow.RegisterOptions{Name: contract.FindingType})
	require.NoError(t, elsewhere.Start())
	t.Cleanup(elsewhere.Stop)
	strange, err := temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "exception/strange", TaskQueue: "elsewhere"}, contract.FindingType, contract.OpenFinding{})
	require.NoError(t, err)
	c.issueNumbered("open", "108.00")
	startWorker(t, s, binary, "third")
	refused("third", "such as exception/strange: [TMPRL1100]")
	require.Empty(t, promote(t, s, binary, "third", "--replay=0"))
	require.NoError(t, temporal.TerminateWorkflow(t.Context(), strange.GetID(), "", "it was for a test"))

	t.Log("a part of the workflows goes to a version that is ramped, until it is taken back or promoted")
	startWorker(t, s, binary, "fourth")
	require.Empty(t, promote(t, s, binary, "fourth", "--wait=30s", "--percent=50"))
	ramped := routing(t, temporal)
	assert.Equal(t, []any{"third", "fourth", float32(50)}, []any{ramped.CurrentVersion.BuildID, ramped.RampingVersion.BuildID, ramped.RampingVersionPercentage})
	seen := map[string]bool{}
	for i := 0; len(seen) < 2; i++ {
		require.Less(t, i, 30)
		inv := c.issueNumbered("ramped "+strconv.Itoa(i), "108.00")
		seen[versionOf(t, temporal, contract.InvoicePaymentID(inv.ID))] = true
	}
	assert.Equal(t, map[string]bool{"third": true, "fourth": true}, seen)
	require.Empty(t, promote(t, s, binary, "fourth", "--percent=0"))
	assert.Nil(t, routing(t, temporal).RampingVersion)
	assert.Contains(t, promote(t, s, binary, "fourth", "--percent=0"), "gets no part of the workflows that could be taken back")
	require.Empty(t, promote(t, s, binary, "fourth", "--percent=10"))
	requirePromoted(t, s, binary, "third")
	assert.Nil(t, routing(t, temporal).RampingVersion, "going back takes back what was ramped")
	requirePromoted(t, s, binary, "fourth")
	assert.Equal(t, "fourth", routing(t, temporal).CurrentVersion.BuildID)
}

// What a program before this one began is bound to its version. When its workers are gone, somebody is told, and the next promotion frees it.
func TestWhatIsBoundToAVersionThatIsGoneIsFreed(t *testing.T) {
	t.Parallel()
	s, binary := versioned(t)
	first := startVersion(t, s, binary, "first")
	startProcess(t, s, binary, "api")
	c := newMerchant(t, s)
	inv := c.issueNumbered("bound", "108.00")
	page := inv.payNow("card")
	temporal := operator(t, s)
	_, err := temporal.UpdateWorkflowExecutionOptions(t.Context(), client.UpdateWorkflowExecutionOptionsRequest{
		WorkflowId: contract.InvoicePaymentID(inv.ID),
		WorkflowExecutionOptionsChanges: client.WorkflowExecutionOptionsChanges{VersioningOverride: &client.VersioningOverrideChange{
			Value: &client.PinnedVersioningOverride{Version: worker.WorkerDeploymentVersion{DeploymentName: "quittance", BuildID: "first"}},
		}},
	})
	require.NoError(t, err)
	second := startWorker(t, s, binary, "second")
	await(t, patience, func() bool { // as another tool does
		_, err := temporal.WorkerDeploymentClient().GetHandle("quittance").SetCurrentVersion(t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: "second"})
		return err == nil
	}, func(set bool) bool { return set })
	first.Kill()
	stranded := func() float64 { return value(t, second.url, "quittance_workflows_stranded") }
	if !testing.Short() {
		await(t, 4*time.Minute, stranded, func(n float64) bool { return n == 1 })
	}
	page.pay(visa) // the notification waits
	requirePromoted(t, s, binary, "second")
	inv.requireCollectedOnce("108.00")
	if !testing.Short() {
		await(t, 2*time.Minute, stranded, func(n float64) bool { return n == 0 })
	}
}

// versioned starts what is around the product, and builds it.
func versioned(t *testing.T) (*stack.Stack, string) {
	t.Helper()
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra = true
	return startStack(t, options), binary
}

// startVersion starts a worker of that version and promotes the version.
func startVersion(t *testing.T, s *stack.Stack, binary, build string) running {
	t.Helper()
	w := startWorker(t, s, binary, build)
	requirePromoted(t, s, binary, build)
	return w.running
}

// versionedWorker is a worker process and where it shows its metrics.
type versionedWorker struct {
	running
	url string
}

func startWorker(t *testing.T, s *stack.Stack, binary, build string) versionedWorker {
	t.Helper()
	ports, err := freeport.Take(t.Context(), 1)
	require.NoError(t, err)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
	return versionedWorker{startProcess(t, s, binary, "worker",
		stack.Variable{Name: "QUITTANCE_WORKER_ADDRESS", Value: address}, stack.Variable{Name: "QUITTANCE_BUILD_ID", Value: build}), "http://" + address}
}

func requirePromoted(t *testing.T, s *stack.Stack, binary, build string) {
	t.Helper()
	require.Empty(t, promote(t, s, binary, build, "--wait=1m"))
}

// promote promotes the version and returns what the command says when it fails.
func promote(t *testing.T, s *stack.Stack, binary, build string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, append([]string{"admin", "promote"}, arguments...)...)
	command.Env = append(os.Environ(), stack.Assignments(append(s.Environment(), stack.Variable{Name: "QUITTANCE_BUILD_ID", Value: build}))...)
	if out, err := command.CombinedOutput(); err != nil {
		return string(out)
	}
	return ""
}

// routing is which version gets what.
func routing(t *testing.T, c client.Client) client.WorkerDeploymentRoutingConfig {
	t.Helper()
	described, err := c.WorkerDeploymentClient().GetHandle("quittance").Describe(t.Context(), client.WorkerDeploymentDescribeOptions{})
	require.NoError(t, err)
	return described.Info.RoutingConfig
}

// versionOf is the build under which the workflow took its last step.
func versionOf(t *testing.T, c client.Client, workflowID string) string {
	t.Helper()
	described, err := c.DescribeWorkflowExecution(t.Context(), workflowID, "")
	require.NoError(t, err)
	info := described.GetWorkflowExecutionInfo().GetVersioningInfo()
	require.Equal(t, enums.VERSIONING_BEHAVIOR_AUTO_UPGRADE, info.GetBehavior())
	return info.GetDeploymentVersion().GetBuildId()
}
