package app

import (
	"context"
	"sync"
	"time"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/oversight"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/telemetry"
)

// watched are the metrics by which operators see that something waits for them, over all companies: every worker shows the same.
func watched(s *postgres.Store) []telemetry.Gauge {
	monitor := remembered(monitored, s.Monitor)
	byCurrency := func(value func(oversight.Unsettled) float64) func(context.Context) (map[string]float64, error) {
		return func(ctx context.Context) (map[string]float64, error) {
			m, err := monitor(ctx)
			values := map[string]float64{}
			for _, currency := range []money.Currency{money.CHF, money.EUR, money.USD, money.GBP} {
				u, some := m.Unsettled[currency]
				if !some {
					u.Amount = money.Zero(currency)
				}
				values[string(currency)] = value(u)
			}
			return values, err
		}
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
			Read: func(ctx context.Context) (map[string]float64, error) {
				m, err := monitor(ctx)
				values := map[string]float64{}
				for _, state := range payment.States {
					if !state.Final() {
						values[string(state)] = float64(m.Payments[state])
					}
				}
				return values, err
			},
		},
		{
			Name: "quittance_oldest_authorized_seconds", Help: "Age of the oldest payment whose money is reserved, or unclear, and not taken.",
			Read: func(ctx context.Context) (map[string]float64, error) {
				m, err := monitor(ctx)
				return telemetry.One(m.OldestAuthorized.Seconds(), err)
			},
		},
		{
			Name: "quittance_exceptions_open", Help: "Things that a person must decide.", Label: "kind",
			Read: func(ctx context.Context) (map[string]float64, error) {
				m, err := monitor(ctx)
				values := map[string]float64{}
				for _, kind := range exception.Kinds {
					values[string(kind)] = float64(m.Exceptions[kind])
				}
				return values, err
			},
		},
		{
			Name: "quittance_oldest_exception_seconds", Help: "For how long the oldest of them has waited.",
			Read: func(ctx context.Context) (map[string]float64, error) {
				m, err := monitor(ctx)
				return telemetry.One(m.OldestException.Seconds(), err)
			},
		},
		{
			Name: "quittance_webhook_deliveries_pending", Help: "Deliveries of events to webhook endpoints that have not ended.",
			Read: func(ctx context.Context) (map[string]float64, error) {
				pending, _, err := s.Backlog(ctx)
				return telemetry.One(float64(pending), err)
			},
		},
		{
			Name: "quittance_webhook_outbox_behind_seconds", Help: "How long the oldest delivery has waited to be started; more than a minute means that no worker starts deliveries.",
			Read: func(ctx context.Context) (map[string]float64, error) {
				_, behind, err := s.Backlog(ctx)
				return telemetry.One(behind.Seconds(), err)
			},
		},
	}
}

// monitored is for how long what was read of all companies is shown again: it takes a moment, and alerts wait for minutes.
const monitored = 15 * time.Second

// remembered reads again only when what was read before is older than that.
func remembered[T any](fresh time.Duration, read func(context.Context) (T, error)) func(context.Context) (T, error) {
	var mu sync.Mutex
	var last T
	var at time.Time
	return func(ctx context.Context) (T, error) {
		mu.Lock()
		defer mu.Unlock()
		if !at.IsZero() && time.Since(at) < fresh {
			return last, nil
		}
		now, err := read(ctx)
		if err == nil {
			last, at = now, time.Now()
		}
		return now, err
	}
}
