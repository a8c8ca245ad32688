package collection

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/quittance/quittance/internal/payment"
)

// countEnd counts a payment that has ended, by its state and method, and how long it took since the payer pressed Pay now. A step
// that is run again may count it twice.
func countEnd(ctx context.Context, p payment.Payment, at time.Time) {
	if !p.State.Final() || !activity.IsActivity(ctx) {
		return
	}
	metrics := activity.GetMetricsHandler(ctx).WithTags(map[string]string{"state": string(p.State), "method": string(p.Method)})
	metrics.Counter("quittance_payments_ended").Inc(1)
	metrics.Timer("quittance_payment_duration").Record(at.Sub(p.CreatedAt))
}
