package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

const selectBankAccounts = `select id, company_id, iban, account, currency, use_for_invoices, holder, created_at from bank_accounts`

func scanBankAccount(row pgx.CollectableRow) (b merchant.BankAccount, err error) {
	err = row.Scan(&b.ID, &b.CompanyID, &b.IBAN, &b.Account, &b.Currency, &b.UseForInvoices, &b.Holder, &b.CreatedAt)
	return b, err
}

// BankAccounts returns all of the company's, oldest first.
func (tx *Tx) BankAccounts(ctx context.Context) ([]merchant.BankAccount, error) {
	return all(ctx, tx.tx, scanBankAccount, "list bank accounts", selectBankAccounts+` order by id`)
}

// InvoiceAccount returns the bank account whose QR-bill stands on invoices in that currency, if there is one.
func (tx *Tx) InvoiceAccount(ctx context.Context, currency money.Currency) (b merchant.BankAccount, found bool, err error) {
	return optional(ctx, tx.tx, scanBankAccount, "look up the bank account of invoices", selectBankAccounts+` where use_for_invoices and currency = $1`, currency)
}

// InsertBankAccount stores a bank account; the same id again changes nothing. An IBAN that the company has in that currency, and a
// second one for invoices in a currency, are problem.BankAccountTaken; an account that the chart doesn't have is problem.Invalid.
func (tx *Tx) InsertBankAccount(ctx context.Context, b merchant.BankAccount) error {
	_, err := tx.tx.Exec(ctx, `
		insert into bank_accounts (company_id, id, iban, account, currency, use_for_invoices, holder, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (company_id, id) do nothing`,
		b.CompanyID, b.ID, b.IBAN, b.Account, b.Currency, b.UseForInvoices, b.Holder, b.CreatedAt)
	switch {
	case violates(err, uniqueViolation, "one_account_per_iban"):
		return problem.New(problem.BankAccountTaken, "There is already a bank account %s in %s.", b.IBAN, b.Currency)
	case violates(err, uniqueViolation, "one_for_invoices"):
		return problem.New(problem.BankAccountTaken, "There is already a bank account for invoices in %s.", b.Currency)
	case violates(err, foreignKeyViolation, "bank_account_in_chart"):
		return problem.InvalidFields(problem.Field{Name: "account", Message: "must be an account of the chart, see GET /v1/accounts"})
	default:
		return failed(err, "insert bank account %s", b.ID)
	}
}

// DeleteBankAccount removes a bank account, or returns problem.NotFound.
func (tx *Tx) DeleteBankAccount(ctx context.Context, id string) error {
	return tx.save(ctx, "bank account", id, `delete from bank_accounts where id = $1`, id)
}
