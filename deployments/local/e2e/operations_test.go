package e2e

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	exceptions "github.com/quittance/quittance/internal/exception"
)

// alert is a rule of deployments/prometheus/alerts.yaml, or a recorded number for others.
type alert struct {
	Alert       string
	Record      string
	Expr        string
	Annotations map[string]string
}

func alerts(t *testing.T) []alert {
	t.Helper()
	return slices.DeleteFunc(rules(t), func(a alert) bool { return a.Alert == "" })
}

func rules(t *testing.T) (all []alert) {
	t.Helper()
	content, err := os.ReadFile("../../prometheus/alerts.yaml")
	require.NoError(t, err)
	var file struct {
		Groups []struct{ Rules []alert }
	}
	require.NoError(t, yaml.Unmarshal(content, &file))
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}

// panelExpressions are the queries of the dashboard.
func panelExpressions(t *testing.T) (all []string) {
	t.Helper()
	content, err := os.ReadFile("../../grafana/quittance.json")
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	require.NoError(t, json.Unmarshal(content, &dashboard))
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all = append(all, target.Expr)
		}
	}
	require.NotEmpty(t, all)
	return all
}

// seldom are metrics of the Temporal SDK that are only there once it happened.
var seldom = []string{
	"temporal_workflow_task_execution_failed_total", "temporal_activity_execution_failed_total", "temporal_local_activity_execution_failed_total",
}

func TestAlertsAndTheDashboardAskForMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	r := c.listen(nil)
	inv := c.issue("108.00")
	inv.payNow("card").pay(visa)
	inv.requireCollectedOnce("108.00")
	r.gets(1)

	shown := maps.Clone(metricsOf(t, shared.APIURL()))
	maps.Copy(shown, metricsOf(t, shared.WorkerURL()))
	for _, name := range seldom {
		shown[name] = true
	}
	expressions := panelExpressions(t)
	for _, a := range rules(t) {
		expressions = append(expressions, a.Expr)
		shown[a.Record] = true
	}
	for _, expression := range expressions {
		parsed, err := metricsql.Parse(expression)
		require.NoError(t, err, expression)
		metricsql.VisitAll(parsed, func(e metricsql.Expr) {
			selected, ok := e.(*metricsql.MetricExpr)
			if !ok {
				return
			}
			for _, filters := range selected.LabelFilterss {
				for _, filter := range filters {
					if filter.Label == "__name__" {
						assert.True(t, shown[filter.Value], "%s: no process shows %s", expression, filter.Value)
					}
				}
			}
		})
	}
}

// metricsOf are the names of the series that a process shows.
func metricsOf(t *testing.T, processURL string) map[string]bool {
	t.Helper()
	answer, err := http.Get(processURL + "/metrics")
	require.NoError(t, err)
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	names := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if name := regexp.MustCompile(`^[a-z_]+`).FindString(line); name != "" {
			names[name] = true
		}
	}
	return names
}

func TestTheRunbookHasAChapterForEveryAlertAndEveryException(t *testing.T) {
	t.Parallel()
	runbook, err := os.ReadFile("../../RUNBOOK.md")
	require.NoError(t, err)
	var chapters []string
	for _, found := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(string(runbook), -1) {
		chapters = append(chapters, found[1])
	}
	var wanted []string
	for _, a := range alerts(t) {
		assert.Equal(t, "RUNBOOK.md#"+strings.ToLower(a.Alert), a.Annotations["runbook_url"])
		wanted = append(wanted, a.Alert)
	}
	for _, kind := range exceptions.Kinds {
		wanted = append(wanted, string(kind))
	}
	assert.ElementsMatch(t, wanted, chapters)
	for _, link := range regexp.MustCompile(`\]\(#(\w+)\)`).FindAllStringSubmatch(string(runbook), -1) {
		assert.True(t, slices.ContainsFunc(chapters, func(c string) bool { return strings.EqualFold(c, link[1]) }), link[1])
	}
}
