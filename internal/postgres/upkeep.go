package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
)

// Upkeep returns the payment services of a shift. It is one query over all companies of the bucket.
func (s *Store) Upkeep(ctx context.Context, shift merchant.Shift) ([]merchant.Upkept, error) {
	return all(ctx, s.pool, scanUpkept, "list the payment services of a bucket of companies", `
		select company_id, id, swept_until, busy from payment_services_of_bucket($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		shift.Bucket, shift.Buckets, shift.Statuses, zeronull.Timestamptz(shift.SweptBefore), shift.After.CompanyID, shift.After.PaymentServiceID,
		id.Earliest(id.Payment, shift.BusySince), id.Earliest(id.Refund, shift.BusySince), shift.Most)
}

func scanUpkept(row pgx.CollectableRow) (u merchant.Upkept, err error) {
	err = row.Scan(&u.CompanyID, &u.PaymentServiceID, (*zeronull.Timestamptz)(&u.SweptUntil), &u.Busy)
	u.SweptUntil = u.SweptUntil.UTC()
	return u, err
}

// SweptUntil returns until when Saferpay's report on the payment service was compared; zero when it never was.
func (tx *Tx) SweptUntil(ctx context.Context, paymentServiceID string) (time.Time, error) {
	scan := func(row pgx.CollectableRow) (until time.Time, err error) {
		err = row.Scan((*zeronull.Timestamptz)(&until))
		return until.UTC(), err
	}
	return one(ctx, tx.tx, scan, "payment service", paymentServiceID, `select swept_until from payment_services where id = $1`, paymentServiceID)
}

// NoteSwept notes that a comparison of the payment service with Saferpay's report has ended well. A zero time says that there was no
// report: then the days are left to a later one.
func (tx *Tx) NoteSwept(ctx context.Context, paymentServiceID string, until, at time.Time) error {
	_, err := tx.tx.Exec(ctx, `
		update payment_services set swept_until = greatest(swept_until, $2), unswept_since = greatest(unswept_since, $3) where id = $1`,
		paymentServiceID, zeronull.Timestamptz(until), at)
	return failed(err, "note the comparison of payment service %s", paymentServiceID)
}
