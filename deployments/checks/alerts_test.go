package checks

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/checks/alerting"
)

const (
	alertsFile = "../prometheus/alerts.yaml"
	day        = 24 * time.Hour
)

// firing returns what fires at each of the times, see alerting.Firing.
func firing(t *testing.T, series string, at ...time.Duration) map[time.Duration][]string {
	t.Helper()
	step := time.Minute
	if slices.Max(at) > day {
		step = 10 * time.Minute
	}
	fires, err := alerting.Firing(t.Context(), alertsFile, series, step, at...)
	require.NoError(t, err)
	return fires
}

// quiet are the series of an installation in which nothing is wrong, for so many minutes.
func quiet(minutes int, but ...string) string {
	all := []string{
		`quittance_oldest_authorized_seconds`, `quittance_payments_under_way{state="unknown"}`, `quittance_oldest_exception_seconds`,
		`quittance_exceptions_open{kind="booking_failed"}`, `quittance_oldest_unsettled_seconds{currency="CHF"}`, `quittance_verification_overdue_seconds`,
		`quittance_payment_services{status="active"}`, `quittance_sweeps_failed`, `quittance_unswept_seconds`, `quittance_workflows_stuck`,
		`quittance_workflows_stranded`,
		`quittance_task_queue_backlog_seconds{task_queue="payments"}`, `quittance_webhook_outbox_behind_seconds`,
		`quittance_database_connections_used`, `quittance_database_connections_max`, `temporal_num_pollers`,
		`http_request_duration_seconds_count{route="/v1/invoices",status="200"}`,
	}
	values := map[string]string{
		`quittance_database_connections_max`: "10+0x%d", `temporal_num_pollers`: "6+0x%d", `quittance_unswept_seconds`: "43200+0x%d",
		`quittance_payment_services{status="active"}`: "3+0x%d", `http_request_duration_seconds_count{route="/v1/invoices",status="200"}`: "0+60x%d",
	}
	var lines strings.Builder
	for _, series := range all {
		if slices.Contains(but, series) {
			continue
		}
		value := values[series]
		if value == "" {
			value = "0+0x%d"
		}
		fmt.Fprintf(&lines, "%s "+value+"\n", series, minutes)
	}
	return lines.String()
}

func TestNothingFiresWhileNothingIsWrong(t *testing.T) {
	t.Parallel()
	assert.Empty(t, firing(t, quiet(60), 5*time.Minute, time.Hour))
}

// wrong is something that goes wrong: which of the quiet series it replaces by which, and what fires.
type wrong struct {
	replaced []string
	series   string
	want     string
	by, not  time.Duration // when it fires, and when it doesn't yet
}

