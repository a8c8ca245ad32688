package refunding

import (
	"context"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/refund"
)

// GiveBack is a refund that has happened, to be booked: State is Captured, or Recorded when the merchant did it by hand.
type GiveBack struct {
	activities.RefundRef
	State refund.State `json:"state"`
	Note  string       `json:"note"`
}

// BookRefund books a refund that has happened, see booking.Refund.
func (a *Activities) BookRefund(ctx context.Context, in GiveBack) (activities.GivenBack, error) {
	var back booking.Returned
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		back, err = booking.Refund(ctx, tx, in.RefundID, in.State, in.Note, a.Now())
		return err
	})
	return activities.GivenBack(back), err
}
