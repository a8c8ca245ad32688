package booking

import (
	"context"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
)

// ExchangeTx is what the bookings of exchange differences need of their transaction.
type ExchangeTx interface {
	Journal
	UnevenExchanges(ctx context.Context) ([]ledger.Exchange, error)
}

// ExchangeDifferences books what exchanges lost or won, as far as the rates are known, and takes back what was booked at other rates.
// Called after everything that changes an exchange or a rate, in the same transaction, it leaves nothing on the transit account. Called
// again, it books nothing.
func ExchangeDifferences(ctx context.Context, tx ExchangeTx, c merchant.Company) error {
	exchanges, err := tx.UnevenExchanges(ctx)
	if err != nil {
		return err
	}
	for _, x := range exchanges {
		for _, e := range x.Step(c.Language) {
			if _, err := tx.Append(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}
