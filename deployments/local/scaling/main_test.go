package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scale runs the program.
func scale(t *testing.T, arguments ...string) string {
	t.Helper()
	var to strings.Builder
	require.NoError(t, run(arguments, &to))
	return to.String()
}

// own writes a file of costs.
func own(t *testing.T, figures string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mine.json")
	require.NoError(t, os.WriteFile(file, []byte(figures), 0o600))
	return file
}

func TestTheProgramSaysWhatToBuyAndWhatComesNext(t *testing.T) {
	t.Parallel()
	said := scale(t, "--rate", "10,50")
	for _, part := range []string{
		"one payment takes", "| 10 ", "| 50 ", "1,000 (", "5,000 (", "API, pods", "Temporal's Postgres, cores",
		"Quittance's Postgres, connections", "Pay now, p50, p99", "notification to paid", "bottleneck", "from 491 on: one more terminal for the largest company",
	} {
		assert.Contains(t, said, part)
	}
}

func TestTheSameLoadGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	once := scale(t, "--rate", "30", "--companies", "100")
	assert.Equal(t, once, scale(t, "--rate", "30", "--companies", "100"))
}

func TestTheDocumentHasWhatTheProgramPrints(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../SCALING.md")
	require.NoError(t, err)
	var missing []string
	for line := range strings.Lines(scale(t)) {
		if !strings.Contains(string(document), line) {
			missing = append(missing, line)
		}
	}
	assert.Empty(t, missing, "paste what `make scale` prints into SCALING.md again")
}

func TestWhatCostsPrintsCanBeGivenBack(t *testing.T) {
	t.Parallel()
	assert.Equal(t, scale(t), scale(t, "--with", own(t, scale(t, "--costs"))))
	eight := own(t, `{"api_cpu_ms": {"value": 900, "from": "eight cores, in May"}}`)
	assert.Contains(t, scale(t, "--rate", "10", "--with", eight), "1 × 8: 56 %", "9 cores of work in 8 pods of 2")
}

func TestEveryCostSaysWhereItIsFromAndIsUsed(t *testing.T) {
	t.Parallel()
	c, err := readCosts("")
	require.NoError(t, err)
	code := ""
	for _, file := range []string{"main.go", "payment.go", "plan.go", "report.go", "cloud.go"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		code += string(text)
	}
	for key, of := range c {
		assert.NotEmpty(t, of.From, key)
		assert.Contains(t, code, `"`+key+`"`)
	}
}

func TestFiguresThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for given, complaint := range map[string]string{
		`{"api_cpu": {"value": 1}}`:    `api_cpu can't be 1`,
		`{"api_cpu_ms": 1}`:            "read the costs",
		`{"api_cpu_ms": {"value":-1}}`: "api_cpu_ms can't be -1",
		`{"temporal_frontend_part": {"value": 0.9}, "temporal_matching_part": {"value": 1}}`: "at most 1",
		`{"saferpay_calls_at_once": {"value": 0.5}}`:                                         "at least one call",
		`{"largest_postgres_cores": {"value": 0}}`:                                           "at least one core",
		`[]`: "read the costs",
		``:   "read the costs",
	} {
		assert.ErrorContains(t, run([]string{"--with", own(t, given)}, io.Discard), complaint, given)
	}
}

func TestFlagsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"--rate", "0"},
		{"--rate", "-1"},
		{"--rate", "many"},
		{"--rate", "NaN"},
		{"--rate", "1e9"},
		{"--rate", "10,"},
		{"--companies", "-1"},
		{"--with", "missing.json"},
		{"10"},
		{"--nonsense"},
	} {
		assert.Error(t, run(arguments, io.Discard), "%v", arguments)
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	for n, written := range map[float64]string{0: "0", .654: "0.65", 7: "7", 84.3: "84", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		assert.Equal(t, written, number(n))
	}
}
