package booking

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/settlement"
)

// PayoutTx is what the bookings of payouts need of their transaction.
type PayoutTx interface {
	Journal
	Entry(ctx context.Context, id string) (ledger.Entry, error)
	BankAccounts(ctx context.Context) ([]merchant.BankAccount, error)
	AppendEvent(ctx context.Context, e event.Event) error
}

// Payout books what the acquirer paid out, see settlement.Payout.Entry, and notes the entry at the payout, which the caller saves.
// Returns is the entry of the payout that this one takes back, or "".
func Payout(ctx context.Context, tx PayoutTx, c merchant.Company, p *settlement.Payout, returns string, at time.Time) error {
	var returned ledger.Entry
	if returns != "" {
		var err error
		if returned, err = tx.Entry(ctx, returns); err != nil {
			return err
		}
	}
	accounts, err := tx.BankAccounts(ctx)
	if err != nil {
		return err
	}
	booked, err := tx.Append(ctx, p.Entry(c, accounts, returned))
	if err != nil {
		return err
	}
	p.EntryID = booked.ID
	return tx.AppendEvent(ctx, event.New(event.PayoutBooked, p.CompanyID, p.ID, at, p.Facts()))
}

// ReopenedPayout takes the entry of a payout back that a person has reopened, on that day or on the entry's own when that is
// later. The payout has no entry then, and the caller saves it. By is the id of the key that decided.
func ReopenedPayout(ctx context.Context, tx PayoutTx, c merchant.Company, p *settlement.Payout, day time.Time, by string) error {
	booked, err := tx.Entry(ctx, p.EntryID)
	if err != nil {
		return err
	}
	if booked.Date.After(day) {
		day = booked.Date
	}
	p.EntryID = ""
	_, err = tx.Append(ctx, ledger.Reversal{Entry: booked, Language: c.Language, Day: day, By: by}.TakeBack())
	return err
}
