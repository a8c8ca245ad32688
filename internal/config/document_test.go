package config

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheDocumentNamesEveryVariableAndNoOther(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	var named, known []string
	for _, row := range regexp.MustCompile("(?m)^\\| `QUITTANCE_.*$").FindAllString(string(text), -1) {
		first := regexp.MustCompile(`^\|[^|]*`).FindString(row)
		named = append(named, regexp.MustCompile(`QUITTANCE_\w+`).FindAllString(first, -1)...)
	}
	for name := range variables {
		known = append(known, name)
	}
	slices.Sort(named)
	slices.Sort(known)
	assert.Equal(t, known, named)
}

func TestTheDocumentNamesEveryRuleAndNoOther(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	var named []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		named = append(named, row[1])
	}
	assert.Equal(t, ruleNames(), named)
}
