package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scale runs the program.
func scale(t *testing.T, arguments ...string) string {
	t.Helper()
	var to strings.Builder
	require.NoError(t, run(arguments, &to, io.Discard))
	return to.String()
}

func TestTheProgramSaysWhatToBuyAndWhatComesNext(t *testing.T) {
	t.Parallel()
	said := scale(t, "--rate", "10,50")
	for _, part := range []string{
		"one payment takes", "10 payments a second, 1,000 companies", "50 payments a second, 5,000 companies",
		"Temporal's Postgres, cores", "Pay now", "notification to paid",
		"API pods of 2 cores", "The bottleneck is", "Next, pods apart",
	} {
		assert.Contains(t, said, part)
	}
}

func TestTheSameSeedMakesTheProgramSayTheSame(t *testing.T) {
	t.Parallel()
	once := scale(t, "--rate", "30", "--companies", "100", "--seed", "5")
	assert.Equal(t, once, scale(t, "--rate", "30", "--companies", "100", "--seed", "5"))
	assert.NotEqual(t, once, scale(t, "--rate", "30", "--companies", "100", "--seed", "6"))
}

func TestWhatCostsPrintsCanBeGivenBack(t *testing.T) {
	t.Parallel()
	printed := scale(t, "--costs")
	read, err := readCosts(strings.NewReader(printed))
	require.NoError(t, err)
	assert.Equal(t, builtIn, read)
	file := filepath.Join(t.TempDir(), "mine.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"api_cpu_ms": {"value": 900, "from": "eight cores, in May"}}`), 0o600))
	assert.Contains(t, scale(t, "--costs", "--with", file), `{"value": 900, "from": "eight cores, in May"}`)
	assert.Contains(t, scale(t, "--rate", "10", "--with", file), "8 API pods", "9 cores of work, 60 % full")
}

func TestEveryCostHasAPlaceAndSaysWhereItIsFrom(t *testing.T) {
	t.Parallel()
	assert.Len(t, keys, len(builtIn))
	for key, of := range builtIn {
		assert.True(t, slices.Contains(keys, key), key)
		assert.NotEmpty(t, of.From, key)
	}
	assert.NoError(t, builtIn.check())
}

func TestFiguresThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for given, complaint := range map[string]string{
		`{"api_cpu": {"value": 1}}`:              `there is no "api_cpu"`,
		`{"api_cpu_ms": 1}`:                      "read the costs",
		`{"api_cpu_ms": {"value": -1}}`:          "api_cpu_ms can't be -1",
		`{"quittance_statements": {"value": 0}}`: "quittance_statements can't be 0",
		`{"temporal_frontend_part": {"value": 0.9}, "temporal_matching_part": {"value": 1}}`: "more than the whole",
		`{"saferpay_calls_at_once": {"value": 0.5}}`:                                         "whole numbers",
		`[]`: "read the costs",
	} {
		_, err := readCosts(strings.NewReader(given))
		assert.ErrorContains(t, err, complaint, given)
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
		assert.Error(t, run(arguments, io.Discard, io.Discard), "%v", arguments)
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	for n, written := range map[float64]string{0: "0", .654: "0.65", 7: "7", 84.3: "84", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		assert.Equal(t, written, number(n))
	}
}
