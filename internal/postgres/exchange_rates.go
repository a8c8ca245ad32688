package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/exchange"
)

const selectRates = `select company_id, month, currency, rate, source, saved_at, saved_by from exchange_rates`

func scanRate(row pgx.CollectableRow) (r exchange.Rate, err error) {
	err = row.Scan(&r.CompanyID, &r.Month, &r.Currency, &r.Value, &r.Source, &r.SavedAt, &r.SavedBy)
	return r, err
}

// ExchangeRates returns the company's rates for that month, or for all months when it is zero: the latest month first.
func (tx *Tx) ExchangeRates(ctx context.Context, month time.Time) ([]exchange.Rate, error) {
	return all(ctx, tx.tx, scanRate, "list exchange rates", selectRates+` where $1::date is null or month = $1 order by month desc, currency`, zeroDate(month))
}

// SaveExchangeRate stores a rate in place of the one for its month and currency. Whether that may change is for exchange.Rate.Replace
// to say, in the same transaction and with the journal locked.
func (tx *Tx) SaveExchangeRate(ctx context.Context, r exchange.Rate) error {
	_, err := tx.tx.Exec(ctx, `
		insert into exchange_rates (company_id, month, currency, rate, source, saved_at, saved_by) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (company_id, month, currency) do update set rate = $4, source = $5, saved_at = $6, saved_by = $7`,
		r.CompanyID, r.Month, r.Currency, r.Value, r.Source, r.SavedAt, r.SavedBy)
	return failed(err, "save the exchange rate %s", r.ID())
}

// MissingRates returns the months until that day, or all when it is zero, for which foreign money was booked without a rate, the
// oldest first.
func (tx *Tx) MissingRates(ctx context.Context, until time.Time) ([]exchange.Missing, error) {
	return all(ctx, tx.tx, pgx.RowToStructByPos[exchange.Missing], "list missing exchange rates", `
		select distinct month, currency from (`+valued(foreign)+`) l
		where rate is null and ($1::date is null or date <= $1) order by month, currency`, zeroDate(until))
}
