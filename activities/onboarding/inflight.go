package onboarding

import (
	"context"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/merchant"
)

// resumedAtOnce is how many workflows are told in one step.
const resumedAtOnce = 100

// Resume lets what is in flight through a payment service go on, from after that payment or refund on; empty for all.
type Resume struct {
	activities.PaymentServiceRef
	After string `json:"after,omitempty"`
}

// Resumed says how many workflows were told. More are left after Next, unless that is empty.
type Resumed struct {
	Told int    `json:"told"`
	Next string `json:"next,omitempty"`
}

// ResumePayments tells the workflows of payments and refunds in flight that the credentials work again. One in which nothing
// has failed goes on as before.
func (a *Activities) ResumePayments(ctx context.Context, in Resume) (Resumed, error) {
	list, err := a.underWay(ctx, in.PaymentServiceRef, in.After, resumedAtOnce)
	if err != nil {
		return Resumed{}, err
	}
	for _, u := range list {
		if err := a.Workflows.TryAgain(ctx, u); err != nil {
			return Resumed{}, err
		}
	}
	out := Resumed{Told: len(list)}
	if len(list) == resumedAtOnce {
		out.Next = list[len(list)-1].ID()
	}
	return out, nil
}

// Left says whether anything is in flight.
type Left struct {
	InFlight bool `json:"under_way"`
}

// EraseCredentials forgets the password of a payment service that is disconnected, unless something in flight needs it.
func (a *Activities) EraseCredentials(ctx context.Context, in activities.PaymentServiceRef) (Left, error) {
	var left Left
	_, err := a.saveIn(ctx, in, func(tx Tx, s *merchant.PaymentService) error {
		list, err := tx.InFlight(ctx, s.ID, "", 1)
		if left.InFlight = len(list) > 0; err != nil || left.InFlight || s.Status != merchant.Disconnected || len(s.SealedPassword) == 0 {
			return err
		}
		s.SealedPassword = nil
		s.Note(merchant.ServiceStep{What: merchant.CredentialsErased, Note: "Nothing is under way any more: the API password is erased here."}, a.Now())
		return nil
	})
	return left, err
}

func (a *Activities) underWay(ctx context.Context, in activities.PaymentServiceRef, after string, limit int) (list []merchant.InFlight, err error) {
	err = a.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		list, err = tx.InFlight(ctx, in.PaymentServiceID, after, limit)
		return err
	})
	return list, err
}
