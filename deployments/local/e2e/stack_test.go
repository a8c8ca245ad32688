// Package e2e tests Quittance as its users meet it: over HTTP, in a browser and in Temporal Web, on the real local stack
// with every part running. Each test has a company of its own, so tests don't see each other and run in parallel. Tests
// that change how the shared simulator behaves for everybody are not parallel: Go runs those first, one after the other.
package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
)

// startTimeout bounds the start of one stack on a busy machine.
const startTimeout = 2 * time.Minute

var (
	shared   *stack.Stack // the stack that most tests use
	builds   string       // a folder for what all tests use, until the last one has ended
	prepared string       // the data folder of a stack that was started once; a copy of it starts faster than an empty one
)

func TestMain(m *testing.M) {
	code, err := runOnSharedStack(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func runOnSharedStack(m *testing.M) (code int, err error) {
	folder, err := os.MkdirTemp("", "quittance-e2e-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	builds, prepared = folder, filepath.Join(folder, "prepared")
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	ports, err := stack.FreePorts(ctx)
	if err != nil {
		return 0, err
	}
	options := stack.Options{DataDir: prepared, Ports: ports, TimeScale: 1, Ephemeral: true, OnlyInfra: true}
	first, err := stack.Start(ctx, options)
	if err != nil {
		return 0, err
	}
	if err := first.Stop(); err != nil {
		return 0, err
	}
	options.DataDir, options.OnlyInfra = filepath.Join(folder, "shared"), false
	if err := copyPrepared(ctx, options.DataDir); err != nil {
		return 0, err
	}
	if shared, err = stack.Start(ctx, options); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, shared.Stop()) }()
	if code = m.Run(); code != 0 {
		return code, nil
	}
	select {
	case err := <-shared.Failed():
		return code, err
	default:
		return code, checkNothingWasPolled(shared.SimulatorURL())
	}
}

// copyPrepared makes a data folder. Its files belong to whom Postgres runs as, which only cp keeps.
func copyPrepared(ctx context.Context, folder string) error {
	if out, err := exec.CommandContext(ctx, "cp", "-a", prepared, folder).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the data of a stack: %w: %s", err, out)
	}
	return nil
}

// buildProduct returns cmd/quittance, built once from the packages that this test binary is made of.
func buildProduct(t *testing.T) string {
	t.Helper()
	binary, err := builtOnce()
	require.NoError(t, err)
	return binary
}

var builtOnce = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(builds, "quittance")
	out, err := exec.Command("go", "build", "-o", binary, "github.com/quittance/quittance/cmd/quittance").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build cmd/quittance: %w: %s", err, out)
	}
	return binary, nil
})

// lostAnswers counts the answers of Saferpay that tests, none of them parallel, made disappear; each is a reason for one
// Inquire.
var lostAnswers int

// checkNothingWasPolled holds all calls of all tests against the rule that Saferpay is asked only when something happened
// (integration guide: neither Assert nor Inquire in a loop). More than once about one payment is right only when the provider
// decides later: when the payer returned, when the page was notified, and when the decision was.
func checkNothingWasPolled(simulatorURL string) error {
	response, err := http.Get(simulatorURL + "/_sim/calls")
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var calls map[string]int
	if err := json.NewDecoder(response.Body).Decode(&calls); err != nil {
		return err
	}
	var polled []error
	for call, times := range calls {
		if strings.HasPrefix(call, "PaymentPage/Assert/") && times > 3 {
			polled = append(polled, fmt.Errorf("%s was called %d times", call, times))
		}
	}
	if n := calls["Transaction/Inquire"]; n > lostAnswers {
		polled = append(polled, fmt.Errorf("Transaction/Inquire was called %d times, for %d lost answers", n, lostAnswers))
	}
	return errors.Join(polled...)
}

// ownOptions are the options of a stack that only this test uses.
func ownOptions(t *testing.T) stack.Options {
	t.Helper()
	ports, err := stack.FreePorts(t.Context())
	require.NoError(t, err)
	folder := filepath.Join(t.TempDir(), "stack")
	require.NoError(t, copyPrepared(t.Context(), folder))
	return stack.Options{DataDir: folder, Ports: ports, TimeScale: 1, Ephemeral: true, Progress: t.Output()}
}

// startStack starts a stack and stops it at the end of the test, if it still runs then.
func startStack(t *testing.T, options stack.Options) *stack.Stack {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	s, err := stack.Start(ctx, options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}
