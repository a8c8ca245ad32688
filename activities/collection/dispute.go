package collection

import (
	"context"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/workflows/contract"
)

// LostDispute is a dispute that was lost, and that its invoice is owed again for.
type LostDispute struct {
	activities.InvoiceRef
	contract.LoseDispute
}

// LoseDispute books it, see booking.LoseDispute for the problems.
func (a *Activities) LoseDispute(ctx context.Context, in LostDispute) (standing activities.Standing, err error) {
	err = a.InDisputes(ctx, in.CompanyID, func(tx booking.DisputeTx) error {
		inv, _, err := booking.LoseDispute(ctx, tx, booking.LostDispute{DisputeID: in.DisputeID, Claim: dispute.OnInvoice, On: in.On, By: in.By}, a.Now())
		standing = activities.StandingOf(inv)
		return err
	})
	return standing, err
}
