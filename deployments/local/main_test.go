package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
)

func TestEnvironmentCanBeEvaluatedByAShell(t *testing.T) {
	value := `it's "$HOME" & <more>; exit 1`
	var lines strings.Builder
	printExports(&lines, []stack.Variable{{Name: "QUITTANCE_FIRST", Value: "x"}, {Name: "QUITTANCE_SECOND", Value: value}})

	shell := exec.CommandContext(t.Context(), "sh", "-c", `eval "$1"; printf %s "$QUITTANCE_SECOND"`, "sh", lines.String())
	out, err := shell.Output()
	require.NoError(t, err)
	require.Equal(t, value, string(out))
}
