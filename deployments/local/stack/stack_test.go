package stack

import (
	"context"
	"io"
	"net/http"
	"net/smtp"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const queue = "test"

// waiting is a workflow that stays open until a payer comes, as the collection of an invoice does.
func waiting(ctx workflow.Context) (string, error) {
	payer := ""
	err := workflow.SetUpdateHandler(ctx, "pay", func(_ workflow.Context, name string) (string, error) {
		if name != "" {
			payer = name
		}
		return "thanks " + name, nil
	})
	if err != nil {
		return "", err
	}
	return payer, workflow.Await(ctx, func() bool { return payer != "" })
}

func TestWaitingWorkflowIsFoundAgainAfterARestart(t *testing.T) {
	ports, err := FreePorts(t.Context())
	require.NoError(t, err)
	options := Options{DataDir: t.TempDir(), Ports: ports, OnlyInfra: true, TimeScale: 1, Ephemeral: true, Progress: t.Output()}

	first := startStack(t, options)
	temporalClient, stopWorker := work(t, first)
	start := temporalClient.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: "invoice/1", TaskQueue: queue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, waiting)
	handle, err := temporalClient.UpdateWithStartWorkflow(t.Context(), client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName: "pay", Args: []any{""}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	require.NoError(t, err)
	require.NoError(t, handle.Get(t.Context(), nil))
	stopWorker()
	require.NoError(t, first.Stop())

	second := startStack(t, options)
	temporalClient, stopWorker = work(t, second)
	defer stopWorker()
	handle, err = temporalClient.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: "invoice/1", UpdateName: "pay", Args: []any{"Anna"}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	var answer, payer string
	require.NoError(t, handle.Get(t.Context(), &answer))
	require.Equal(t, "thanks Anna", answer)
	require.NoError(t, temporalClient.GetWorkflow(t.Context(), "invoice/1", "").Get(t.Context(), &payer))
	require.Equal(t, "Anna", payer)
}

func TestInfraAnswersAndSurvivesADeadPostgres(t *testing.T) {
	ports, err := FreePorts(t.Context())
	require.NoError(t, err)
	options := Options{DataDir: t.TempDir(), Ports: ports, OnlyInfra: true, TimeScale: 1, Ephemeral: true}
	s := startStack(t, options)

	require.Contains(t, fetch(t, s.TemporalWebURL()), "<!doctype html>")
	require.Equal(t, "[]", strings.TrimSpace(fetch(t, s.SimulatorURL()+"/_sim/transactions")))
	require.NoError(t, smtp.SendMail(address(ports.SMTP), nil, "a@example.ch", []string{"b@example.ch"}, []byte("Subject: hello\r\n\r\n")))
	require.Contains(t, fetch(t, s.MailURL()+"/messages"), "hello")

	lock, err := os.ReadFile(filepath.Join(options.DataDir, "postgres", "cluster", "postmaster.pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(lock), "\n", 2)[0])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))

	temporalClient, stopWorker := work(t, s)
	defer stopWorker()
	require.Eventually(t, func() bool {
		_, err := temporalClient.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "after", TaskQueue: queue}, waiting)
		return err == nil
	}, 30*time.Second, 100*time.Millisecond, "Temporal works again on the Postgres that was started again")
}

func TestTakenPortsAreNamedBeforeAnythingStarts(t *testing.T) {
	ports, err := FreePorts(t.Context())
	require.NoError(t, err)
	listener, err := listen(t.Context(), ports.Simulator)
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	dir := t.TempDir()

	_, err = Start(t.Context(), Options{DataDir: dir, Ports: ports, TimeScale: 1})
	require.ErrorContains(t, err, strconv.Itoa(ports.Simulator)+" for the simulator (QUITTANCE_SIMULATOR_PORT)")
	require.NotContains(t, err.Error(), "\n", "one sentence")
	require.NoDirExists(t, filepath.Join(dir, "postgres"))
}

func TestForeignFolderIsRefusedAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600))
	_, err := Start(t.Context(), Options{DataDir: dir})
	require.ErrorContains(t, err, "thesis.txt")
	require.ErrorContains(t, err, "QUITTANCE_DATA")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestFolderOfALaterFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, markerFile), []byte(`{"format":2}`), 0o600))
	_, err := Start(t.Context(), Options{DataDir: dir})
	require.ErrorContains(t, err, "format 2")
}

func TestEnvironmentStaysTheSame(t *testing.T) {
	options := Options{DataDir: t.TempDir(), TimeScale: 86400, Ports: Ports{API: 1, Postgres: 2}}
	before, err := Environment(options)
	require.NoError(t, err)
	key, err := os.ReadFile(filepath.Join(options.DataDir, "master.key"))
	require.NoError(t, err)
	after, err := Environment(options)
	require.NoError(t, err)
	require.Equal(t, before, after)
	keyAgain, err := os.ReadFile(filepath.Join(options.DataDir, "master.key"))
	require.NoError(t, err)
	require.Equal(t, key, keyAgain)
	require.Contains(t, after, Variable{"QUITTANCE_ADMIN_KEY", "qk_admin_local"})
	require.Contains(t, after, Variable{"QUITTANCE_TIME_SCALE", "86400"})
}

func startStack(t *testing.T, options Options) *Stack {
	t.Helper()
	s, err := Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

// work runs a worker for the test's workflow.
func work(t *testing.T, s *Stack) (temporalClient client.Client, stop func()) {
	t.Helper()
	temporalClient, err := client.DialContext(t.Context(), client.Options{HostPort: s.TemporalAddress()})
	require.NoError(t, err)
	w := worker.New(temporalClient, queue, worker.Options{})
	w.RegisterWorkflow(waiting)
	require.NoError(t, w.Start())
	return temporalClient, func() {
		w.Stop()
		temporalClient.Close()
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}