func TestAlertsFireWhenTheyShould(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{"SweepsMissing": true} // below
	all := map[string]wrong{
		"money that is not taken": {
			[]string{`quittance_oldest_authorized_seconds`},
			`quittance_oldest_authorized_seconds 172700+60x60`,
			"AuthorizedMoneyNotTaken", 10 * time.Minute, 5 * time.Minute,
		},
		"the first sweep that fails": {
			[]string{`quittance_sweeps_failed`},
			`quittance_sweeps_failed 0 0 0 1+0x57`,
			"SweepFailed", 5 * time.Minute, 2 * time.Minute,
		},
		"a sweep that failed before Prometheus first looked": {
			[]string{`quittance_sweeps_failed`},
			`quittance_sweeps_failed 1+0x60`,
			"SweepFailed", 2 * time.Minute, 0,
		},
		"a workflow task that fails for hours, of which a rate has nothing to say": {
			[]string{`quittance_workflows_stuck`},
			`quittance_workflows_stuck 0 0 1+0x700`,
			"WorkflowTasksFail", 10 * time.Hour, time.Minute,
		},
		"workflows of a version without workers": {
			[]string{`quittance_workflows_stranded`},
			`quittance_workflows_stranded 0 0 3+0x60`,
			"WorkflowsStranded", 7 * time.Minute, 6 * time.Minute,
		},
		"a verification that takes too long": {
			[]string{`quittance_verification_overdue_seconds`},
			`quittance_verification_overdue_seconds 60+60x120`,
			"VerificationOverdue", time.Hour, 59 * time.Minute,
		},
		"tasks that nobody takes": {
			[]string{`quittance_task_queue_backlog_seconds{task_queue="payments"}`},
			`quittance_task_queue_backlog_seconds{task_queue="payments"} 0+20x60`,
			"WorkersBehind payments", 8 * time.Minute, 5 * time.Minute,
		},
		"no worker at all": {
			[]string{`temporal_num_pollers`},
			``,
			"NoWorker", 3 * time.Minute, time.Minute,
		},
		"numbers that are missing": {
			[]string{`quittance_oldest_authorized_seconds`},
			``,
			"MetricsMissing", 10 * time.Minute, 9 * time.Minute,
		},
		"Saferpay answering nothing": {
			nil, `quittance_saferpay_request_duration_seconds_count{operation="Transaction/Capture",outcome="answered"} 100+0x60
quittance_saferpay_request_duration_seconds_count{operation="Transaction/Capture",outcome="silent"} 0+2x60`,
			"SaferpayFailing Transaction/Capture", 10 * time.Minute, 3 * time.Minute,
		},
		"Saferpay taking its time": {
			nil, `quittance_saferpay_request_duration_seconds_bucket{operation="PaymentPage/Initialize",outcome="answered",le="10.0"} 0+1x60
quittance_saferpay_request_duration_seconds_bucket{operation="PaymentPage/Initialize",outcome="answered",le="30.0"} 0+5x60
quittance_saferpay_request_duration_seconds_bucket{operation="PaymentPage/Initialize",outcome="answered",le="+Inf"} 0+5x60`,
			"SaferpaySlow PaymentPage/Initialize", 15 * time.Minute, 5 * time.Minute,
		},
		"a pool that is used up": {
			[]string{`quittance_database_connections_used`},
			`quittance_database_connections_used 10+0x60`,
			"DatabaseConnectionsUsedUp", 5 * time.Minute, 4 * time.Minute,
		},
		"payers who get errors": {
			nil, `http_request_duration_seconds_count{route="/i/{token}/pay",status="303"} 0+9x400
http_request_duration_seconds_count{route="/i/{token}/pay",status="503"} 0+1x400
http_request_duration_seconds_bucket{route="/i/{token}/pay",status="303",le="5.0"} 0+9x400
http_request_duration_seconds_bucket{route="/i/{token}/pay",status="503",le="5.0"} 0+1x400`,
			"PayNowBudgetBurnsFast", 10 * time.Minute, 2 * time.Minute,
		},
		"payers who wait, as Prometheus 2 writes it": {
			nil, `http_request_duration_seconds_count{route="/i/{token}/pay",status="303"} 0+10x400
http_request_duration_seconds_bucket{route="/i/{token}/pay",status="303",le="5"} 0+9x400`,
			"PayNowBudgetBurnsFast", 10 * time.Minute, 2 * time.Minute,
		},
		"payments that are booked late now and then": {
			nil, `quittance_hint_to_paid_seconds_count{workflow_type="InvoicePayment"} 0+100x1000
quittance_hint_to_paid_seconds_bucket{workflow_type="InvoicePayment",le="10.0"} 0+99x1000`,
			"PaidBudgetBurns", 2 * time.Hour, 30 * time.Minute,
		},
		"events that are sent late": {
			nil, `quittance_webhook_first_attempt_seconds_count{task_queue="webhooks"} 0+100x1000
quittance_webhook_first_attempt_seconds_bucket{task_queue="webhooks",le="60"} 0+50x1000`,
			"WebhooksBudgetBurnsFast", 10 * time.Minute, 2 * time.Minute,
		},
		"a payment of which nobody knows what became": {
			[]string{`quittance_payments_under_way{state="unknown"}`},
			`quittance_payments_under_way{state="unknown"} 1+0x60`,
			"PaymentsUnknown", 30 * time.Minute, 29 * time.Minute,
		},
		"a decision that nobody takes": {
			[]string{`quittance_oldest_exception_seconds`},
			`quittance_oldest_exception_seconds 86100+60x60`,
			"DecisionsWaiting", 11 * time.Minute, 10 * time.Minute,
		},
		"money that can't be booked": {
			[]string{`quittance_exceptions_open{kind="booking_failed"}`},
			`quittance_exceptions_open{kind="booking_failed"} 0 1+0x60`,
			"BookingFailed", 2 * time.Minute, time.Minute,
		},
		"invoices that turn paid late": {
			nil, `quittance_payment_duration_seconds_bucket{state="captured",le="900"} 0+1x100
quittance_payment_duration_seconds_bucket{state="captured",le="3600"} 0+10x100
quittance_payment_duration_seconds_bucket{state="captured",le="+Inf"} 0+10x100`,
			"PaymentsSlow", 32 * time.Minute, 29 * time.Minute,
		},
		"a payout that does not come": {
			[]string{`quittance_oldest_unsettled_seconds{currency="CHF"}`},
			`quittance_oldest_unsettled_seconds{currency="CHF"} 863999+60x120`,
			"PayoutsMissing CHF", 61 * time.Minute, 60 * time.Minute,
		},
		"callers who get errors": {
			nil, `http_request_duration_seconds_count{route="/v1/payments",status="500"} 0+1x60`,
			"ApiErrors", 6 * time.Minute, 5 * time.Minute,
		},
		"callers who wait": {
			nil, `http_request_duration_seconds_bucket{route="/v1/payments",le="1"} 0+9x60
http_request_duration_seconds_bucket{route="/v1/payments",le="2.5"} 0+10x60
http_request_duration_seconds_bucket{route="/v1/payments",le="+Inf"} 0+10x60`,
			"ApiSlow", 11 * time.Minute, 10 * time.Minute,
		},
		"webhooks that nobody sends": {
			[]string{`quittance_webhook_outbox_behind_seconds`},
			`quittance_webhook_outbox_behind_seconds 0+60x60`,
			"WebhooksBehind", 7 * time.Minute, 6 * time.Minute,
		},
		"payers of whom one in a hundred gets an error": {
			nil, `http_request_duration_seconds_count{route="/i/{token}/pay",status="303"} 0+99x1000
http_request_duration_seconds_count{route="/i/{token}/pay",status="503"} 0+1x1000
http_request_duration_seconds_bucket{route="/i/{token}/pay",status="303",le="5.0"} 0+99x1000`,
			"PayNowBudgetBurns", 2 * time.Hour, 30 * time.Minute,
		},
		"payments that are all booked late": {
			nil, `quittance_hint_to_paid_seconds_count{workflow_type="InvoicePayment"} 0+10x1000
quittance_hint_to_paid_seconds_bucket{workflow_type="InvoicePayment",le="10"} 0+1x1000`,
			"PaidBudgetBurnsFast", 10 * time.Minute, 2 * time.Minute,
		},
		"events of which one in a hundred is sent late": {
			nil, `quittance_webhook_first_attempt_seconds_count{task_queue="webhooks"} 0+100x1000
quittance_webhook_first_attempt_seconds_bucket{task_queue="webhooks",le="60.0"} 0+99x1000`,
			"WebhooksBudgetBurns", 2 * time.Hour, 30 * time.Minute,
		},
	}
	for name, c := range all {
		alert, _, _ := strings.Cut(c.want, " ")
		tested[alert] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fires := firing(t, quiet(1000, c.replaced...)+c.series, c.not, c.by)
			assert.Contains(t, fires[c.by], c.want)
			assert.NotContains(t, fires[c.not], c.want)
		})
	}
	for _, rule := range alertRules(t) {
		assert.True(t, rule.Alert == "" || tested[rule.Alert], "nothing shows when %s fires", rule.Alert)
	}
}

