package api

import (
	"context"
	"slices"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/problem"
)

// ListAccounts answers GET /accounts.
func (s *server) ListAccounts(ctx context.Context, _ spec.ListAccountsRequestObject) (spec.ListAccountsResponseObject, error) {
	accounts, err := s.accounts(ctx)
	return spec.ListAccounts200JSONResponse{Data: accounts}, err
}

// GetAccount answers GET /accounts/{number}.
func (s *server) GetAccount(ctx context.Context, r spec.GetAccountRequestObject) (spec.GetAccountResponseObject, error) {
	accounts, err := s.accounts(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(accounts, func(a spec.Account) bool { return a.Number == r.Number })
	if i < 0 {
		return nil, problem.New(problem.NotFound, "There is no account %s.", r.Number)
	}
	return spec.GetAccount200JSONResponse(accounts[i]), nil
}

// accounts returns the company's chart with what stands on each account.
func (s *server) accounts(ctx context.Context) (accounts []spec.Account, err error) {
	err = s.Store.InCompany(ctx, callerOf(ctx).companyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		chart, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		balances, err := tx.Balances(ctx)
		accounts = mapped(chart, func(a ledger.Account) spec.Account {
			own := slices.DeleteFunc(slices.Clone(balances), func(b ledger.Balance) bool { return b.Account != a.Number })
			return spec.Account{Number: a.Number, Name: a.Names[company.Language], Balances: mapped(own, shownBalance)}
		})
		return err
	})
	return accounts, err
}

func shownBalance(b ledger.Balance) spec.Balance {
	return spec.Balance{Currency: spec.Currency(b.Amount.Currency()), Amount: b.Amount.Value()}
}
