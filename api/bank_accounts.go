package api

import (
	"context"
	"slices"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/qrbill"
)

// BankAccountsTx is what the calls for bank accounts need of a transaction.
type BankAccountsTx interface {
	SecurityTx
	LockCompany(ctx context.Context) (merchant.Company, error)
	BankAccounts(ctx context.Context) ([]merchant.BankAccount, error)
	InsertBankAccount(ctx context.Context, b merchant.BankAccount) error
	DeleteBankAccount(ctx context.Context, id string) error
}

// ListBankAccounts answers GET /bank-accounts.
func (s *server) ListBankAccounts(ctx context.Context, _ spec.ListBankAccountsRequestObject) (spec.ListBankAccountsResponseObject, error) {
	return answered(ctx, s, func(tx BankAccountsTx) (spec.ListBankAccountsResponseObject, error) {
		all, err := tx.BankAccounts(ctx)
		return spec.ListBankAccounts200JSONResponse{Data: mapped(all, shownBankAccount)}, err
	})
}

// CreateBankAccount answers POST /bank-accounts.
func (s *server) CreateBankAccount(ctx context.Context, r spec.CreateBankAccountRequestObject) (spec.CreateBankAccountResponseObject, error) {
	b := newBankAccount(*r.Body)
	b.ID, b.CompanyID, b.CreatedAt = newID(ctx, id.BankAccount), callerOf(ctx).companyID, s.now()
	if err := b.Validate(); err != nil {
		return nil, err
	}
	err := inCompany(ctx, s.Store, b.CompanyID, func(tx BankAccountsTx) error {
		if _, err := tx.LockCompany(ctx); err != nil { // so that two at once are counted one after the other
			return err
		}
		all, err := tx.BankAccounts(ctx)
		if err != nil {
			return err
		}
		if len(all) >= merchant.MaxBankAccounts && !repeated(ctx) {
			return problem.InvalidFields(problem.Field{Name: "iban", Message: "must not be one of more than 100 bank accounts"})
		}
		if err := tx.InsertBankAccount(ctx, b); err != nil {
			return err
		}
		return s.tellChange(ctx, tx, merchant.BankAccountAdded, b.IBAN)
	})
	return spec.CreateBankAccount201JSONResponse(shownBankAccount(b)), err
}

func newBankAccount(body spec.NewBankAccount) merchant.BankAccount {
	b := merchant.BankAccount{
		IBAN: body.Iban, Account: body.Account, Currency: money.Currency(body.Currency), UseForInvoices: deref(body.UseForInvoices),
	}
	if h := body.Holder; h != nil {
		b.Holder = qrbill.Address{Name: h.Name, Street: deref(h.Street), HouseNumber: deref(h.HouseNumber), Postcode: h.Postcode, City: h.City, Country: h.Country}
	}
	return b
}

// DeleteBankAccount answers DELETE /bank-accounts/{bank_account_id}.
func (s *server) DeleteBankAccount(ctx context.Context, r spec.DeleteBankAccountRequestObject) (spec.DeleteBankAccountResponseObject, error) {
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx BankAccountsTx) error {
		all, err := tx.BankAccounts(ctx)
		if err != nil {
			return err
		}
		if err := tx.DeleteBankAccount(ctx, r.BankAccountID); err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(b merchant.BankAccount) bool { return b.ID == r.BankAccountID })
		return s.tellChange(ctx, tx, merchant.BankAccountRemoved, all[i].IBAN)
	})
	return spec.DeleteBankAccount204Response{}, err
}

func shownBankAccount(b merchant.BankAccount) spec.BankAccount {
	answer := spec.BankAccount{
		ID: b.ID, Iban: b.IBAN, QrIban: qrbill.IsQRIBAN(b.IBAN), Account: b.Account, Currency: spec.Currency(b.Currency), UseForInvoices: b.UseForInvoices, CreatedAt: b.CreatedAt,
	}
	if h := b.Holder; h != (qrbill.Address{}) {
		answer.Holder = &spec.AccountHolder{
			Name: h.Name, Street: optional(h.Street), HouseNumber: optional(h.HouseNumber), Postcode: h.Postcode, City: h.City, Country: h.Country,
		}
	}
	return answer
}
