package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/settlement"
)

// standings is every line on a receipt account, under the entry for which it stands there, unless it is gone: a payment or refund
// by the payout that is booked for it, another entry by its reversal. Nothing else is left out, so that the sum is the balance.
const standings = `
	with recursive ` + receiptAccounts + `,
	reversals (sequence, root) as (
		select b.sequence, e.sequence from journal_entries b join journal_entries e on e.id = b.reverses where e.reverses is null
		union all
		select b.sequence, r.root from journal_entries b join journal_entries e on e.id = b.reverses join reversals r on r.sequence = e.sequence
	),
	waiting as ( -- for their payout
		select e.company_id, e.sequence from journal_entries e
		where e.source_kind in ` + positionKinds + ` and not exists (select from reversals r where r.root = e.sequence)
			and not exists (select from payout_items i where i.booked and i.source_kind = e.source_kind and i.source_id = e.source_id)
	),
	movements (root, account, currency, amount) as (
		select sequence, account, currency, debit - credit from waiting join journal_lines using (company_id, sequence)
		union all
		select coalesce(r.root, e.sequence), l.account, l.currency, l.debit - l.credit
		from journal_entries e join journal_lines l using (company_id, sequence) left join reversals r using (sequence)
		where e.source_kind not in ` + positionKinds + ` or exists (select from reversals r where r.root = e.sequence)
		union all -- a payout took off the account what is not waiting any more
		select e.sequence, i.account, i.currency, sum(i.gross)
		from payout_items i join payouts p on p.id = i.payout_id join journal_entries e on e.id = p.entry_id
		where i.booked group by 1, 2, 3
	),
	standings as materialized (
		select e.sequence, e.id, e.source_kind, e.source_id, coalesce(e.value_date, e.date) as day, e.text, e.invoice_id, e.payment_id,
			case when p.parked and e.source_kind = 'payment' then 'parked_payment' else e.source_kind end as reason,
			m.account, m.currency, m.amount
		from (
			select root, account, currency, sum(amount) as amount from movements where account in (select number from receipt_accounts)
			group by 1, 2, 3 having sum(amount) <> 0
		) m
		join journal_entries e on e.sequence = m.root left join payments p on p.id = e.payment_id
	)`

// proposedPayout is the id of the payout that is proposed to pay what stands there.
const proposedPayout = `(select payout_id from payout_items i join payouts o on o.id = i.payout_id
	where i.source_kind = s.source_kind and i.source_id = s.source_id and o.state = 'proposed' order by payout_id limit 1)`

// Standings returns one page of what stands on the receipt accounts and why, in the order in which it was booked, and the cursor
// for more, if there is. A cursor that didn't come from here is problem.Invalid.
func (tx *Tx) Standings(ctx context.Context, f listing.Standings) (standing []settlement.Standing, next string, err error) {
	q := query{sql: standings + `
		select sequence, id, source_kind, source_id, day, text, invoice_id, payment_id, reason, account, currency, amount, ` + proposedPayout + `
		from standings s`}
	whereSet(&q, "account = ?", f.Account)
	whereSet(&q, "currency = ?", f.Currency)
	whereSet(&q, "reason = ?", f.Reason)
	if f.Cursor != "" {
		sequence, _, _ := strings.Cut(f.Cursor, "_")
		if _, err := strconv.ParseInt(sequence, 10, 64); err != nil {
			return nil, "", badCursor()
		}
		q.where(`(sequence, account || '_' || currency) >
			(select split_part(c, '_', 1)::bigint, substr(c, strpos(c, '_') + 1) from (select ?::text) x (c))`, f.Cursor)
	}
	cursor := func(s settlement.Standing) string {
		return fmt.Sprintf("%d_%s_%s", s.Sequence, s.Account, s.Amount.Currency())
	}
	standing, next, err = page(ctx, tx, q, "sequence, account || '_' || currency", f.Limit, scanStanding, cursor)
	return standing, next, failed(err, "list what stands on the receipt accounts")
}

func scanStanding(row pgx.CollectableRow) (s settlement.Standing, err error) {
	var currency money.Currency
	var value decimal.Decimal
	err = row.Scan(&s.Sequence, &s.EntryID, &s.Source.Kind, &s.Source.ID, &s.Day, &s.Text, (*zeronull.Text)(&s.InvoiceID), (*zeronull.Text)(&s.PaymentID),
		&s.Reason, &s.Account, &currency, &value, (*zeronull.Text)(&s.PayoutID))
	s.Amount = amount(value, currency)
	return s, err
}

// Subtotals adds up what stands on the receipt accounts, by account, currency, reason, day, and whether a payout is proposed for it.
func (tx *Tx) Subtotals(ctx context.Context) ([]settlement.Subtotal, error) {
	return all(ctx, tx.tx, scanSubtotal, "add up what stands on the receipt accounts", standings+`
		select account, currency, reason, day, `+proposedPayout+` is not null, sum(amount), count(*)
		from standings s group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`)
}

func scanSubtotal(row pgx.CollectableRow) (s settlement.Subtotal, err error) {
	var currency money.Currency
	var value decimal.Decimal
	err = row.Scan(&s.Account, &currency, &s.Reason, &s.Day, &s.Proposed, &value, &s.Count)
	s.Amount = amount(value, currency)
	return s, err
}

// ReceiptAccounts returns the numbers of the accounts on which receipts were ever booked, and of the one on which they are now.
func (tx *Tx) ReceiptAccounts(ctx context.Context) ([]string, error) {
	return all(ctx, tx.tx, pgx.RowTo[string], "list receipt accounts", `with recursive `+receiptAccounts+` select number from receipt_accounts order by number`)
}
