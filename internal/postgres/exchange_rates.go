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

// missing selects the months until the day $1, or all when it is null, in which foreign money was booked at the rate of the month, and
// there is none. Turnovers say quickly which months may be; entries say whether they state their own rate. What an entry takes back is of the
// month of the other one.
const missing = `
	with unrated as materialized (
		select month, currency from (
			select distinct date_trunc('month', date)::date as month, currency from daily_turnovers where currency <> 'CHF' and ($1::date is null or date <= $1)
		) booked
		where not exists (select from exchange_rates r where r.month = booked.month and r.currency = booked.currency)
	)
	select month, currency from unrated where exists (
		select from journal_entries e join journal_lines l on l.company_id = e.company_id and l.sequence = e.sequence and l.currency = unrated.currency
		where e.date >= month and e.date < month + interval '1 month' and ($1::date is null or e.date <= $1) and e.exchange_rate is null and e.reverses is null
	)`

// MissingRates returns the months until that day, or all when it is zero, for which foreign money was booked without a rate, the
// oldest first.
func (tx *Tx) MissingRates(ctx context.Context, until time.Time) ([]exchange.Missing, error) {
	return all(ctx, tx.tx, pgx.RowToStructByPos[exchange.Missing], "list missing exchange rates", missing+` order by month, currency`, zeroDate(until))
}
