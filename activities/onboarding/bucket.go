package onboarding

import (
	"context"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/contract"
)

// HealthRound asks for a look at the next payment services of a bucket of companies.
type HealthRound struct {
	contract.LookAfterBucket
	After merchant.Upkept `json:"after,omitzero"` // those behind that one
}

// HealthyRound is what a round came to. Next is the last payment service that it looked at; nil when that was the last of the bucket.
type HealthyRound struct {
	Next   *merchant.Upkept `json:"next,omitempty"`
	Looked int              `json:"looked"`
	Apart  int              `json:"apart"` // that got a look of their own, because the look failed or took too long
}

// CheckBucket looks at the next payment services of a bucket, see CheckHealth, and has letters written where there is news. A look that
// fails is left to a workflow of its own. When it fails for most, the round fails.
func (a *Activities) CheckBucket(ctx context.Context, in HealthRound) (out HealthyRound, err error) {
	services, err := a.Upkeep(ctx, merchant.Shift{
		Bucket: in.Bucket, Buckets: in.Buckets, After: in.After, Statuses: []merchant.ServiceStatus{merchant.Active, merchant.Suspended},
		BusySince: a.Now(), Most: activities.RoundMost,
	})
	if err != nil {
		return out, err
	}
	tried, failed, err := activities.Round(ctx, services, func(ctx context.Context, s merchant.Upkept) error {
		ref := activities.PaymentServiceRef{CompanyID: s.CompanyID, PaymentServiceID: s.PaymentServiceID}
		found, err := a.CheckHealth(ctx, ref)
		if err != nil || len(found.PendingMails) == 0 {
			return err
		}
		return a.PassOn(ctx, ref)
	})
	if err != nil {
		return out, err
	}
	for _, s := range failed {
		if err := a.Workflows.CheckHealth(ctx, contract.CheckPaymentService{CompanyID: s.CompanyID, PaymentServiceID: s.PaymentServiceID}); err != nil {
			return out, err
		}
	}
	out.Looked, out.Apart = tried-len(failed), len(failed)
	if tried < len(services) || tried == activities.RoundMost {
		out.Next = &services[tried-1]
	}
	return out, nil
}
