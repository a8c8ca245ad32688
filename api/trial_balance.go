package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
)

// GetTrialBalance answers GET /trial-balance.
func (s *server) GetTrialBalance(ctx context.Context, r spec.GetTrialBalanceRequestObject) (spec.GetTrialBalanceResponseObject, error) {
	answer := spec.GetTrialBalance200JSONResponse{At: r.Params.At}
	err := s.withChart(ctx, deref(r.Params.At).Time, func(c chart) error {
		names := map[string]string{}
		for _, account := range c.accounts {
			names[account.Number] = account.Names[c.company.Language]
		}
		answer.Accounts = mapped(c.turnovers, func(t ledger.Turnover) spec.TrialBalanceAccount {
			return spec.TrialBalanceAccount{
				Number: t.Account, Name: names[t.Account], Currency: spec.Currency(t.Debit.Currency()),
				Debit: t.Debit.Value(), Credit: t.Credit.Value(), Balance: t.Balance().Value(),
			}
		})
		answer.Totals = mapped(ledger.Totals(c.turnovers), func(t ledger.Turnover) spec.TrialBalanceTotal {
			return spec.TrialBalanceTotal{
				Currency: spec.Currency(t.Debit.Currency()), Debit: t.Debit.Value(), Credit: t.Credit.Value(), Difference: t.Balance().Value(),
			}
		})
		return nil
	})
	return answer, err
}
