package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/settlement"
)

// maxWaiting is how many payouts that wait are looked at again with every file, the latest ones, until they have maxWaitingLines lines
// together: older ones are for a person.
const (
	maxWaiting      = 500
	maxWaitingLines = 10_000
)

const (
	selectPayouts     = selectPayoutsWith + `lines, ` + payoutItems + `, ` + payoutSightings
	selectPayoutsWith = `
	select id, company_id, state, reference, account, date, currency, total, net, paid_currency, exchanged, fee_told, fee, rest, rest_to,
		exchange_to, part_of, returns, held, confidence, reason, choices, entry_id, bookings, timeline, created_at, `
	payoutItems = `
		coalesce((
			select jsonb_agg(` + shownItem + ` order by position)
			from payout_items i where i.payout_id = p.id
		), '[]')`
	payoutSightings = `
		coalesce((
			select jsonb_agg(jsonb_build_object('settlement_id', settlement_id, 'format', format, 'line', line, 'reference', reference,
				'account', account, 'date', date || 'T00:00:00Z', 'mentions', mentions, 'returned', returned,
				'known', known) order by position)
			from payout_sightings s where s.payout_id = p.id
		), '[]')
	from payouts p`
)

func scanPayout(row pgx.CollectableRow) (settlement.Payout, error) { return scanPayoutWith(row) }

// scanPayoutWith scans a payout, and what is selected besides.
func scanPayoutWith(row pgx.CollectableRow, besides ...any) (p settlement.Payout, err error) {
	var currency, paid money.Currency
	var total, net decimal.Decimal
	var exchanged, feeTold, fee, rest decimal.NullDecimal
	var items []storedItem
	err = row.Scan(append([]any{
		&p.ID, &p.CompanyID, &p.State, &p.Reference, &p.Account, &p.Date, &currency, &total, &net, &paid, &exchanged, &feeTold,
		&fee, &rest, (*zeronull.Text)(&p.RestTo), (*zeronull.Text)(&p.ExchangeTo), (*zeronull.Text)(&p.PartOf), (*zeronull.Text)(&p.Returns),
		&p.Held, &p.Confident, &p.Reason, &p.Choices, (*zeronull.Text)(&p.EntryID), &p.Bookings, &p.Timeline, &p.CreatedAt,
		&p.Lines, &items, &p.Seen,
	}, besides...)...)
	p.Total, p.Net = amount(total, currency), amount(net, currency)
	p.Exchanged, p.FeeTold = optionalAmount(exchanged, paid), optionalAmount(feeTold, paid)
	p.Fee, p.Rest = optionalAmount(fee, paid), optionalAmount(rest, paid)
	for _, i := range items {
		p.Items = append(p.Items, i.item())
	}
	return p, err
}

// storedItem is an item as the query above puts it.
type storedItem struct {
	Kind               ledger.SourceKind
	ID, Order, Account string
	Currency           money.Currency
	Gross              decimal.Decimal
	Fee                decimal.NullDecimal
}

func (i storedItem) item() settlement.Item {
	return settlement.Item{
		Source: ledger.Source{Kind: i.Kind, ID: i.ID}, OrderID: i.Order, Account: i.Account, Gross: amount(i.Gross, i.Currency),
		Fee: optionalAmount(i.Fee, i.Currency),
	}
}

// optionalAmount returns what a column says that may be null; null is the zero Amount.
func optionalAmount(value decimal.NullDecimal, currency money.Currency) money.Amount {
	if !value.Valid {
		return money.Amount{}
	}
	return amount(value.Decimal, currency)
}

// orNull is what a column holds that may be null; the zero Amount is null.
func orNull(a money.Amount) decimal.NullDecimal {
	return decimal.NullDecimal{Decimal: a.Decimal(), Valid: a.Currency() != ""}
}

// Payout returns a payout, or problem.NotFound.
func (tx *Tx) Payout(ctx context.Context, id string) (settlement.Payout, error) {
	return one(ctx, tx.tx, scanPayout, "payout", id, selectPayouts+` where id = $1`, id)
}