// alertRules are the rules of the file.
func alertRules(t *testing.T) (all []rulefmt.Rule) {
	t.Helper()
	content, err := os.ReadFile(alertsFile)
	require.NoError(t, err)
	groups, errs := rulefmt.Parse(content, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	require.Empty(t, errs)
	for _, group := range groups.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

func TestOneClickThatFailsAtNightWakesNobody(t *testing.T) {
	t.Parallel()
	assert.Empty(t, firing(t, quiet(400)+`http_request_duration_seconds_count{route="/i/{token}/pay",status="303"} 0+0x60 1+0x340
http_request_duration_seconds_bucket{route="/i/{token}/pay",status="303",le="5.0"} 0+0x60 1+0x340
http_request_duration_seconds_count{route="/i/{token}/pay",status="503"} 0+0x90 1+0x310`, 95*time.Minute, 100*time.Minute, 6*time.Hour))
}

func TestSweepsThatStopAreMissedAfterADayAndAHalf(t *testing.T) {
	t.Parallel()
	const unswept = `quittance_unswept_seconds`
	fires := firing(t, quiet(3000, unswept)+unswept+` 0+60x2500 30+60x499`, 36*time.Hour, 37*time.Hour, 42*time.Hour)
	assert.Empty(t, fires[36*time.Hour])
	assert.Equal(t, []string{"SweepsMissing"}, fires[37*time.Hour], "of one company, however well it goes with the others")
	assert.Empty(t, fires[42*time.Hour], "its sweep ended well at last")
}

func TestEveryNumberThatMoneyHangsOnIsMissedWhenItIsGone(t *testing.T) {
	t.Parallel()
	var missing string
	asked := map[string]bool{}
	for _, rule := range alertRules(t) {
		if rule.Alert == "MetricsMissing" {
			missing = rule.Expr
			continue
		}
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(rule.Expr)
		require.NoError(t, err, rule.Expr)
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok && strings.HasPrefix(selector.Name, "quittance_") {
				asked[selector.Name] = true
			}
			return nil
		})
	}
	require.NotEmpty(t, missing)
	for name := range asked {
		// A histogram begins with the first thing that is measured, and the pool's size is read with its use.
		if strings.Contains(name, "_seconds_bucket") || strings.Contains(name, "_seconds_count") || name == "quittance_database_connections_max" {
			continue
		}
		assert.Contains(t, missing, "absent("+name+")")
	}
}
