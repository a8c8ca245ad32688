package postgres

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/problem"
)

// This file holds what is asked before the company is known.

// OnlineDocument returns whose invoice, and which, the token in a public link stands for, or problem.NotFound.
func (s *Store) OnlineDocument(ctx context.Context, token string) (companyID, invoiceID string, err error) {
	err = s.route(ctx, "online document", `select company_id, invoice_id from online_documents where token_hash = $1`, digest(token),
		&companyID, &invoiceID)
	return companyID, invoiceID, err
}

// Notification returns which payment, of which invoice and company, the secret in a notification URL stands for, or
// problem.NotFound.
func (s *Store) Notification(ctx context.Context, secret string) (companyID, invoiceID, paymentID string, err error) {
	err = s.route(ctx, "payment", `select company_id, invoice_id, payment_id from notifications where secret_hash = $1`, digest(secret),
		&companyID, &invoiceID, &paymentID)
	return companyID, invoiceID, paymentID, err
}

// PaymentServiceCompany returns the company of a payment service, for calls of the administrator that name only that;
// problem.NotFound when there is none.
func (s *Store) PaymentServiceCompany(ctx context.Context, paymentServiceID string) (companyID string, err error) {
	err = s.route(ctx, "payment service", `select company_id from payment_service_companies where payment_service_id = $1`, paymentServiceID,
		&companyID)
	return companyID, err
}

// route scans the only row that the query gives for the key. The key may be a secret and stays out of the error.
func (s *Store) route(ctx context.Context, kind, sql string, key any, into ...any) error {
	err := s.pool.QueryRow(ctx, sql, key).Scan(into...)
	if errors.Is(err, pgx.ErrNoRows) {
		return problem.New(problem.NotFound, "There is no such %s.", kind)
	}
	return failed(err, "look up whose %s it is", kind)
}

// digest is what is kept of a secret that opens something.
func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
