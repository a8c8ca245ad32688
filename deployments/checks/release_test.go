package checks

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// release releases what stands in a folder, for one architecture, and returns the files by name.
func release(t *testing.T, sources string) map[string]string {
	t.Helper()
	into := t.TempDir()
	command := exec.CommandContext(t.Context(), sources+"/deployments/release.sh", "9.8.7", into)
	command.Env = append(os.Environ(), "ARCHITECTURES=amd64", "COMMIT=0123456789abcdef0123456789abcdef01234567")
	said, err := command.CombinedOutput()
	require.NoError(t, err, "%s", said)
	files := map[string]string{}
	listed, err := os.ReadDir(into)
	require.NoError(t, err)
	for _, f := range listed {
		content, err := os.ReadFile(filepath.Join(into, f.Name()))
		require.NoError(t, err)
		files[f.Name()] = string(content)
	}
	return files
}

func TestAReleaseIsTheSameToTheByteWhereverItIsMade(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds everything anew")
	}
	t.Parallel()
	here, err := filepath.Abs("../..")
	require.NoError(t, err)
	elsewhere := t.TempDir()
	copied, err := exec.CommandContext(t.Context(), "bash", "-c", `git -C "$0" ls-files -z | (cd "$0" && xargs -0 cp --parents -t "$1")`, here, elsewhere).CombinedOutput()
	require.NoError(t, err, "%s", copied)
	one, other := release(t, here), release(t, elsewhere)
	require.Len(t, one, 4)
	for name, content := range one {
		assert.Equal(t, sha256.Sum256([]byte(content)), sha256.Sum256([]byte(other[name])), "%s differs", name)
	}

	var bom struct {
		BOMFormat  string
		Components []struct{ PURL string }
		Metadata   struct{ Component struct{ Version string } }
	}
	require.NoError(t, json.Unmarshal([]byte(one["quittance-9.8.7-linux-amd64.cdx.json"]), &bom))
	assert.Equal(t, []string{"CycloneDX", "9.8.7"}, []string{bom.BOMFormat, bom.Metadata.Component.Version})
	var parts []string
	for _, c := range bom.Components {
		parts = append(parts, strings.Split(c.PURL, "@")[0])
	}
	assert.Subset(t, parts, []string{"pkg:golang/github.com/jackc/pgx/v5", "pkg:golang/go.temporal.io/sdk", "pkg:golang/std"})

	var provenance struct {
		Subject   []struct{ Name string }
		Predicate struct {
			BuildDefinition struct {
				ResolvedDependencies []struct{ Digest map[string]string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(one["provenance.json"]), &provenance))
	assert.Len(t, provenance.Subject, 2)
	assert.Equal(t, "0123456789abcdef0123456789abcdef01234567", provenance.Predicate.BuildDefinition.ResolvedDependencies[0].Digest["gitCommit"])
	for _, s := range provenance.Subject {
		assert.Contains(t, one["SHA256SUMS"], s.Name)
	}
}
