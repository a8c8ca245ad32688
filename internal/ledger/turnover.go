package ledger

import (
	"cmp"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// Turnover is what was booked on an account in one currency.
type Turnover struct {
	Account string
	Debit   money.Amount
	Credit  money.Amount
}

// DailyTurnover is what was booked on an account in one currency in a day.
type DailyTurnover struct {
	Turnover
	Day time.Time // midnight UTC
}

// Valued is what was booked on an account in a currency, in francs.
type Valued struct {
	Turnover                // in francs
	Currency money.Currency // in which it was booked
}

// Balance returns the balance of the account: debits less credits.
func (t Turnover) Balance() money.Amount { return t.Debit.Sub(t.Credit) }

// Totals adds turnovers up over all accounts, one per currency and in the order of their codes. When the turnovers are those
// of whole entries, each of the totals balances at zero.
func Totals(turnovers []Turnover) []Turnover {
	sums := map[money.Currency]Turnover{}
	for _, t := range turnovers {
		c := t.Debit.Currency()
		sum, ok := sums[c]
		if !ok {
			sum = Turnover{Debit: money.Zero(c), Credit: money.Zero(c)}
		}
		sums[c] = Turnover{Debit: sum.Debit.Add(t.Debit), Credit: sum.Credit.Add(t.Credit)}
	}
	totals := make([]Turnover, 0, len(sums))
	for _, sum := range sums {
		totals = append(totals, sum)
	}
	slices.SortFunc(totals, func(a, b Turnover) int { return cmp.Compare(a.Debit.Currency(), b.Debit.Currency()) })
	return totals
}
