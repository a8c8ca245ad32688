package reconciliation

import (
	"context"
	"slices"

	"github.com/quittance/quittance/activities"
)

// overdueAtOnce is how many payments, and how many refunds, a sweep takes care of besides those that Saferpay reports.
const overdueAtOnce = 100

// addOverdue adds what our own record shows to be in flight although it should have ended long ago: payments whose page has
// died, and refunds. Saferpay's report says nothing of them when the payer never paid, or the refund was never asked for. Such
// a thing is left when its workflow doesn't know of it, or is gone: a page was opened while Temporal failed before it noted that, or
// Temporal's database was restored from an earlier moment than ours.
func (a *Activities) addOverdue(ctx context.Context, in ReportPage, out *Compared) error {
	before := a.Now().Add(-in.Overdue)
	return a.InReport(ctx, in.CompanyID, func(tx ReportTx) error {
		payments, err := tx.OverduePayments(ctx, in.PaymentServiceID, before, overdueAtOnce)
		if err != nil {
			return err
		}
		for _, p := range payments {
			if slices.ContainsFunc(out.Payments, func(known PaymentInFlight) bool { return known.PaymentID == p.ID }) {
				continue
			}
			left, err := inFlight(ctx, tx, p)
			if err != nil {
				return err
			}
			out.Payments = append(out.Payments, left)
		}
		refunds, err := tx.OverdueRefunds(ctx, in.PaymentServiceID, before, overdueAtOnce)
		if err != nil {
			return err
		}
		for _, r := range refunds {
			if !slices.ContainsFunc(out.Refunds, func(known RefundInFlight) bool { return known.RefundID == r.ID }) {
				out.Refunds = append(out.Refunds, RefundInFlight{
					RefundRef: activities.RefundRef{CompanyID: r.CompanyID, RefundID: r.ID}, PaymentID: r.PaymentID, Amount: r.Amount,
				})
			}
		}
		return nil
	})
}
