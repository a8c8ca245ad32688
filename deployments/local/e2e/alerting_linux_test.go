package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// scrapes are what a Prometheus that looks once a minute would have seen.
type scrapes struct {
	t      *testing.T
	binary string // of deployments/checks/firing
	taken  int
	series map[string][]string // the samples of each
}

// newScrapes builds what evaluates the rules, with Prometheus' own code.
func newScrapes(t *testing.T) *scrapes {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "firing")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./firing")
	build.Dir = "../../checks"
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return &scrapes{t: t, binary: binary, series: map[string][]string{}}
}

var watchedSeries = regexp.MustCompile(`^(quittance_|http_request_duration_|temporal_num_pollers)`)

// take scrapes the processes; one without an address is gone.
func (s *scrapes) take(processes map[string]string) {
	s.t.Helper()
	for name, url := range processes {
		if url == "" {
			continue
		}
		answer, err := http.Get(url + "/metrics")
		require.NoError(s.t, err)
		page, err := io.ReadAll(answer.Body)
		require.NoError(s.t, err)
		require.NoError(s.t, answer.Body.Close())
		for line := range strings.Lines(string(page)) {
			if !watchedSeries.MatchString(line) {
				continue
			}
			line = strings.TrimSpace(line)
			at := strings.LastIndexByte(line, ' ')
			series, value := line[:at], line[at+1:]
			if label := `instance="` + name + `"}`; strings.HasSuffix(series, "}") {
				series = strings.TrimSuffix(series, "}") + "," + label
			} else {
				series += "{" + label
			}
			for len(s.series[series]) < s.taken {
				s.series[series] = append(s.series[series], "_")
			}
			s.series[series] = append(s.series[series], value)
		}
	}
	s.taken++
	for series, samples := range s.series {
		if len(samples) < s.taken { // as Prometheus notes it
			s.series[series] = append(samples, "stale")
		}
	}
}

// fire returns the alerts that fire after the last scrape.
func (s *scrapes) fire() []string {
	s.t.Helper()
	var in bytes.Buffer
	for series, samples := range s.series {
		in.WriteString(series + " " + strings.Join(samples, " ") + "\n")
	}
	evaluate := exec.CommandContext(s.t.Context(), s.binary, "../../prometheus/alerts.yaml", strconv.Itoa(s.taken-1))
	evaluate.Stdin, evaluate.Stderr = &in, os.Stderr
	out, err := evaluate.Output()
	require.NoError(s.t, err)
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}

// value returns a number that a process shows, or -1 when it doesn't.
func value(t *testing.T, processURL, series string) float64 {
	t.Helper()
	answer, err := http.Get(processURL + "/metrics")
	require.NoError(t, err)
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	for line := range strings.Lines(string(page)) {
		if number, found := strings.CutPrefix(line, series+" "); found {
			got, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			require.NoError(t, err)
			return got
		}
	}
	return -1
}

// What processes of a real stack show makes the real rules fire: Saferpay that fails, a workflow whose tasks fail, and workers that are gone.
func TestWhatGoesWrongOnARealStackMakesTheAlertsFire(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds Prometheus' rules, and waits for a server that marks what fails")
	}
	t.Parallel()
	seen := newScrapes(t)
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra = true
	s := startStack(t, options)
	running := startProcess(t, s, binary, "worker")
	startProcess(t, s, binary, "api")
	c := newMerchant(t, s)
	processes := map[string]string{"api": s.APIURL(), "worker": s.WorkerURL()}
	for range 12 {
		seen.take(processes)
	}
	assert.Empty(t, seen.fire(), "nothing is wrong yet")

	broken := worker.New(operator(t, s), "broken", worker.Options{})
	broken.RegisterWorkflowWithOptions(func(workflow.Context) error { panic("a mistake in the code") }, workflow.RegisterOptions{Name: "Broken"})
	require.NoError(t, broken.Start())
	t.Cleanup(broken.Stop)
	_, err := operator(t, s).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "broken"}, "Broken")
	require.NoError(t, err)
	armFault(t, s, object{"operation": "PaymentPage/Initialize", "kind": "http_500_before", "times": 1_000_000})
	inv := c.issue("108.00")
	for range 14 {
		inv.pressPayNow("card")
		seen.take(processes)
	}
	await(t, 3*time.Minute, func() float64 { return value(t, s.WorkerURL(), "quittance_workflows_stuck") }, func(stuck float64) bool { return stuck > 0 })
	for range 3 {
		inv.pressPayNow("card")
		seen.take(processes)
	}
	fires := seen.fire()
	assert.Contains(t, fires, "SaferpayFailing PaymentPage/Initialize")
	assert.Contains(t, fires, "WorkflowTasksFail")
	assert.NotContains(t, fires, "MetricsMissing")

	running.Kill()
	processes["worker"] = ""
	for range 13 {
		seen.take(processes)
	}
	fires = seen.fire()
	assert.Contains(t, fires, "MetricsMissing")
	assert.Contains(t, fires, "NoWorker")
}
