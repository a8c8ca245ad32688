package worker_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/log"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/worker"
	"github.com/quittance/quittance/workflows/collection"
	"github.com/quittance/quittance/workflows/contract"
)

// released are the histories of what is released: one of every path, in the folder of its version.
const released = "../workflows/testdata/v1"

// scales are how fast time passed while histories were recorded in which a step depends on what time it is. The scale of the
// others does not matter, since every wait has its timer.
var scales = map[string]int64{
	"invoice-authorization-cancelled-elsewhere": 43200, // half a day in a second
	"invoice-paid-after-a-warning":              43200,
}

// readHistory reads a history that the end-to-end tests of deployments/local recorded on a real server. Its payloads are
// decrypted and written as plain JSON, so that a person can read it: zcat FILE.
func readHistory(t *testing.T, file string) *historypb.History {
	t.Helper()
	packed, err := os.ReadFile(file)
	require.NoError(t, err)
	unpack, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	content, err := io.ReadAll(unpack)
	require.NoError(t, err)
	readable := temporalproto.CustomJSONUnmarshalOptions{Metadata: map[string]any{commonpb.EnablePayloadShorthandMetadataKey: true}}
	var history historypb.History
	require.NoError(t, readable.Unmarshal(content, &history))
	return &history
}

func replay(t *testing.T, register func(sdk.WorkflowRegistry), history *historypb.History) error {
	t.Helper()
	replayer := sdk.NewWorkflowReplayer()
	register(replayer)
	return replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), history)
}

// A workflow that began under released code must be able to go on under this one.
func TestReleasedHistoriesReplayUnderThisCode(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(released + "/*.json.gz")
	require.NoError(t, err)
	require.NotEmpty(t, files, "no history is there to be replayed")
	for _, file := range files {
		path := strings.TrimSuffix(filepath.Base(file), ".json.gz")
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			err := replay(t, func(r sdk.WorkflowRegistry) {
				worker.Register(r, scales[path], contract.Queues...)
			}, readHistory(t, file))
			require.NoError(t, err, "%s can't go on under this code: see workflows/README.md", file)
		})
	}
}

func TestReplayNoticesAStepInAnotherPlace(t *testing.T) {
	t.Parallel()
	history := readHistory(t, released+"/invoice-paid-by-twint.json.gz")
	err := replay(t, func(r sdk.WorkflowRegistry) {
		r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in collection.Start) (collection.Collected, error) {
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return collection.Collected{}, err
			}
			return collection.Workflow{}.InvoicePayment(ctx, in)
		}, workflow.RegisterOptions{Name: contract.InvoicePaymentType})
	}, history)
	require.ErrorContains(t, err, "[TMPRL1100]", "Temporal's code for nondeterminism")
}
