package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/temporalkit"
)

// recordTo names the folder in which histories are kept. They are the replay fixtures of the workflows:
//
//	QUITTANCE_RECORD_HISTORIES=$PWD/workflows/testdata go test -C deployments/local -count=1 ./e2e
//
// adds the paths that have no file there yet. A file that is there stays as it is, since workflows that went this way may
// still be running; delete it to record the path anew.
const recordTo = "QUITTANCE_RECORD_HISTORIES"

// keepHistory writes the history of a workflow that has ended to <path>.json, when histories are being recorded.
func keepHistory(t *testing.T, s *stack.Stack, workflowID, path string) {
	t.Helper()
	folder := os.Getenv(recordTo)
	file := filepath.Join(folder, path+".json")
	if _, err := os.Stat(file); folder == "" || err == nil {
		return
	}
	writeHistory(t, historyOf(t, operator(t, s, decoding(t, s)), workflowID), file)
}

// keepEveryPath writes a history of each set of steps that a workflow of the types took on the stack and that no file holds yet, to
// <type>-path-<its hash>.json, when histories are being recorded. They are runs, of which one may go on as another.
func keepEveryPath(t *testing.T, s *stack.Stack, types ...string) {
	t.Helper()
	folder := os.Getenv(recordTo)
	if folder == "" {
		return
	}
	held := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	require.NoError(t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var h history.History
		require.NoError(t, temporalproto.CustomJSONUnmarshalOptions{Metadata: map[string]any{common.EnablePayloadShorthandMetadataKey: true}}.Unmarshal(content, &h))
		held[pathOf(&h)] = true
	}
	c := operator(t, s, decoding(t, s))
	for _, name := range types {
		for token := []byte(nil); ; {
			list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowType = '" + name + "'", NextPageToken: token})
			require.NoError(t, err)
			for _, run := range list.GetExecutions() {
				h := eventsOf(t, c, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId())
				if path := pathOf(h); !held[path] {
					held[path] = true
					sum := sha256.Sum256([]byte(path))
					writeHistory(t, h, filepath.Join(folder, strings.ToLower(name)+"-path-"+hex.EncodeToString(sum[:4])+".json"))
				}
			}
			if token = list.GetNextPageToken(); len(token) == 0 {
				break
			}
		}
	}
}

// pathOf is the set of steps of a history: what happened to it, and which activities, messages, patches and other workflows there were.
func pathOf(h *history.History) string {
	steps := map[string]bool{h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName(): true}
	for _, e := range h.GetEvents() {
		step := e.GetEventType().String()
		switch e.GetEventType() {
		case enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enums.EVENT_TYPE_WORKFLOW_TASK_STARTED, enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
			enums.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT, enums.EVENT_TYPE_WORKFLOW_TASK_FAILED, enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			continue
		case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			step += " " + e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName()
		case enums.EVENT_TYPE_MARKER_RECORDED:
			m := e.GetMarkerRecordedEventAttributes()
			step += " " + m.GetMarkerName()
			for _, change := range m.GetDetails()["change-id"].GetPayloads() {
				step += " " + string(change.GetData())
			}
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
			step += " " + e.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest().GetInput().GetName()
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
			step += " " + e.GetWorkflowExecutionSignaledEventAttributes().GetSignalName()
		}
		steps[step] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(steps)), "\n")
}

func writeHistory(t *testing.T, h *history.History, file string) {
	t.Helper()
	readable := temporalproto.CustomJSONMarshalOptions{Metadata: map[string]any{common.EnablePayloadShorthandMetadataKey: true}}
	content, err := readable.Marshal(h)
	require.NoError(t, err)
	var document any
	require.NoError(t, json.Unmarshal(content, &document))
	forgetMachine(document)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	require.NoError(t, encoder.Encode(document))
	require.NoError(t, os.WriteFile(file, out.Bytes(), 0o644))
}

// forgetMachine removes what names the machine on which a history was recorded.
func forgetMachine(document any) {
	switch node := document.(type) {
	case map[string]any:
		delete(node, "identity")
		delete(node, "stackTrace")
		if node["kind"] == "TASK_QUEUE_KIND_STICKY" {
			delete(node, "name")
		}
		for _, child := range node {
			forgetMachine(child)
		}
	case []any:
		for _, child := range node {
			forgetMachine(child)
		}
	}
}

// decoding makes a connection to Temporal read encrypted payloads with the master key of the stack.
func decoding(t *testing.T, s *stack.Stack) grpc.DialOption {
	t.Helper()
	interceptor, err := converter.NewPayloadCodecGRPCClientInterceptor(converter.PayloadCodecGRPCClientInterceptorOptions{
		Codecs: []converter.PayloadCodec{temporalkit.Codec(keyring(t, s))},
	})
	require.NoError(t, err)
	return grpc.WithChainUnaryInterceptor(interceptor)
}

// keyring opens the data keys of the stack, as its API and worker do.
func keyring(t *testing.T, s *stack.Stack) *secrets.Keyring {
	t.Helper()
	store, err := postgres.Open(t.Context(), s.DatabaseURL())
	require.NoError(t, err)
	t.Cleanup(store.Close)
	master, err := secrets.OpenMaster(masterKey(t, s))
	require.NoError(t, err)
	keyring, err := secrets.Open(t.Context(), store, master)
	require.NoError(t, err)
	return keyring
}

func masterKey(t *testing.T, s *stack.Stack) string {
	t.Helper()
	for _, variable := range s.Environment() {
		if variable.Name == "QUITTANCE_MASTER_KEY_FILE" {
			key, err := os.ReadFile(variable.Value)
			require.NoError(t, err)
			return string(key)
		}
	}
	require.FailNow(t, "The stack names no master key.")
	return ""
}
