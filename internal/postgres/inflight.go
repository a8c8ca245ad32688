package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
)

// InFlight returns at most limit of the payments and refunds of a payment service that have not ended, ordered by their ids,
// from after that id on; empty for all of them.
func (tx *Tx) InFlight(ctx context.Context, paymentServiceID, after string, limit int) ([]merchant.InFlight, error) {
	return all(ctx, tx.tx, scanInFlight, "list what is in flight through payment service "+paymentServiceID, `
		select id, invoice_id, '' from payments where payment_service_id = $1 and state = any($2) and id > $4
		union all
		select r.id, r.invoice_id, r.payment_id from refunds r join payments p on p.company_id = r.company_id and p.id = r.payment_id
			where p.payment_service_id = $1 and r.state = any($3) and r.id > $4
		order by 1 limit $5`,
		paymentServiceID, unfinished(payment.States), unfinished(refund.States), after, limit)
}

// Unfinished returns those of the companies that have a payment or refund that has not ended, a finding that nobody has decided, a bank
// receipt that is not booked yet, or something of a payment service that somebody waits for.
func (s *Store) Unfinished(ctx context.Context, companies []string) (found []string, err error) {
	err = s.eachCompany(ctx, companies, func(batch *pgx.Batch) {
		batch.Queue(`
			select c.id from companies c
			where exists (select from payments where company_id = c.id and state = any($1)) or exists (select from refunds where company_id = c.id and state = any($2))
				or exists (select from exceptions where company_id = c.id and `+openFinding+`)
				or exists (select from bank_receipts where company_id = c.id and state = 'waiting')
				or exists (select from payment_services where company_id = c.id and (requested_currencies <> '[]'
					or status in ('awaiting_credentials', 'in_verification') or status = 'disconnected' and sealed_password is not null))`,
			unfinished(payment.States), unfinished(refund.States)).Query(func(rows pgx.Rows) error {
			some, err := pgx.CollectRows(rows, pgx.RowTo[string])
			found = append(found, some...)
			return err
		})
	})
	return found, err
}

func scanInFlight(row pgx.CollectableRow) (u merchant.InFlight, err error) {
	var paymentID string
	if err = row.Scan(&u.PaymentID, &u.InvoiceID, &paymentID); paymentID != "" {
		u.RefundID, u.PaymentID = u.PaymentID, paymentID
	}
	return u, err
}

// unfinished are the states from which there is a way on.
func unfinished[S interface {
	~string
	Final() bool
}](states []S) (list []string) {
	for _, s := range states {
		if !s.Final() {
			list = append(list, string(s))
		}
	}
	return list
}
