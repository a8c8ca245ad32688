package embeddedpg

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestServerDiesWithItsKilledParent(t *testing.T) {
	dir := t.TempDir()
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), serveVariable+"="+dir)
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line := bufio.NewScanner(out)
	require.True(t, line.Scan(), "the parent names the server")
	execute(t, line.Text(), "select 1")

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()

	cluster := filepath.Join(dir, "cluster")
	require.Eventually(t, func() bool {
		pid, err := processIn(cluster)
		return err == nil && pid == ""
	}, 10*time.Second, 10*time.Millisecond, "no Postgres process is left")
	start(t, Options{DataDir: dir, Password: password})
}
