package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/problem"
)

// This file holds the queries that run before the company is known.

// OnlineDocument returns the company and the invoice of the token in a public link, or problem.NotFound; both and problem.LinkEnded when
// another link took its place.
func (s *Store) OnlineDocument(ctx context.Context, token string) (companyID, invoiceID string, err error) {
	var revoked bool
	scan := func(row pgx.CollectableRow) (struct{}, error) {
		return struct{}{}, row.Scan(&companyID, &invoiceID, &revoked)
	}
	_, err = shown(ctx, s, scan, "online document", digest(token), `select company_id, invoice_id, revoked_at is not null from online_documents where token_hash = $1`)
	if revoked {
		err = problem.New(problem.LinkEnded, "Another link took the place of this one.")
	}
	return companyID, invoiceID, err
}

// Notification returns the company and the payment of the secret in a notification URL, or problem.NotFound.
func (s *Store) Notification(ctx context.Context, secret string) (companyID, paymentID string, err error) {
	scan := func(row pgx.CollectableRow) (struct{}, error) { return struct{}{}, row.Scan(&companyID, &paymentID) }
	_, err = shown(ctx, s, scan, "payment", digest(secret), `select company_id, payment_id from notifications where secret_hash = $1`)
	return companyID, paymentID, err
}

// PaymentServiceCompany returns the company of a payment service, for calls of the administrator that name only that;
// problem.NotFound when there is none.
func (s *Store) PaymentServiceCompany(ctx context.Context, paymentServiceID string) (companyID string, err error) {
	err = s.route(ctx, "payment service", `select company_id from payment_service_companies where payment_service_id = $1`, paymentServiceID,
		&companyID)
	return companyID, err
}

// shown returns the row with the digest of the secret that the caller showed ($1 of the query), or problem.NotFound. Row-level
// security hides every other row. The statements of first, which take the digest too, run before the query. It is one round trip,
// because what is sent together is one transaction.
func shown[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], kind string, digest []byte, sql string, first ...string) (item T, err error) {
	var batch pgx.Batch
	batch.Queue(`select set_config('quittance.shown', $1, true)`, hex.EncodeToString(digest))
	for _, statement := range first {
		batch.Queue(statement, digest)
	}
	batch.Queue(sql, digest).Query(func(rows pgx.Rows) error {
		item, err = pgx.CollectExactlyOneRow(rows, scan)
		return err
	})
	err = s.pool.SendBatch(ctx, &batch).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return item, problem.New(problem.NotFound, "There is no such %s.", kind)
	}
	return item, failed(err, "look up whose %s it is", kind)
}

// route scans the only row that the query gives for the key, in a table without a policy.
func (s *Store) route(ctx context.Context, kind, sql string, key any, into ...any) error {
	err := s.pool.QueryRow(ctx, sql, key).Scan(into...)
	if errors.Is(err, pgx.ErrNoRows) {
		return problem.New(problem.NotFound, "There is no such %s.", kind)
	}
	return failed(err, "look up whose %s it is", kind)
}

// digest returns what the database keeps of a secret that opens something.
func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
