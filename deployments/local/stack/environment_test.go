package stack

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnvironmentCanBeEvaluatedByAShell(t *testing.T) {
	t.Parallel()
	value := `it's "$HOME" & <more>; exit 1`
	exports := Exports([]Variable{{Name: "QUITTANCE_FIRST", Value: "x"}, {Name: "QUITTANCE_SECOND", Value: value}})
	shell := exec.CommandContext(t.Context(), "sh", "-c", `eval "$1"; printf %s "$QUITTANCE_SECOND"`, "sh", exports)
	out, err := shell.Output()
	require.NoError(t, err)
	require.Equal(t, value, string(out))
}
