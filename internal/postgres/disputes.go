package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
)

const selectDisputes = `
	select id, company_id, payment_id, invoice_id, state, currency, amount, reason, reference, opened_on, respond_by, fee, claim, decided_on,
		entry_id, decision_entry_id, timeline, created_at
	from disputes`

func scanDispute(row pgx.CollectableRow) (d dispute.Dispute, err error) {
	var currency money.Currency
	var value decimal.Decimal
	var fee decimal.NullDecimal
	err = row.Scan(&d.ID, &d.CompanyID, &d.PaymentID, &d.InvoiceID, &d.State, &currency, &value, &d.Reason, &d.Reference, &d.OpenedOn,
		(*zeroDate)(&d.RespondBy), &fee, (*zeronull.Text)(&d.Claim), (*zeroDate)(&d.DecidedOn), &d.EntryID,
		(*zeronull.Text)(&d.DecisionEntryID), &d.Timeline, &d.CreatedAt)
	d.Amount, d.Fee = amount(value, currency), optionalAmount(fee, currency)
	return d, err
}

// SaveDispute stores a dispute, new or not.
func (tx *Tx) SaveDispute(ctx context.Context, d dispute.Dispute) error {
	_, err := tx.tx.Exec(ctx, `
		insert into disputes (company_id, id, payment_id, invoice_id, state, currency, amount, reason, reference, opened_on, respond_by, fee,
			claim, decided_on, entry_id, decision_entry_id, timeline, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		on conflict (company_id, id) do update set state = $5, reason = $8, reference = $9, respond_by = $11, claim = $13, decided_on = $14,
			decision_entry_id = $16, timeline = $17`,
		d.CompanyID, d.ID, d.PaymentID, d.InvoiceID, d.State, d.Amount.Currency(), d.Amount.Decimal(), d.Reason, d.Reference, d.OpenedOn,
		zeroDate(d.RespondBy), orNull(d.Fee), zeronull.Text(d.Claim), zeroDate(d.DecidedOn), d.EntryID, zeronull.Text(d.DecisionEntryID),
		list(d.Timeline), d.CreatedAt)
	return failed(err, "save dispute %s", d.ID)
}

// Dispute returns a dispute, or problem.NotFound.
func (tx *Tx) Dispute(ctx context.Context, id string) (dispute.Dispute, error) {
	return one(ctx, tx.tx, scanDispute, "dispute", id, selectDisputes+` where id = $1`, id)
}

// LockDispute is Dispute, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockDispute(ctx context.Context, id string) (dispute.Dispute, error) {
	return one(ctx, tx.tx, scanDispute, "dispute", id, selectDisputes+` where id = $1 for no key update`, id)
}

// DisputesOf returns all disputes of a payment, oldest first. Lock the payment first to keep others from adding one.
func (tx *Tx) DisputesOf(ctx context.Context, paymentID string) ([]dispute.Dispute, error) {
	return all(ctx, tx.tx, scanDispute, "list the disputes of payment "+paymentID, selectDisputes+` where payment_id = $1 order by id`, paymentID)
}

// Disputes returns the disputes that the filter chooses, in its order, and the cursor for more, if there are. A cursor that didn't
// come from here is problem.Invalid.
func (tx *Tx) Disputes(ctx context.Context, f listing.Disputes) (disputes []dispute.Dispute, next string, err error) {
	q := query{sql: selectDisputes}
	whereSet(&q, "payment_id = ?", f.PaymentID)
	whereSet(&q, "invoice_id = ?", f.InvoiceID)
	whereSet(&q, "state = ?", f.State)
	order, beyond := newestFirst, "id < ?"
	if f.Sort == listing.DisputesByDeadline {
		const deadline = "coalesce(respond_by, 'infinity')"
		order, beyond = deadline+", id", "("+deadline+", id) > (select "+deadline+", id from disputes where id = ?)"
	}
	if err := q.beyond(f.Cursor, id.Dispute, beyond); err != nil {
		return nil, "", err
	}
	disputes, next, err = page(ctx, tx, q, order, f.Limit, scanDispute, func(d dispute.Dispute) string { return d.ID })
	return disputes, next, failed(err, "list disputes")
}
