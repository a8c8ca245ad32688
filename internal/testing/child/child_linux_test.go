package child

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A program dies with the thread that started it, so no thread may end because of another program.
func TestTheEndOfAProgramEndsNoThreadFromWhichOthersWereStarted(t *testing.T) {
	for range 50 {
		command := exec.CommandContext(t.Context(), "cat")
		holdOpen, err := command.StdinPipe()
		require.NoError(t, err)
		ended, err := Start(command)
		require.NoError(t, err)
		before := threads(t)

		require.NoError(t, holdOpen.Close())
		<-ended
		assert.Subset(t, threads(t), before)
	}
}

// threads are the ids of the threads of this process.
func threads(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/task")
	require.NoError(t, err)
	ids := make([]string, len(entries))
	for i, entry := range entries {
		ids[i] = entry.Name()
	}
	return ids
}
