package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/temporalkit"
)

// recordTo names the folder in which histories are kept. They are the replay fixtures of the workflows:
//
//	QUITTANCE_RECORD_HISTORIES=$PWD/workflows/testdata/v1 make test-deep
//
// adds the paths that have no file there yet. A file that is there stays as it is, since workflows that went this way may
// still be running.
const recordTo = "QUITTANCE_RECORD_HISTORIES"

// keepHistory writes the history of a workflow that has ended to <path>.json.gz, when histories are being recorded.
func keepHistory(t *testing.T, s *stack.Stack, workflowID, path string) {
	t.Helper()
	if file := recordedIn(path); file != "" {
		writeHistory(t, historyOf(t, operator(t, s, decoding(t, s)), workflowID), file)
	}
}

// keepRun is keepHistory for one run of a workflow, which may go on as another.
func keepRun(t *testing.T, s *stack.Stack, workflowID, runID, path string) {
	t.Helper()
	if file := recordedIn(path); file != "" {
		writeHistory(t, eventsOf(t, operator(t, s, decoding(t, s)), workflowID, runID), file)
	}
}

// recordedIn returns the file for the history of a path, or nothing when it is not to be written.
func recordedIn(path string) string {
	folder := os.Getenv(recordTo)
	if folder == "" {
		return ""
	}
	file := filepath.Join(folder, path+".json.gz")
	if _, err := os.Stat(file); err == nil {
		return ""
	}
	return file
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
	packed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	require.NoError(t, err)
	encoder := json.NewEncoder(packed)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	require.NoError(t, encoder.Encode(document))
	require.NoError(t, packed.Close())
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
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
