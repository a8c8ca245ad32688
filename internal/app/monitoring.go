package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/oversight"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/telemetry"
	"github.com/quittance/quittance/internal/temporalkit"
	"github.com/quittance/quittance/workflows/contract"
)

// monitoring is by what operators see that something waits for them, over all companies. Every worker shows the same. What is read
// apart fails apart.
type monitoring struct {
	open      followed[oversight.Monitored]
	unsettled followed[map[money.Currency]oversight.Unsettled]
	workflows followed[workflows]
	stranded  followed[int]
	backlogs  followed[map[string]temporalkit.Backlog]
	outbox    followed[outbox]
}

// workflows are numbers of workflows.
type workflows struct{ stuck, failedSweeps int }

// outbox is what of the webhooks has not ended.
type outbox struct {
	pending int
	behind  time.Duration
}

// failedWithin is how far back sweeps are counted that did not end well. A sweep is nightly.
const failedWithin = 26 * time.Hour

func newMonitoring(p parts, namespace, deployment string) *monitoring {
	return &monitoring{
		open:      followed[oversight.Monitored]{name: "what is open", read: p.store.MonitorOpen},
		unsettled: followed[map[money.Currency]oversight.Unsettled]{name: "what is unsettled", read: p.store.MonitorUnsettled},
		workflows: followed[workflows]{name: "workflows", read: func(ctx context.Context) (workflows, error) { return countWorkflows(ctx, p.temporal) }},
		stranded: followed[int]{name: "versions of the worker", read: func(ctx context.Context) (int, error) {
			return temporalkit.Stranded(ctx, p.temporal, namespace, deployment, contract.Queues)
		}},
		backlogs: followed[map[string]temporalkit.Backlog]{name: "task queues", read: func(ctx context.Context) (map[string]temporalkit.Backlog, error) {
			all := map[string]temporalkit.Backlog{}
			for _, queue := range contract.Queues {
				var err error
				if all[queue], err = temporalkit.BacklogOf(ctx, p.temporal, namespace, queue); err != nil {
					return nil, err
				}
			}
			return all, nil
		}},
		outbox: followed[outbox]{name: "outbox", read: func(ctx context.Context) (o outbox, err error) {
			o.pending, o.behind, err = p.store.Backlog(ctx)
			return o, err
		}},
	}
}

// countWorkflows counts the workflows whose tasks fail again and again, which the server marks, and the sweeps that failed of late: of single
// payment services, and of buckets of companies.
func countWorkflows(ctx context.Context, c client.Client) (w workflows, err error) {
	for _, count := range []struct {
		into  *int
		query string
	}{
		{&w.stuck, "TemporalReportedProblems IS NOT NULL AND ExecutionStatus = 'Running'"},
		{&w.failedSweeps, fmt.Sprintf("WorkflowType IN ('%s', '%s') AND ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated') AND CloseTime > '%s'",
			contract.NightlySweepType, contract.SweepBucketType, time.Now().Add(-failedWithin).UTC().Format(time.RFC3339))},
	} {
		if *count.into, err = temporalkit.Count(ctx, c, count.query); err != nil {
			return w, err
		}
	}
	return w, nil
}

// follow reads all of it again and again until ctx ends.
func (m *monitoring) follow(ctx context.Context, log *slog.Logger) {
	var all sync.WaitGroup
	for _, follow := range []func(context.Context, *slog.Logger){m.open.follow, m.unsettled.follow, m.workflows.follow, m.stranded.follow, m.backlogs.follow, m.outbox.follow} {
		all.Go(func() { follow(ctx, log) })
	}
	all.Wait()
}

