package reconciliation

import (
	"context"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/contract"
)

const (
	// Overlap is how much of the report of earlier nights is read again. What is in flight is left to its process, which is through with it
	// in this time: Saferpay itself knows what became of a payment after 120 h at the latest.
	Overlap = 7 * 24 * time.Hour
	// busyWithin is for how long a company that has begun a payment or a refund is not idle: until the report of that is read no more.
	busyWithin = Overlap + 24*time.Hour
)

// SweepRound asks for the comparison of the next payment services of a bucket of companies.
type SweepRound struct {
	contract.LookAfterBucket
	After merchant.Upkept `json:"after,omitzero"` // those behind that one
	Began time.Time       `json:"began"`          // the first round; what was compared since then is through
	Until time.Time       `json:"until"`          // the report's end
	Lag   time.Duration   `json:"lag"`            // by which Saferpay's data may be behind
}

// SweptRound is what a round came to. Next is the last payment service that it looked at; nil when that was the last of the bucket.
type SweptRound struct {
	Next  *merchant.Upkept `json:"next,omitempty"`
	Swept int              `json:"swept"` // compared, and nothing to do
	Begun int              `json:"begun"` // that got a sweep of their own, because there is something to do
	Apart int              `json:"apart"` // the same, because the comparison failed or took too long
}

// SweepIdle compares, for the next payment services of a bucket, what Saferpay reports with our records. Where nothing is in flight and
// everything agrees, that is all. The others get a sweep of their own: where something is in flight or was lately begun, at once; where
// there is anything to see to; and where the comparison fails, which is then repeated without holding up anybody. When it fails for most,
// the round fails.
func (a *Activities) SweepIdle(ctx context.Context, in SweepRound) (out SweptRound, err error) {
	services, err := a.Upkeep(ctx, merchant.Shift{
		Bucket: in.Bucket, Buckets: in.Buckets, After: in.After, SweptBefore: in.Began, Statuses: []merchant.ServiceStatus{merchant.Active},
		BusySince: a.Now().Add(-busyWithin), Most: activities.RoundMost,
	})
	if err != nil {
		return out, err
	}
	begun := make([]bool, len(services))
	at := map[string]int{}
	for i, s := range services {
		at[s.PaymentServiceID] = i
	}
	tried, failed, err := activities.Round(ctx, services, func(ctx context.Context, s merchant.Upkept) (err error) {
		begun[at[s.PaymentServiceID]], err = a.sweepIdle(ctx, in, s)
		return err
	})
	if err != nil {
		return out, err
	}
	for _, s := range failed {
		if err := a.Sweeps.Sweep(ctx, sweepOf(s)); err != nil {
			return out, err
		}
	}
	for _, own := range begun {
		if own {
			out.Begun++
		}
	}
	out.Apart, out.Swept = len(failed), tried-out.Begun-len(failed)
	if tried < len(services) || tried == activities.RoundMost {
		out.Next = &services[tried-1]
	}
	return out, nil
}

// sweepIdle compares the report of one payment service, and reports whether that has got a sweep of its own.
func (a *Activities) sweepIdle(ctx context.Context, in SweepRound, s merchant.Upkept) (begun bool, err error) {
	if s.Busy {
		return true, a.Sweeps.Sweep(ctx, sweepOf(s))
	}
	last := s.SweptUntil
	if last.IsZero() {
		last = in.Until
	}
	page := ReportPage{
		PaymentServiceRef: activities.PaymentServiceRef{CompanyID: s.CompanyID, PaymentServiceID: s.PaymentServiceID},
		From:              last.Add(-Overlap), To: in.Until, Page: 1, Lag: in.Lag,
	}
	compared, err := a.compareReport(ctx, page)
	switch {
	case err != nil:
		return false, err
	case compared.More || len(compared.Payments)+len(compared.Refunds)+len(compared.Findings) > 0:
		return true, a.Sweeps.Sweep(ctx, sweepOf(s))
	default:
		return false, a.noteSwept(ctx, page, compared)
	}
}

func sweepOf(s merchant.Upkept) contract.SweepPaymentService {
	return contract.SweepPaymentService{CompanyID: s.CompanyID, PaymentServiceID: s.PaymentServiceID, SweptUntil: s.SweptUntil}
}

// noteSwept notes that the report was compared to its end. Without a report its days are left to a later sweep.
func (a *Activities) noteSwept(ctx context.Context, in ReportPage, compared Compared) error {
	until := in.To
	if compared.Skipped != "" {
		until = time.Time{}
	}
	return a.InReport(ctx, in.CompanyID, func(tx ReportTx) error { return tx.NoteSwept(ctx, in.PaymentServiceID, until, a.Now()) })
}