// SearchPayouts returns the payouts that wait, the latest 500 of them, those that the search chooses, and those that one of the
// waiting may take back.
func (tx *Tx) SearchPayouts(ctx context.Context, s settlement.PayoutSearch) ([]settlement.Payout, error) {
	totals := make([]decimal.Decimal, len(s.Totals))
	for i, t := range s.Totals {
		totals[i] = t.Decimal()
	}
	return all(ctx, tx.tx, scanPayout, "look for payouts", selectPayouts+`
		where not $9 and id in (
				select id from (
					select id, sum(line_count) over (order by date desc, id desc) - line_count as lines_before
					from payouts where state in ('unmatched', 'proposed') order by date desc, id desc limit $1
				) w where lines_before < $7
			)
			or not $9 and state in ('booked', 'dismissed') and total in (
				select -w.total from payouts w join payout_sightings s on s.payout_id = w.id and s.returned where w.state in ('unmatched', 'proposed')
			)
			or date between $2 and $3 and part_of is null and (not $9 or total = any($5::numeric[]))
			or id = any($4)
			or not $9 and state = 'booked' and total = any($5::numeric[])
			or id in (select payout_id from payout_sightings where reference = any($6))
			or state = 'carried' and account = any($8)
		order by id`, maxWaiting, zeroDate(s.From), zeroDate(s.To), s.IDs, totals, s.References, maxWaitingLines, s.Carried, s.Narrow)
}

// SavePayout stores a payout, new or not, with what it pays and where it was seen. Sightings are only ever added to.
func (tx *Tx) SavePayout(ctx context.Context, p settlement.Payout) error {
	paid := p.Net.Currency()
	if p.Exchanged.Currency() != "" {
		paid = p.Exchanged.Currency()
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		insert into payouts (company_id, id, state, reference, account, date, currency, total, net, paid_currency, exchanged, fee_told, fee, rest,
			rest_to, exchange_to, part_of, returns, held, lines, confidence, reason, choices, entry_id, bookings, timeline, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
		on conflict (company_id, id) do update set state = $3, reference = $4, account = $5, date = $6, currency = $7, total = $8, net = $9,
			paid_currency = $10, exchanged = $11, fee_told = $12, fee = $13, rest = $14, rest_to = $15, exchange_to = $16, part_of = $17, returns = $18,
			held = $19, lines = $20, confidence = $21, reason = $22, choices = $23, entry_id = $24, bookings = $25, timeline = $26`,
		p.CompanyID, p.ID, p.State, p.Reference, p.Account, p.Date, p.Net.Currency(), p.Total.Decimal(), p.Net.Decimal(), paid, orNull(p.Exchanged),
		orNull(p.FeeTold), orNull(p.Fee), orNull(p.Rest), zeronull.Text(p.RestTo), zeronull.Text(p.ExchangeTo), zeronull.Text(p.PartOf),
		zeronull.Text(p.Returns), p.Held, list(p.Lines), p.Confident, p.Reason, list(p.Choices), zeronull.Text(p.EntryID), p.Bookings,
		list(p.Timeline), p.CreatedAt)
	batch.Queue(`delete from payout_items where payout_id = $1`, p.ID)
	for n, i := range p.Items {
		batch.Queue(`
			insert into payout_items (company_id, payout_id, position, source_kind, source_id, order_id, account, currency, gross, fee, booked)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			p.CompanyID, p.ID, n+1, i.Source.Kind, i.Source.ID, i.OrderID, i.Account, i.Gross.Currency(), i.Gross.Decimal(), orNull(i.Fee),
			p.State == settlement.Booked)
	}
	for n, s := range p.Seen {
		batch.Queue(`
			insert into payout_sightings (company_id, payout_id, position, settlement_id, format, line, reference, account, date, mentions, returned, known)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing`,
			p.CompanyID, p.ID, n+1, s.SettlementID, s.Format, s.Line, s.Reference, s.Account, s.Date, list(s.Mentions), s.Returned, s.Known)
	}
	err := tx.tx.SendBatch(ctx, batch).Close()
	return failed(err, "save payout %s", p.ID)
}