// gauges are the metrics. RUNBOOK.md says what to do about each.
func (m *monitoring) gauges() []telemetry.Gauge {
	byCurrency := func(value func(oversight.Unsettled) float64) func(context.Context) (map[string]float64, error) {
		return gauge(&m.unsettled, func(unsettled map[money.Currency]oversight.Unsettled) map[string]float64 {
			values := map[string]float64{}
			for _, currency := range []money.Currency{money.CHF, money.EUR, money.USD, money.GBP} {
				u, some := unsettled[currency]
				if !some {
					u.Amount = money.Zero(currency)
				}
				values[string(currency)] = value(u)
			}
			return values
		})
	}
	return []telemetry.Gauge{
		{
			Name: "quittance_unsettled_minor_units", Label: "currency",
			Help: "What stands on the receipt accounts for want of a payout, in centimes and the like: of 90 days, and of companies that have payouts booked.",
			Read: byCurrency(func(u oversight.Unsettled) float64 { return float64(u.Amount.Minor()) }),
		},
		{
			Name: "quittance_unsettled_entries", Help: "How many receipts and refunds that is.", Label: "currency",
			Read: byCurrency(func(u oversight.Unsettled) float64 { return float64(u.Entries) }),
		},
		{
			Name: "quittance_oldest_unsettled_seconds", Help: "Since the day of the oldest of them; a payout comes about two business days later.", Label: "currency",
			Read: byCurrency(func(u oversight.Unsettled) float64 { return u.Oldest.Seconds() }),
		},
		{
			Name: "quittance_payments_under_way", Help: "Payments that have not ended.", Label: "state",
			Read: gauge(&m.open, func(o oversight.Monitored) map[string]float64 {
				return numbers(o.Payments, slices.DeleteFunc(slices.Clone(payment.States), payment.State.Final))
			}),
		},
		{
			Name: "quittance_oldest_authorized_seconds", Help: "Age of the oldest payment whose money is reserved, or unclear, and not taken.",
			Read: gauge(&m.open, func(o oversight.Monitored) map[string]float64 { return one(o.OldestAuthorized.Seconds()) }),
		},
		{
			Name: "quittance_exceptions_open", Help: "Things that a person must decide.", Label: "kind",
			Read: gauge(&m.open, func(o oversight.Monitored) map[string]float64 { return numbers(o.Exceptions, exception.Kinds) }),
		},
		{
			Name: "quittance_oldest_exception_seconds", Help: "For how long the oldest of them has waited.",
			Read: gauge(&m.open, func(o oversight.Monitored) map[string]float64 { return one(o.OldestException.Seconds()) }),
		},
		{
			Name: "quittance_payment_services", Help: "Connections of companies to Worldline/SIX, by how far they are.", Label: "status",
			Read: gauge(&m.open, func(o oversight.Monitored) map[string]float64 {
				return numbers(o.PaymentServices, merchant.ServiceStatuses)
			}),
		},
		{
			Name: "quittance_verification_overdue_seconds", Help: "For how long the verification of the acquirer that is latest should have been over.",
			Read: gauge(&m.open, func(o oversight.Monitored) map[string]float64 { return one(o.VerificationOverdue.Seconds()) }),
		},
		{
			Name: "quittance_workflows_stuck", Help: "Workflows whose tasks fail again and again (TemporalReportedProblems IS NOT NULL).",
			Read: gauge(&m.workflows, func(w workflows) map[string]float64 { return one(float64(w.stuck)) }),
		},
		{
			Name: "quittance_workflows_stranded", Help: "Workflows that run and go with a version of the worker that has no workers.",
			Read: gauge(&m.stranded, func(n int) map[string]float64 { return one(float64(n)) }),
		},
		{
			Name: "quittance_sweeps_failed", Help: "Nightly comparisons with Saferpay's report that did not end well in 26 hours.",
			Read: gauge(&m.workflows, func(w workflows) map[string]float64 { return one(float64(w.failedSweeps)) }),
		},
		{
			Name: "quittance_unswept_seconds",
			Help: "For how long the active payment service for which it is longest has had no comparison with Saferpay's report that ended well.",
			Read: gauge(&m.open, func(o oversight.Monitored) map[string]float64 { return one(o.Unswept.Seconds()) }),
		},
		{
			Name: "quittance_task_queue_backlog", Help: "Tasks that wait for a worker.", Label: "task_queue",
			Read: gauge(&m.backlogs, func(all map[string]temporalkit.Backlog) map[string]float64 {
				values := map[string]float64{}
				for queue, b := range all {
					values[queue] = float64(b.Tasks)
				}
				return values
			}),
		},
		{
			Name: "quittance_task_queue_backlog_seconds", Help: "For how long the first of them has waited.", Label: "task_queue",
			Read: gauge(&m.backlogs, func(all map[string]temporalkit.Backlog) map[string]float64 {
				values := map[string]float64{}
				for queue, b := range all {
					values[queue] = b.Oldest.Seconds()
				}
				return values
			}),
		},
		{
			Name: "quittance_webhook_deliveries_pending", Help: "Deliveries of events to webhook endpoints that have not ended.",
			Read: gauge(&m.outbox, func(o outbox) map[string]float64 { return one(float64(o.pending)) }),
		},
		{
			Name: "quittance_webhook_outbox_behind_seconds", Help: "How long the oldest delivery has waited to be started; more than a minute means that no worker starts deliveries.",
			Read: gauge(&m.outbox, func(o outbox) map[string]float64 { return one(o.behind.Seconds()) }),
		},
	}
}

// gauge returns the way to numbers of what is followed.
func gauge[T any](f *followed[T], values func(T) map[string]float64) func(context.Context) (map[string]float64, error) {
	return func(context.Context) (map[string]float64, error) {
		last, err := f.value()
		if err != nil {
			return nil, err
		}
		return values(last), nil
	}
}

// one is the number of a gauge without a label.
func one(value float64) map[string]float64 { return map[string]float64{"": value} }

// numbers are the counts of all keys, also of those that nothing was counted of, so that a series doesn't begin with the first of them.
func numbers[K ~string](counted map[K]int, all []K) map[string]float64 {
	values := map[string]float64{}
	for _, key := range all {
		values[string(key)] = float64(counted[key])
	}
	return values
}

// poolGauges are the metrics of a process's connections to the database.
func poolGauges(s *postgres.Store) []telemetry.Gauge {
	read := func(value func(postgres.Connections) float64) func(context.Context) (map[string]float64, error) {
		return func(context.Context) (map[string]float64, error) { return one(value(s.Connections())), nil }
	}
	return []telemetry.Gauge{
		{
			Name: "quittance_database_connections_used", Help: "Connections of the pool that somebody uses.",
			Read: read(func(c postgres.Connections) float64 { return float64(c.Used) }),
		},
		{
			Name: "quittance_database_connections_max", Help: "How many the pool may have (pool_max_conns).",
			Read: read(func(c postgres.Connections) float64 { return float64(c.Most) }),
		},
		{
			Name: "quittance_database_connection_waits", Help: "How often somebody had to wait for one, since the process began.",
			Read: read(func(c postgres.Connections) float64 { return float64(c.Waits) }),
		},
	}
}
