package app

import (
	"context"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/telemetry"
)

// watched are the metrics by which operators see that something waits for them, over all companies: every worker shows the same.
func watched(s *postgres.Store) []telemetry.Gauge {
	return []telemetry.Gauge{
		{
			Name: "quittance_payments_under_way", Help: "Payments that have not ended.", Label: "state",
			Read: func(ctx context.Context) (map[string]float64, error) {
				m, err := s.Monitor(ctx)
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
			Name: "quittance_oldest_authorized_seconds", Help: "For how long the oldest payment has been under way whose money is reserved, or unclear, and not taken; after a week it is lost.",
			Read: func(ctx context.Context) (map[string]float64, error) {
				m, err := s.Monitor(ctx)
				return telemetry.One(m.OldestAuthorized.Seconds(), err)
			},
		},
		{
			Name: "quittance_exceptions_open", Help: "Things that a person must decide.", Label: "kind",
			Read: func(ctx context.Context) (map[string]float64, error) {
				m, err := s.Monitor(ctx)
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
				m, err := s.Monitor(ctx)
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
			Name: "quittance_webhook_outbox_behind_seconds", Help: "For how long the oldest delivery that could be under way isn't; more than a minute means that no worker starts them.",
			Read: func(ctx context.Context) (map[string]float64, error) {
				_, behind, err := s.Backlog(ctx)
				return telemetry.One(behind.Seconds(), err)
			},
		},
	}
}
