package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/refund"
)

const selectRefunds = `
	select id, company_id, payment_id, invoice_id, order_id, state, currency, amount, reason, transaction_id, failure_name,
		failure_payer_message, booked_account, timeline, created_at, mail_state, mail_at, mail_reason, attempt, asked_by
	from refunds`

func scanRefund(row pgx.CollectableRow) (r refund.Refund, err error) {
	var currency money.Currency
	var value decimal.Decimal
	err = row.Scan(&r.ID, &r.CompanyID, &r.PaymentID, &r.InvoiceID, &r.OrderID, &r.State, &currency, &value, &r.Reason, &r.TransactionID,
		&r.Failure.Name, &r.Failure.PayerMessage, (*zeronull.Text)(&r.BookedAccount), &r.Timeline, &r.CreatedAt,
		&r.Mail.State, (*zeronull.Timestamptz)(&r.Mail.At), &r.Mail.Reason, &r.Attempt, &r.AskedBy)
	r.Amount = amount(value, currency)
	return r, err
}

// InsertRefund stores a new refund.
func (tx *Tx) InsertRefund(ctx context.Context, r refund.Refund) error {
	_, err := tx.tx.Exec(ctx, `
		insert into refunds (company_id, id, payment_id, invoice_id, order_id, state, currency, amount, reason, transaction_id,
			failure_name, failure_payer_message, booked_account, timeline, created_at, mail_state, mail_at, mail_reason, asked_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) on conflict (company_id, id) do nothing`,
		r.CompanyID, r.ID, r.PaymentID, r.InvoiceID, r.OrderID, r.State, r.Amount.Currency(), r.Amount.Decimal(), r.Reason, r.TransactionID,
		r.Failure.Name, r.Failure.PayerMessage, zeronull.Text(r.BookedAccount), list(r.Timeline), r.CreatedAt,
		r.Mail.State, zeronull.Timestamptz(r.Mail.At), r.Mail.Reason, r.AskedBy)
	return failed(err, "insert refund %s", r.ID)
}

// SaveRefund stores what can change about a refund.
func (tx *Tx) SaveRefund(ctx context.Context, r refund.Refund) error {
	return tx.save(ctx, "refund", r.ID, `
		update refunds set state = $2, order_id = $3, transaction_id = $4, failure_name = $5, failure_payer_message = $6,
			booked_account = $7, timeline = $8, mail_state = $9, mail_at = $10, mail_reason = $11, attempt = $12
		where id = $1`,
		r.ID, r.State, r.OrderID, r.TransactionID, r.Failure.Name, r.Failure.PayerMessage, zeronull.Text(r.BookedAccount), list(r.Timeline),
		r.Mail.State, zeronull.Timestamptz(r.Mail.At), r.Mail.Reason, r.Attempt)
}

// Refund returns a refund, or problem.NotFound.
func (tx *Tx) Refund(ctx context.Context, id string) (refund.Refund, error) {
	return one(ctx, tx.tx, scanRefund, "refund", id, selectRefunds+` where id = $1`, id)
}

// LockRefund is Refund, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockRefund(ctx context.Context, id string) (refund.Refund, error) {
	return one(ctx, tx.tx, scanRefund, "refund", id, selectRefunds+` where id = $1 for no key update`, id)
}

// RefundsOf returns all refunds of a payment, oldest first. Lock the payment first to keep others from adding one.
func (tx *Tx) RefundsOf(ctx context.Context, paymentID string) ([]refund.Refund, error) {
	return all(ctx, tx.tx, scanRefund, "list the refunds of payment "+paymentID, selectRefunds+` where payment_id = $1 order by id`, paymentID)
}

// Refunds returns the refunds that the filter chooses, newest first, and the cursor for more, if there are. A cursor that
// didn't come from here is problem.Invalid.
func (tx *Tx) Refunds(ctx context.Context, f listing.Refunds) (refunds []refund.Refund, next string, err error) {
	q := query{sql: selectRefunds}
	whereSet(&q, "payment_id = ?", f.PaymentID)
	whereSet(&q, "state = ?", f.State)
	if err := q.before(f.Cursor, id.Refund); err != nil {
		return nil, "", err
	}
	refunds, next, err = page(ctx, tx, q, "id desc", f.Limit, scanRefund, func(r refund.Refund) string { return r.ID })
	return refunds, next, failed(err, "list refunds")
}
