package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// Which lines of the journal valued selects.
const (
	foreign   = `l.currency <> 'CHF'`
	onTransit = `l.sequence in (select sequence from journal_lines where account = '` + ledger.Transit + `')`
)

// valued selects lines of the journal with what they are worth in francs: at the rate that their entry states, else at that of its month.
// An entry that takes another back is worth as much as that one. Rate and values are null where there is no rate. Each line of an entry is
// rounded so that it and those before it on its side have the right sum. So debits and credits are worth the same.
func valued(where string) string {
	return `
		select sequence, date, position, account, currency, month, rate, debit, credit,
			round(sum(debit) over so_far * rate, 2) - round((sum(debit) over so_far - debit) * rate, 2) as debit_value,
			round(sum(credit) over so_far * rate, 2) - round((sum(credit) over so_far - credit) * rate, 2) as credit_value
		from (
			select l.sequence, l.position, l.account, l.currency, l.debit, l.credit, e.date,
				date_trunc('month', coalesce(back.date, e.date))::date as month,
				case when l.currency = 'CHF' then 1 else coalesce(e.exchange_rate, r.rate) end as rate
			from journal_lines l
			join journal_entries e on e.company_id = l.company_id and e.sequence = l.sequence
			left join journal_entries back on back.company_id = e.company_id and back.id = e.reverses
			left join exchange_rates r on r.company_id = e.company_id and r.currency = l.currency
				and r.month = date_trunc('month', coalesce(back.date, e.date))::date
			where ` + where + `
		) rated
		window so_far as (partition by sequence, currency order by position)`
}

// Values returns what was booked in foreign currencies until that day, or ever when it is zero, in francs: by account and currency. Where
// a rate is missing, see MissingRates, the account has no value in that currency.
func (tx *Tx) Values(ctx context.Context, until time.Time) ([]ledger.Valued, error) {
	return all(ctx, tx.tx, func(row pgx.CollectableRow) (v ledger.Valued, err error) {
		var debit, credit decimal.Decimal
		err = row.Scan(&v.Account, &v.Currency, &debit, &credit)
		v.Debit, v.Credit = amount(debit, money.CHF), amount(credit, money.CHF)
		return v, err
	}, "add up what foreign money is worth", `
		select account, currency, sum(debit_value), sum(credit_value) from (`+valued(foreign)+`) l
		where $1::date is null or date <= $1 group by account, currency having bool_and(rate is not null)`, zeroDate(until))
}

// EntryRates returns the rates at which entries with foreign lines are valued, by their sequence.
func (tx *Tx) EntryRates(ctx context.Context, sequences []int64) (bySequence map[int64]ledger.Rates, err error) {
	rows, _ := tx.tx.Query(ctx, `
		select distinct sequence, currency, rate from (`+valued(foreign+` and l.sequence = any($1)`)+`) l where rate is not null`, sequences) // its error comes out of ForEachRow
	bySequence = map[int64]ledger.Rates{}
	var sequence int64
	var currency money.Currency
	var rate decimal.Decimal
	_, err = pgx.ForEachRow(rows, []any{&sequence, &currency, &rate}, func() error {
		if bySequence[sequence] == nil {
			bySequence[sequence] = ledger.Rates{}
		}
		bySequence[sequence][currency] = rate
		return nil
	})
	return bySequence, failed(err, "read the rates of journal entries")
}

// UnevenExchanges returns the exchanges whose difference is not booked as the rates are now, in the order in which they were booked; see
// ledger.Exchange.Step.
func (tx *Tx) UnevenExchanges(ctx context.Context) ([]ledger.Exchange, error) {
	type row struct {
		id, difference string
		reversedOn     time.Time
		value          decimal.NullDecimal
		times          int
	}
	rows, err := all(ctx, tx.tx, func(r pgx.CollectableRow) (x row, err error) {
		err = r.Scan(&x.id, (*zeroDate)(&x.reversedOn), &x.value, &x.times, &x.difference)
		return x, err
	}, "find uneven exchanges", `
		with exchanges as (
			select sequence, case when bool_and(rate is not null) then sum(debit_value - credit_value) end as value
			from (`+valued(onTransit)+`) l where account = $1 group by sequence having count(distinct currency) > 1
		), differences as (
			select split_part(d.source_id, '.', 1) as of, count(*) as times,
				coalesce(max(d.id) filter (where back.id is null), '') as id, sum(debit - credit) filter (where back.id is null) as value
			from journal_entries d join journal_lines l on l.company_id = d.company_id and l.sequence = d.sequence and l.account = $1
			left join journal_entries back on back.company_id = d.company_id and back.reverses = d.id
			where d.source_kind = 'exchange' group by 1
		)
		select e.id, back.date, x.value, coalesce(d.times, 0), coalesce(d.id, '')
		from exchanges x join journal_entries e using (sequence)
		left join journal_entries back on back.company_id = e.company_id and back.reverses = e.id
		left join differences d on d.of = e.id
		where e.reverses is null and case when back.id is null then x.value else 0 end <> -coalesce(d.value, 0)
		order by x.sequence`, ledger.Transit)
	if err != nil {
		return nil, err
	}
	exchanges := make([]ledger.Exchange, len(rows))
	for i, r := range rows {
		x := ledger.Exchange{ReversedOn: r.reversedOn, Value: optionalAmount(r.value, money.CHF), Times: r.times}
		if x.Entry, err = tx.Entry(ctx, r.id); err == nil && r.difference != "" {
			x.Difference, err = tx.Entry(ctx, r.difference)
		}
		if err != nil {
			return nil, err
		}
		exchanges[i] = x
	}
	return exchanges, nil
}
