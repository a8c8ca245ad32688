package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/oversight"
)

// OpenUntil returns what is open now of the time until the end of that day in Switzerland, oldest first, oversight.MostOpen of it at most.
func (tx *Tx) OpenUntil(ctx context.Context, day time.Time) ([]oversight.OpenItem, error) {
	scan := func(row pgx.CollectableRow) (i oversight.OpenItem, err error) {
		var currency *money.Currency
		var value decimal.NullDecimal
		if err = row.Scan(&i.Kind, &i.ID, &i.Day, &i.State, &currency, &value); err == nil && currency != nil {
			amount := amount(value.Decimal, *currency)
			i.Amount = &amount
		}
		return i, err
	}
	return all(ctx, tx.tx, scan, "list what is open", `
		select 'exception', id, (raised_at at time zone 'Europe/Zurich')::date as day, kind, null, null::numeric from exceptions
			where resolved_at is null and raised_at < $2
		union all
		select 'payout', id, date, state, currency, total from payouts where state in ('proposed', 'unmatched') and date <= $1
		union all
		select 'receipt', id, date, state, currency, amount from bank_receipts where state = 'waiting' and date <= $1
		union all
		select 'payment', id, (created_at at time zone 'Europe/Zurich')::date, state, currency, amount from payments
			where state in ('pending', 'authorized', 'unknown') and created_at < $2
		union all
		select 'refund', id, (created_at at time zone 'Europe/Zurich')::date, state, currency, amount from refunds
			where state not in ('captured', 'recorded', 'failed') and created_at < $2
		union all
		select 'exchange_rate', to_char(month, 'YYYY-MM') || '-' || currency, month, 'missing', null, null::numeric from (`+missing+`) m
		order by day, id limit $3`, day, midnight(day.AddDate(0, 0, 1)), oversight.MostOpen)
}
