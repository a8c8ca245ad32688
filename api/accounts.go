package api

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

// AccountsTx is what the calls for accounts need of a transaction.
type AccountsTx interface {
	Company(ctx context.Context) (merchant.Company, error)
	Accounts(ctx context.Context) ([]ledger.Account, error)
	Turnovers(ctx context.Context, from, to time.Time) ([]ledger.Turnover, error)
	InsertAccount(ctx context.Context, a ledger.Account) error
	SaveAccount(ctx context.Context, a ledger.Account) error
	DeleteAccount(ctx context.Context, number string) error
}

// ListAccounts answers GET /accounts.
func (s *server) ListAccounts(ctx context.Context, r spec.ListAccountsRequestObject) (spec.ListAccountsResponseObject, error) {
	var answer spec.ListAccounts200JSONResponse
	err := s.withChart(ctx, deref(r.Params.At).Time, func(c chart) error {
		answer.Data = mapped(c.accounts, c.shown)
		return nil
	})
	return answer, err
}

// GetAccount answers GET /accounts/{number}.
func (s *server) GetAccount(ctx context.Context, r spec.GetAccountRequestObject) (spec.GetAccountResponseObject, error) {
	var answer spec.GetAccount200JSONResponse
	err := s.withChart(ctx, deref(r.Params.At).Time, func(c chart) error {
		account, err := c.account(r.Number)
		answer = spec.GetAccount200JSONResponse(c.shown(account))
		return err
	})
	return answer, err
}

// CreateAccount answers POST /accounts.
func (s *server) CreateAccount(ctx context.Context, r spec.CreateAccountRequestObject) (spec.CreateAccountResponseObject, error) {
	account, err := newAccount(*r.Body)
	if err != nil {
		return nil, err
	}
	var answer spec.CreateAccount201JSONResponse
	err = s.withChart(ctx, time.Time{}, func(c chart) error {
		answer = spec.CreateAccount201JSONResponse(c.shown(account))
		if standing, err := c.account(account.Number); err == nil && repeated(ctx) && maps.Equal(standing.Names, account.Names) {
			return nil
		}
		if len(c.accounts) >= ledger.MaxAccounts {
			return problem.New(problem.LimitReached, "A chart can have %d accounts.", ledger.MaxAccounts)
		}
		return c.tx.InsertAccount(ctx, account)
	})
	return answer, err
}

func newAccount(body spec.NewAccount) (ledger.Account, error) {
	account := ledger.Account{Number: body.Number, Names: map[string]string{}}
	for _, language := range invoice.Languages {
		account.Names[language] = body.Name
	}
	return account, rename(account, body.Names)
}

// UpdateAccount answers PATCH /accounts/{number}.
func (s *server) UpdateAccount(ctx context.Context, r spec.UpdateAccountRequestObject) (spec.UpdateAccountResponseObject, error) {
	var answer spec.Account
	err := s.withChart(ctx, time.Time{}, func(c chart) error {
		account, err := c.account(r.Number)
		if err != nil {
			return err
		}
		before := maps.Clone(account.Names)
		if r.Body.Name != nil {
			account.Names[c.company.Language] = *r.Body.Name
		}
		if err := rename(account, r.Body.Names); err != nil {
			return err
		}
		answer = c.shown(account)
		answer.Warnings = &[]spec.AccountWarning{}
		if account.Number == c.company.ReceiptAccount && !maps.Equal(account.Names, before) {
			*answer.Warnings = append(*answer.Warnings, spec.ReceiptAccountRenamed)
		}
		return c.tx.SaveAccount(ctx, account)
	})
	return spec.UpdateAccount200JSONResponse(answer), err
}

// DeleteAccount answers DELETE /accounts/{number}.
func (s *server) DeleteAccount(ctx context.Context, r spec.DeleteAccountRequestObject) (spec.DeleteAccountResponseObject, error) {
	if ledger.Needed(r.Number) {
		return nil, problem.New(problem.AccountInUse, "Quittance books on account %s by itself.", r.Number)
	}
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx AccountsTx) error { return tx.DeleteAccount(ctx, r.Number) })
	return spec.DeleteAccount204Response{}, err
}

// chart is a company's accounts, and what stands on them.
type chart struct {
	tx        AccountsTx
	company   merchant.Company
	accounts  []ledger.Account
	turnovers []ledger.Turnover
}

// withChart reads the chart with what stood on it at the end of that day, or stands on it now when that is zero.
func (s *server) withChart(ctx context.Context, at time.Time, fn func(chart) error) error {
	return inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx AccountsTx) error {
		c, err := chartAt(ctx, tx, at)
		if err != nil {
			return err
		}
		return fn(c)
	})
}

func chartAt(ctx context.Context, tx AccountsTx, at time.Time) (c chart, err error) {
	c.tx = tx
	if c.company, err = tx.Company(ctx); err != nil {
		return c, err
	}
	if c.accounts, err = tx.Accounts(ctx); err != nil {
		return c, err
	}
	c.turnovers, err = tx.Turnovers(ctx, time.Time{}, at)
	return c, err
}

func (c chart) account(number string) (ledger.Account, error) {
	i := slices.IndexFunc(c.accounts, func(a ledger.Account) bool { return a.Number == number })
	if i < 0 {
		return ledger.Account{}, problem.New(problem.NotFound, "There is no account %s.", number)
	}
	return c.accounts[i], nil
}

// shown returns the account as the API shows it.
func (c chart) shown(a ledger.Account) spec.Account {
	answer := spec.Account{Number: a.Number, Name: a.Names[c.company.Language], Names: shownNames(a.Names), Balances: []spec.Balance{}}
	for _, t := range c.turnovers {
		if t.Account == a.Number {
			answer.Balances = append(answer.Balances, spec.Balance{Currency: spec.Currency(t.Debit.Currency()), Amount: t.Balance().Value()})
		}
	}
	return answer
}

// rename gives the account its new names in the languages that have one, and holds all of them against what a name must be.
func rename(a ledger.Account, to *spec.AccountNames) error {
	names := deref(to)
	for language, name := range map[string]*string{"de": names.De, "fr": names.Fr, "it": names.It, "en": names.En} {
		if name != nil {
			a.Names[language] = *name
		}
	}
	for _, language := range invoice.Languages {
		name := a.Names[language]
		if faults := text.Line("name", &name, 1, 100); len(faults) > 0 {
			return problem.InvalidFields(faults...)
		}
		a.Names[language] = name
	}
	return nil
}

func shownNames(names map[string]string) spec.AccountNames {
	return spec.AccountNames{De: optional(names["de"]), Fr: optional(names["fr"]), It: optional(names["it"]), En: optional(names["en"])}
}
