package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/settlement"
)

// maxOpen is how many open positions of a time a matcher gets, the latest ones.
const maxOpen = 5000

// positionKinds are the sources of entries whose money the acquirer pays out or keeps back.
const positionKinds = `('payment', 'refund', 'transaction', 'dispute')`

// receiptAccounts are the accounts on which receipts were ever booked, and the one on which they are booked now. The first part
// leaps from one account to the next in an index, however many payments there are. It needs "with recursive" before it.
const receiptAccounts = `
	booked_accounts (number) as (
		select min(booked_account) from payments
		union all
		select (select min(booked_account) from payments where booked_account > b.number) from booked_accounts b where b.number is not null
	),
	receipt_accounts as materialized (
		select number from booked_accounts where number is not null
		union select receipt_account from companies
		union select l.account from journal_entries e join journal_lines l using (company_id, sequence)
			where e.source_kind = 'transaction' and l.account <> '` + ledger.Prepayments + `'
	)`

// Positions returns what the search chooses, by day.
func (tx *Tx) Positions(ctx context.Context, s settlement.PositionSearch) ([]settlement.Position, error) {
	kinds, ids := make([]string, len(s.Sources)), make([]string, len(s.Sources))
	for i, source := range s.Sources {
		kinds[i], ids[i] = string(source.Kind), source.ID
	}
	return all(ctx, tx.tx, scanPosition, "look for what stands on the receipt accounts", `
		with recursive `+receiptAccounts+`,
		ordered as (
			select id from payments where order_id = any($1)
			union select id from payments where authorization_code = any($8) and authorization_code <> ''
		),
		wanted as (
			select 'payment' as kind, id from ordered
			union select 'refund', id from refunds where order_id = any($1) or payment_id in (select id from ordered)
			union ( -- of disputes there are few
				select source_kind, source_id from journal_entries e
				where source_kind = 'dispute'
					and not exists (select from payout_items i where i.source_kind = e.source_kind and i.source_id = e.source_id and i.booked)
				order by sequence desc limit $7
			)
			union select source_kind, source_id from journal_entries where source_kind = 'dispute' and payment_id in (select id from ordered)
			union select * from unnest($2::text[], $3::text[])
			union select source_kind, source_id from journal_entries where source_id = any($4) and source_kind in `+positionKinds+`
			union (
				select source_kind, source_id from journal_entries e
				where coalesce(value_date, date) between $5 and $6 and source_kind in `+positionKinds+`
					and not exists (select from payout_items i where i.source_kind = e.source_kind and i.source_id = e.source_id and i.booked)
				order by sequence desc limit $7
			)
		)
		select e.source_kind, e.source_id, coalesce(e.payment_id, ''), coalesce(e.invoice_id, ''), coalesce(r.order_id, p.order_id, ''),
			coalesce(p.method, ''), coalesce(p.brand, ''), coalesce(p.card, ''),
			case when e.source_kind in ('payment', 'dispute') then coalesce(p.authorization_code, '') else '' end, coalesce(d.reference, ''), d.fee,
			l.account, l.currency, l.amount, coalesce(e.value_date, e.date),
			exists (select from journal_entries b where b.reverses = e.id)
				or exists (select from payout_items i where i.source_kind = e.source_kind and i.source_id = e.source_id and i.booked)
		from wanted w
		join journal_entries e on e.source_kind = w.kind and e.source_id = w.id
		join lateral (
			select account, currency, sum(debit - credit) as amount from journal_lines
			where company_id = e.company_id and sequence = e.sequence and account in (select number from receipt_accounts)
			group by account, currency having sum(debit - credit) <> 0
		) l on true
		left join payments p on p.id = e.payment_id
		left join refunds r on e.source_kind = 'refund' and r.id = e.source_id
		left join disputes d on e.source_kind = 'dispute' and e.id in (d.entry_id, d.decision_entry_id)
		order by e.sequence, l.account`,
		s.Orders, kinds, ids, s.IDs, zeroDate(s.From), zeroDate(s.To), maxOpen, s.Codes)
}

func scanPosition(row pgx.CollectableRow) (q settlement.Position, err error) {
	var currency money.Currency
	var value decimal.Decimal
	var fee decimal.NullDecimal
	var closed bool
	err = row.Scan(&q.Source.Kind, &q.Source.ID, &q.PaymentID, &q.InvoiceID, &q.OrderID, &q.Method, &q.Brand, &q.Card, &q.Authorization, &q.Case, &fee,
		&q.Account, &currency, &value, &q.Day, &closed)
	q.Amount, q.Open, q.Fee = amount(value, currency), money.Zero(currency), optionalAmount(fee, currency)
	if !closed {
		q.Open = q.Amount
	}
	return q, err
}
