package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
)

// This file holds the queries that compare the record with Saferpay's report.

// PaymentsAtSaferpay returns the payments of which Saferpay knows one of the order ids or transaction ids.
func (tx *Tx) PaymentsAtSaferpay(ctx context.Context, orderIDs, transactionIDs []string) ([]payment.Payment, error) {
	return all(ctx, tx.tx, scanPayment, "look up payments by what Saferpay calls them", selectPayments+` where order_id = any($1) or (transaction_id = any($2) and transaction_id <> '')`,
		orderIDs, transactionIDs)
}

// RefundsAtSaferpay returns the refunds of which Saferpay knows one of the order ids or transaction ids.
func (tx *Tx) RefundsAtSaferpay(ctx context.Context, orderIDs, transactionIDs []string) ([]refund.Refund, error) {
	return all(ctx, tx.tx, scanRefund, "look up refunds by what Saferpay calls them", selectRefunds+` where order_id = any($1) or (transaction_id = any($2) and transaction_id <> '')`,
		orderIDs, transactionIDs)
}

// RefundsByHand returns the refunds of payments through the payment service that have no transaction at Saferpay and have not
// failed, oldest first. It locks them until the transaction ends.
func (tx *Tx) RefundsByHand(ctx context.Context, paymentServiceID string) ([]refund.Refund, error) {
	return all(ctx, tx.tx, scanRefund, "list refunds without a transaction", selectRefunds+`
		where transaction_id = '' and state <> 'failed' and payment_id in (select id from payments where payment_service_id = $1)
		order by id for no key update`, paymentServiceID)
}

// PaymentsWithLeft returns the captured payments through the payment service with exactly that amount left to refund. It
// returns at most two, since callers need to know only whether there is exactly one.
func (tx *Tx) PaymentsWithLeft(ctx context.Context, paymentServiceID string, left money.Amount) ([]payment.Payment, error) {
	return all(ctx, tx.tx, scanPayment, fmt.Sprintf("list payments of which %s is left", left), selectPayments+`
		where payment_service_id = $1 and state = 'captured' and currency = $2 and $3 = amount - (
			select coalesce(sum(r.amount), 0) from refunds r where r.payment_id = payments.id and r.state <> 'failed'
		) limit 2`, paymentServiceID, left.Currency(), left.Decimal())
}

// OverduePayments returns at most limit payments through the payment service whose page died before that time and that have not
// ended, oldest first.
func (tx *Tx) OverduePayments(ctx context.Context, paymentServiceID string, before time.Time, limit int) ([]payment.Payment, error) {
	return all(ctx, tx.tx, scanPayment, "list payments whose page is dead", selectPayments+`
		where payment_service_id = $1 and state = any($2) and expires_at < $3 order by id limit $4`,
		paymentServiceID, unfinished(payment.States), before, limit)
}

// OverdueRefunds returns at most limit refunds of payments through the payment service that were requested before that time and
// have not ended, oldest first.
func (tx *Tx) OverdueRefunds(ctx context.Context, paymentServiceID string, before time.Time, limit int) ([]refund.Refund, error) {
	return all(ctx, tx.tx, scanRefund, "list refunds that are not at an end", selectRefunds+`
		where state = any($2) and created_at < $3 and payment_id in (select id from payments where payment_service_id = $1)
		order by id limit $4`,
		paymentServiceID, unfinished(refund.States), before, limit)
}

// BookedAsFound returns what was booked of each transaction at Saferpay itself, see ledger.Found: more than 0 when money came.
func (tx *Tx) BookedAsFound(ctx context.Context, transactionIDs []string) (map[string]money.Amount, error) {
	rows, _ := tx.tx.Query(ctx, `
		select source_id, currency, sum(credit) - sum(debit) from journal_entries e join journal_lines l using (company_id, sequence)
		where source_kind = $1 and source_id = any($2) and account = $3 group by source_id, currency`,
		ledger.FromTransaction, transactionIDs, ledger.Prepayments) // its error comes out of ForEachRow
	booked := map[string]money.Amount{}
	var transaction string
	var currency money.Currency
	var value decimal.Decimal
	_, err := pgx.ForEachRow(rows, []any{&transaction, &currency, &value}, func() error {
		booked[transaction] = amount(value, currency)
		return nil
	})
	return booked, failed(err, "look up what was booked of transactions")
}

// KnownElsewhere returns which of the order ids and transaction ids at Saferpay belong to another company. It reveals nothing
// else of that company.
func (tx *Tx) KnownElsewhere(ctx context.Context, references []string) (map[string]bool, error) {
	known, err := all(ctx, tx.tx, pgx.RowTo[string], "look up what belongs to another company", `
		select distinct reference from unnest($1::text[]) as reference
		join saferpay_references on reference_hash = sha256(convert_to(reference, 'UTF8')) and company_id <> $2`,
		references, tx.companyID)
	elsewhere := make(map[string]bool, len(known))
	for _, reference := range known {
		elsewhere[reference] = true
	}
	return elsewhere, err
}

// ExceptionsAbout returns all exceptions about the subjects, resolved ones too.
func (tx *Tx) ExceptionsAbout(ctx context.Context, subjects []string) ([]exception.Exception, error) {
	return all(ctx, tx.tx, scanException, "list exceptions by what they are about", selectExceptions+` where subject = any($1)`, subjects)
}
