package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

const selectPayments = `
	select id, company_id, invoice_id, payment_service_id, order_id, method, state, currency, amount, token, redirect_url,
		expires_at, transaction_id, capture_id, payment_means, liability_shift, failure_name, failure_payer_message,
		booked_account, parked, timeline, created_at, brand, card, authorization_code, language, mail_state, mail_at, mail_reason, disputed
	from payments`

func scanPayment(row pgx.CollectableRow) (p payment.Payment, err error) {
	var currency money.Currency
	var value, disputed decimal.Decimal
	err = row.Scan(&p.ID, &p.CompanyID, &p.InvoiceID, &p.PaymentServiceID, &p.OrderID, &p.Method, &p.State, &currency, &value,
		&p.Token, &p.RedirectURL, (*zeronull.Timestamptz)(&p.ExpiresAt), &p.TransactionID, &p.CaptureID, &p.PaymentMeans,
		&p.LiabilityShift, &p.Failure.Name, &p.Failure.PayerMessage, (*zeronull.Text)(&p.BookedAccount), &p.Parked,
		&p.Timeline, &p.CreatedAt, &p.Brand, &p.Card, &p.AuthorizationCode, &p.Language,
		&p.Mail.State, (*zeronull.Timestamptz)(&p.Mail.At), &p.Mail.Reason, &disputed)
	p.Amount = amount(value, currency)
	if !disputed.IsZero() {
		p.Disputed = amount(disputed, currency)
	}
	return p, err
}

// Payment returns a payment, or problem.NotFound. Its NotificationSecret is empty: only a hash of it is kept.
func (tx *Tx) Payment(ctx context.Context, id string) (payment.Payment, error) {
	return one(ctx, tx.tx, scanPayment, "payment", id, selectPayments+` where id = $1`, id)
}

// PaymentOfAccount returns a payment, and the payment service by which it is made, in one round trip.
func (tx *Tx) PaymentOfAccount(ctx context.Context, id string) (payment.Payment, merchant.PaymentService, error) {
	var batch pgx.Batch
	payments := queue(&batch, scanPayment, selectPayments+` where id = $1`, id)
	services := queue(&batch, scanPaymentService, selectPaymentServices+` where id = (select payment_service_id from payments where id = $1)`, id)
	err := failed(tx.tx.SendBatch(ctx, &batch).Close(), "read payment %s with its payment service", id)
	if err != nil {
		return payment.Payment{}, merchant.PaymentService{}, err
	}
	p, err := single(*payments, "payment", id)
	if err != nil {
		return p, merchant.PaymentService{}, err
	}
	service, err := single(*services, "payment service", p.PaymentServiceID)
	return p, service, err
}

// LockPayment is Payment, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockPayment(ctx context.Context, id string) (payment.Payment, error) {
	return one(ctx, tx.tx, scanPayment, "payment", id, selectPayments+` where id = $1 for no key update`, id)
}

// InsertPayment stores a new payment, and a hash of its NotificationSecret for Store.Notification. It reports whether it was new.
func (tx *Tx) InsertPayment(ctx context.Context, p payment.Payment) (inserted bool, err error) {
	tag, err := tx.tx.Exec(ctx, `
		with payment as (
			insert into payments (company_id, id, invoice_id, payment_service_id, order_id, method, state, currency, amount, token,
				redirect_url, expires_at, transaction_id, capture_id, payment_means, liability_shift, failure_name,
				failure_payer_message, booked_account, parked, timeline, created_at, brand, card, authorization_code, language,
				mail_state, mail_at, mail_reason, disputed)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $24, $25, $26, $27,
				$28, $29, $30, $31)
			on conflict (company_id, id) do nothing returning company_id, invoice_id, id
		)
		insert into notifications (secret_hash, company_id, invoice_id, payment_id) select $23, company_id, invoice_id, id from payment`,
		p.CompanyID, p.ID, p.InvoiceID, p.PaymentServiceID, p.OrderID, p.Method, p.State, p.Amount.Currency(), p.Amount.Decimal(),
		p.Token, p.RedirectURL, zeronull.Timestamptz(p.ExpiresAt), p.TransactionID, p.CaptureID, p.PaymentMeans, p.LiabilityShift,
		p.Failure.Name, p.Failure.PayerMessage, zeronull.Text(p.BookedAccount), p.Parked,
		list(p.Timeline), p.CreatedAt, digest(p.NotificationSecret), p.Brand, p.Card, p.AuthorizationCode, p.Language,
		p.Mail.State, zeronull.Timestamptz(p.Mail.At), p.Mail.Reason, p.Disputed.Decimal())
	return tag.RowsAffected() > 0, failed(err, "insert payment %s", p.ID)
}

// SavePayment stores what can change about a payment.
func (tx *Tx) SavePayment(ctx context.Context, p payment.Payment) error {
	return tx.save(ctx, "payment", p.ID, `
		update payments set state = $2, token = $3, redirect_url = $4, expires_at = $5, transaction_id = $6, capture_id = $7,
			payment_means = $8, liability_shift = $9, failure_name = $10, failure_payer_message = $11, booked_account = $12,
			parked = $13, timeline = $14, brand = $15, card = $16, authorization_code = $17, language = $18, mail_state = $19,
			mail_at = $20, mail_reason = $21, disputed = $22
		where id = $1`,
		p.ID, p.State, p.Token, p.RedirectURL, zeronull.Timestamptz(p.ExpiresAt), p.TransactionID, p.CaptureID, p.PaymentMeans,
		p.LiabilityShift, p.Failure.Name, p.Failure.PayerMessage, zeronull.Text(p.BookedAccount), p.Parked,
		list(p.Timeline), p.Brand, p.Card, p.AuthorizationCode, p.Language, p.Mail.State, zeronull.Timestamptz(p.Mail.At), p.Mail.Reason,
		p.Disputed.Decimal())
}

// PaymentsOf returns all payments of those invoices, by the id of their invoice, newest first.
func (tx *Tx) PaymentsOf(ctx context.Context, invoiceIDs ...string) (map[string][]payment.Payment, error) {
	payments, err := all(ctx, tx.tx, scanPayment, "list the payments of invoices", selectPayments+paymentsOf, invoiceIDs)
	return by(payments, func(p payment.Payment) string { return p.InvoiceID }), err
}

const paymentsOf = ` where invoice_id = any($1) order by id desc`

// Payments returns the payments that the filter chooses, newest first, and the cursor for more, if there are. A cursor that
// didn't come from here is problem.Invalid.
func (tx *Tx) Payments(ctx context.Context, f listing.Payments) (payments []payment.Payment, next string, err error) {
	q := query{sql: selectPayments}
	whereSet(&q, "invoice_id = ?", f.InvoiceID)
	whereSet(&q, "state = ?", f.State)
	q.onDays("created_at", f.From, f.To)
	if err := q.before(f.Cursor, id.Payment); err != nil {
		return nil, "", err
	}
	payments, next, err = page(ctx, tx, q, newestFirst, f.Limit, scanPayment, func(p payment.Payment) string { return p.ID })
	return payments, next, failed(err, "list payments")
}
