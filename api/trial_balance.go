package api

import (
	"context"
	"fmt"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/exchange"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// ValuesTx is what says what the books are worth in francs.
type ValuesTx interface {
	AccountsTx
	Values(ctx context.Context, until time.Time) ([]ledger.Valued, error)
	MissingRates(ctx context.Context, until time.Time) ([]exchange.Missing, error)
}

// GetTrialBalance answers GET /trial-balance.
func (s *server) GetTrialBalance(ctx context.Context, r spec.GetTrialBalanceRequestObject) (spec.GetTrialBalanceResponseObject, error) {
	answer := spec.GetTrialBalance200JSONResponse{At: r.Params.At}
	at := deref(r.Params.At).Time
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx ValuesTx) error {
		c, err := chartAt(ctx, tx, at)
		if err != nil {
			return err
		}
		values, err := tx.Values(ctx, at)
		if err != nil {
			return err
		}
		missing, err := tx.MissingRates(ctx, at)
		if err != nil {
			return err
		}
		names := map[string]string{}
		for _, account := range c.accounts {
			names[account.Number] = account.Names[c.company.Language]
		}
		worth := inFrancs(c.turnovers, values)
		answer.Accounts = mapped(c.turnovers, func(t ledger.Turnover) spec.TrialBalanceAccount {
			row := spec.TrialBalanceAccount{
				Number: t.Account, Name: names[t.Account], Currency: spec.Currency(t.Debit.Currency()),
				Debit: t.Debit.Value(), Credit: t.Credit.Value(), Balance: t.Balance().Value(),
			}
			if v, ok := worth[accountIn{t.Account, t.Debit.Currency()}]; ok {
				row.Value = optional(v.Balance().Value())
			}
			return row
		})
		answer.Totals = mapped(ledger.Totals(c.turnovers), shownTotal)
		answer.MissingRates = mapped(missing, func(m exchange.Missing) spec.MissingRate {
			month := m.Month.Format("2006-01")
			return spec.MissingRate{Month: month, Currency: spec.ForeignCurrency(m.Currency), Message: fmt.Sprintf("no rate for %s in %s", m.Currency, month)}
		})
		answer.Value = nil
		if len(missing) == 0 {
			total := ledger.Turnover{Debit: money.Zero(money.CHF), Credit: money.Zero(money.CHF)}
			for _, v := range worth {
				total.Debit, total.Credit = total.Debit.Add(v.Debit), total.Credit.Add(v.Credit)
			}
			shown := shownTotal(total)
			answer.Value = &shown
		}
		return nil
	})
	return answer, err
}

// accountIn is an account in one of its currencies.
type accountIn struct {
	number   string
	currency money.Currency
}

// inFrancs returns what the turnovers are worth, by account and currency. One with a missing rate is left out.
func inFrancs(turnovers []ledger.Turnover, values []ledger.Valued) map[accountIn]ledger.Turnover {
	worth := map[accountIn]ledger.Turnover{}
	for _, t := range turnovers {
		if t.Debit.Currency() == money.CHF {
			worth[accountIn{t.Account, money.CHF}] = t
		}
	}
	for _, v := range values {
		worth[accountIn{v.Account, v.Currency}] = v.Turnover
	}
	return worth
}

func shownTotal(t ledger.Turnover) spec.TrialBalanceTotal {
	return spec.TrialBalanceTotal{
		Currency: spec.Currency(t.Debit.Currency()), Debit: t.Debit.Value(), Credit: t.Credit.Value(), Difference: t.Balance().Value(),
	}
}
