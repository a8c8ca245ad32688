package workflows

import (
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
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// readHistory reads a history that the end-to-end tests of deployments/local recorded on a real server. Its payloads are
// decrypted and written as plain JSON, so that a person can read it.
func readHistory(t *testing.T, file string) *historypb.History {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	readable := temporalproto.CustomJSONUnmarshalOptions{Metadata: map[string]any{commonpb.EnablePayloadShorthandMetadataKey: true}}
	var history historypb.History
	require.NoError(t, readable.Unmarshal(content, &history))
	return &history
}

func replay(t *testing.T, register func(worker.WorkflowRegistry), history *historypb.History) error {
	t.Helper()
	replayer := worker.NewWorkflowReplayer()
	register(replayer)
	return replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), history)
}

// scales are how fast time passed while histories were recorded in which a step depends on what time it is; that of the others is of
// no matter, since every wait has its timer.
var scales = map[string]int64{
	"invoice-authorization-cancelled-elsewhere":         43200, // half a day in a second
	"invoice-paid-after-a-warning":                      43200,
	"invoice-paid-after-a-warning-asked-by-an-activity": 43200,
}

// A workflow that began under earlier code must be able to go on under this one.
func TestRecordedHistoriesReplayUnderThisCode(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files, "no history is there to be replayed")
	for _, file := range files {
		path := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := Workflows{TimeScale: scales[path]}
			err := replay(t, func(r worker.WorkflowRegistry) {
				w.RegisterPayments(r)
				w.RegisterOnboarding(r)
				w.RegisterWebhooks(r)
			}, readHistory(t, file))
			require.NoError(t, err, "%s can't go on under this code: version the change (workflow.GetVersion)", file)
		})
	}
}

func TestReplayNoticesAStepInAnotherPlace(t *testing.T) {
	t.Parallel()
	history := readHistory(t, "testdata/invoice-paid-by-twint.json")
	err := replay(t, func(r worker.WorkflowRegistry) {
		r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in IssueInvoice) (Collected, error) {
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return Collected{}, err
			}
			return Workflows{}.InvoicePayment(ctx, in)
		}, workflow.RegisterOptions{Name: InvoicePaymentType, VersioningBehavior: workflow.VersioningBehaviorPinned})
	}, history)
	require.ErrorContains(t, err, "[TMPRL1100]", "Temporal's code for nondeterminism")
}
