package postgres

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/settlement"
)

// shownItem is an item as storedItem reads it.
const shownItem = `jsonb_build_object('kind', source_kind, 'id', source_id, 'order', order_id, 'account', account,
	'currency', currency, 'gross', gross::text, 'fee', fee::text)`

// selectShownPayouts reads payouts as they are shown. However large they are, it reads as much of each as settlement.MaxShown says.
const selectShownPayouts = selectPayoutsWith + `first_lines,
		coalesce((
			select jsonb_agg(` + shownItem + ` order by position)
			from (select * from payout_items i where i.payout_id = p.id order by position limit 100) i
		), '[]'),
		coalesce((
			select jsonb_agg(jsonb_build_object('settlement_id', settlement_id, 'format', format, 'line', line, 'reference', reference,
				'account', account, 'date', date || 'T00:00:00Z', 'mentions', mentions, 'returned', returned, 'known', known) order by position)
			from (select * from payout_sightings s where s.payout_id = p.id order by position desc limit 100) s
		), '[]'),
		line_count, (select count(*) from payout_items i where i.payout_id = p.id),
		(select coalesce(sum(gross), 0) from payout_items i where i.payout_id = p.id)
	from payouts p`

func scanShownPayout(row pgx.CollectableRow) (s settlement.Shown, err error) {
	var lines, items int
	var gross decimal.Decimal
	p, err := scanPayoutWith(row, &lines, &items, &gross)
	s = p.Shown()
	s.LineCount, s.ItemCount, s.ItemsGross = lines, items, amount(gross, p.Currency())
	return s, err
}

// ShownPayout returns a payout as it is shown, or problem.NotFound.
func (tx *Tx) ShownPayout(ctx context.Context, id string) (settlement.Shown, error) {
	return one(ctx, tx.tx, scanShownPayout, "payout", id, selectShownPayouts+` where id = $1`, id)
}

// Payouts returns the payouts that the filter chooses, newest first, and the cursor for more, if there are. A cursor that didn't
// come from here is problem.Invalid.
func (tx *Tx) Payouts(ctx context.Context, f listing.Payouts) (payouts []settlement.Shown, next string, err error) {
	q := query{sql: selectShownPayouts}
	if len(f.States) > 0 {
		q.where("state = any(?)", f.States)
	}
	whereSet(&q, "id in (select payout_id from payout_items where source_id = ?)", f.Pays)
	whereSet(&q, "id in (select payout_id from payout_sightings where settlement_id = ?)", f.SettlementID)
	if err := q.before(f.Cursor, id.Payout); err != nil {
		return nil, "", err
	}
	payouts, next, err = page(ctx, tx, q, newestFirst, f.Limit, scanShownPayout, func(p settlement.Shown) string { return p.ID })
	return payouts, next, failed(err, "list payouts")
}

// PayoutsOf returns the first payouts that were seen in a settlement, in the order of its file, as many as are shown with it: the
// unmatched ones, or all others.
func (tx *Tx) PayoutsOf(ctx context.Context, settlementID string, unmatched bool) ([]settlement.Shown, error) {
	return all(ctx, tx.tx, scanShownPayout, "list the payouts of settlement "+settlementID, selectShownPayouts+`
		join (select payout_id, min(line) as line from payout_sightings where settlement_id = $1 group by payout_id) s on s.payout_id = p.id
		where (state = 'unmatched') = $2 order by s.line, p.id limit $3`, settlementID, unmatched, settlement.MaxShown)
}

// PayoutLines returns lines of a payout in their order, and the cursor for more, if there are. It is problem.NotFound without the
// payout, and problem.Invalid for a cursor that didn't come from here.
func (tx *Tx) PayoutLines(ctx context.Context, payoutID string, f listing.Part) (lines []settlement.Line, next string, err error) {
	from, err := position(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := pageSize(f.Limit)
	lines, err = one(ctx, tx.tx, pgx.RowTo[[]settlement.Line], "payout", payoutID, `
		select jsonb_path_query_array(lines, '$[$first to $last]', jsonb_build_object('first', $2::int, 'last', $3::int))
		from payouts where id = $1`, payoutID, from, from+limit)
	lines, next = cutAt(lines, from, limit)
	return lines, next, err
}

// PayoutItems returns items of a payout in their order, and the cursor for more, if there are. It is problem.NotFound without the
// payout, and problem.Invalid for a cursor that didn't come from here.
func (tx *Tx) PayoutItems(ctx context.Context, payoutID string, f listing.Part) (items []settlement.Item, next string, err error) {
	from, err := position(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := pageSize(f.Limit)
	stored, err := one(ctx, tx.tx, pgx.RowTo[[]storedItem], "payout", payoutID, `
		select coalesce((
			select jsonb_agg(`+shownItem+` order by position)
			from (select * from payout_items i where i.payout_id = p.id and position > $2 order by position limit $3) i
		), '[]') from payouts p where id = $1`, payoutID, from, limit+1)
	stored, next = cutAt(stored, from, limit)
	for _, i := range stored {
		items = append(items, i.item())
	}
	return items, next, err
}

// position returns how many rows come before a page: what its cursor says.
func position(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	at, err := strconv.ParseUint(cursor, 10, 24)
	if err != nil {
		return 0, badCursor()
	}
	return int(at), nil
}

// cutAt is cut for rows that are counted.
func cutAt[T any](items []T, from, limit int) ([]T, string) {
	return cut(items, limit, func(T) string { return strconv.Itoa(from + limit) })
}
