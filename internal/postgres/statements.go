package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
)

// Movements returns the lines of the journal that the filter chooses, by account, currency and date.
func (tx *Tx) Movements(ctx context.Context, f listing.Movements) ([]ledger.Movement, error) {
	return all(ctx, tx.tx, scanMovement, "list the lines of accounts", withDays+`
		select account, currency, date, coalesce(value_date, date), sequence, position, text,
			(debit * 100)::bigint, (credit * 100)::bigint, coalesce((
				select case when min(other.account) = max(other.account) then min(other.account) end from journal_lines other
				where other.sequence = l.sequence and other.currency = l.currency and (other.debit > 0) <> (l.debit > 0)
			), '')
		from journal_lines l join journal_entries e using (company_id, sequence)
		where `+withinDays+` and date between $1 and $2 and sequence <= $9 and (account, currency, date, sequence, position) > ($3, $4, $5, $6, $7)
		order by account, currency, date, sequence, position limit $8`,
		f.From, f.To, f.After.Account, f.After.Debit.Currency(), f.After.Date, f.After.Sequence, f.After.Position, f.Limit, f.Until)
}

func scanMovement(row pgx.CollectableRow) (m ledger.Movement, err error) {
	var currency money.Currency
	var debit, credit int64 // hundredths, see addLines
	err = row.Scan(&m.Account, &currency, &m.Date, &m.Happened, &m.Sequence, &m.Position, &m.Text, &debit, &credit, &m.Contra)
	m.Debit, m.Credit = amount(decimal.New(debit, -2), currency), amount(decimal.New(credit, -2), currency)
	return m, err
}

// Volumes returns how much of each kind was booked from one day to another, both included, by kind and currency.
func (tx *Tx) Volumes(ctx context.Context, from, to time.Time) ([]ledger.Volume, error) {
	return all(ctx, tx.tx, scanVolume, "add up the kinds of entries", `
		select source_kind, currency, count(distinct sequence), sum(debit)
		from journal_lines join journal_entries using (company_id, sequence)
		where date between $1 and $2 group by source_kind, currency order by source_kind, currency`, from, to)
}

func scanVolume(row pgx.CollectableRow) (v ledger.Volume, err error) {
	var currency money.Currency
	var sum decimal.Decimal
	err = row.Scan(&v.Kind, &currency, &v.Entries, &sum)
	v.Amount = amount(sum, currency)
	return v, err
}
