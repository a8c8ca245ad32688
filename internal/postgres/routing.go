package postgres

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// This file holds what is asked before the company is known.

// CreateAPIKey stores a key of a company. The same id or hash again changes nothing; a company that doesn't exist is
// problem.NotFound.
func (s *Store) CreateAPIKey(ctx context.Context, k merchant.APIKey) error {
	_, err := s.pool.Exec(ctx, `
		insert into api_keys (hash, id, company_id, prefix, scopes, created_at) values ($1, $2, $3, $4, $5, $6)
		on conflict do nothing`,
		k.Hash, k.ID, k.CompanyID, k.Prefix, list(k.Scopes), k.CreatedAt)
	if violates(err, foreignKeyViolation, "key_of_a_company") {
		return notFound("company", k.CompanyID)
	}
	return failed(err, "create API key %s", k.ID)
}

// DeleteAPIKey makes a key of the company useless at once; problem.NotFound when the company has no such key.
func (s *Store) DeleteAPIKey(ctx context.Context, companyID, keyID string) error {
	tag, err := s.pool.Exec(ctx, `delete from api_keys where company_id = $1 and id = $2`, companyID, keyID)
	if err == nil && tag.RowsAffected() == 0 {
		return notFound("API key", keyID)
	}
	return failed(err, "delete API key %s", keyID)
}

// APIKeyByHash returns the key with that SHA-256, or problem.NotFound.
func (s *Store) APIKeyByHash(ctx context.Context, hash []byte) (merchant.APIKey, error) {
	k := merchant.APIKey{Hash: hash}
	err := s.route(ctx, "API key", `select id, company_id, prefix, scopes, created_at from api_keys where hash = $1`, hash,
		&k.ID, &k.CompanyID, &k.Prefix, &k.Scopes, &k.CreatedAt)
	return k, err
}

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
