package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// Accounts returns the company's chart, by number.
func (tx *Tx) Accounts(ctx context.Context) ([]ledger.Account, error) {
	return all(ctx, tx.tx, pgx.RowToStructByPos[ledger.Account], "list accounts", `select number, names from accounts order by number`)
}

// InsertAccount adds an account to the chart; problem.AccountNumberTaken when there is one with its number.
func (tx *Tx) InsertAccount(ctx context.Context, a ledger.Account) error {
	_, err := tx.tx.Exec(ctx, `insert into accounts (company_id, number, names) values ($1, $2, $3)`, tx.companyID, a.Number, a.Names)
	if violates(err, uniqueViolation, "accounts_pkey") {
		return problem.New(problem.AccountNumberTaken, "There is already an account %s.", a.Number)
	}
	return failed(err, "insert account %s", a.Number)
}

// SaveAccount stores the names of an account.
func (tx *Tx) SaveAccount(ctx context.Context, a ledger.Account) error {
	return tx.save(ctx, "account", a.Number, `update accounts set names = $2 where number = $1`, a.Number, a.Names)
}

// DeleteAccount takes an account out of the chart; problem.AccountInUse when anything points at it.
func (tx *Tx) DeleteAccount(ctx context.Context, number string) error {
	err := tx.save(ctx, "account", number, `delete from accounts where number = $1`, number)
	switch {
	case violates(err, foreignKeyViolation, "known_account"):
		return problem.New(problem.AccountInUse, "Account %s has entries in the journal.", number)
	case isCode(err, foreignKeyViolation):
		return problem.New(problem.AccountInUse, "Account %s is chosen in the settings, or stands on a payment or refund.", number)
	default:
		return err
	}
}

// Turnovers returns what was booked from one day to another, both included and a zero one without bound, by account and
// currency. Accounts that nothing was booked on are left out.
func (tx *Tx) Turnovers(ctx context.Context, from, to time.Time) ([]ledger.Turnover, error) {
	q := query{sql: `select account, currency, sum(debit), sum(credit) from daily_turnovers`}
	q.between("date", from, to)
	return all(ctx, tx.tx, scanTurnover, "add up what was booked", q.selected()+` group by account, currency order by account, currency`, q.args...)
}

// DailyTurnovers returns what was booked on an account from that day on, by day and currency, the oldest first.
func (tx *Tx) DailyTurnovers(ctx context.Context, account string, from time.Time) ([]ledger.DailyTurnover, error) {
	return all(ctx, tx.tx, func(row pgx.CollectableRow) (t ledger.DailyTurnover, err error) {
		var currency money.Currency
		var debit, credit decimal.Decimal
		err = row.Scan(&t.Day, &t.Account, &currency, &debit, &credit)
		t.Debit, t.Credit = amount(debit, currency), amount(credit, currency)
		return t, err
	}, "list the days of an account", `
		select date, account, currency, sum(debit), sum(credit) from daily_turnovers where account = $1 and date >= $2
		group by date, account, currency order by date, currency`, account, from)
}

func scanTurnover(row pgx.CollectableRow) (t ledger.Turnover, err error) {
	var currency money.Currency
	var debit, credit decimal.Decimal
	err = row.Scan(&t.Account, &currency, &debit, &credit)
	t.Debit, t.Credit = amount(debit, currency), amount(credit, currency)
	return t, err
}
