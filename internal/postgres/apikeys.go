package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/merchant"
)

// CreateAPIKey stores a key of a company. The same id or hash again changes nothing; a company that doesn't exist is
// problem.NotFound.
func (s *Store) CreateAPIKey(ctx context.Context, k merchant.APIKey) error {
	return s.InCompany(ctx, k.CompanyID, func(tx *Tx) error { return tx.InsertAPIKey(ctx, k) })
}

// InsertAPIKey is CreateAPIKey within a transaction of its company.
func (tx *Tx) InsertAPIKey(ctx context.Context, k merchant.APIKey) error {
	_, err := tx.tx.Exec(ctx, `
		insert into api_keys (hash, id, company_id, prefix, scopes, created_at, expires_at, last_used_at, allowed_addresses)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict do nothing`,
		k.Hash, k.ID, k.CompanyID, k.Prefix, list(k.Scopes), k.CreatedAt, zeronull.Timestamptz(k.ExpiresAt), zeronull.Timestamptz(k.LastUsedAt),
		list(k.AllowedAddresses))
	if violates(err, foreignKeyViolation, "key_of_a_company") {
		return notFound("company", k.CompanyID)
	}
	return failed(err, "create API key %s", k.ID)
}

const selectAPIKeys = `
	select hash, id, company_id, prefix, scopes, created_at, expires_at, last_used_at, allowed_addresses,
		(select suspended from companies c where c.id = company_id)
	from api_keys`

func scanAPIKey(row pgx.CollectableRow) (k merchant.APIKey, err error) {
	err = row.Scan(&k.Hash, &k.ID, &k.CompanyID, &k.Prefix, &k.Scopes, &k.CreatedAt, (*zeronull.Timestamptz)(&k.ExpiresAt),
		(*zeronull.Timestamptz)(&k.LastUsedAt), &k.AllowedAddresses, &k.Suspended)
	return k, err
}

// APIKeys returns the keys of the company, oldest first; none when there is no such company.
func (tx *Tx) APIKeys(ctx context.Context) ([]merchant.APIKey, error) {
	return all(ctx, tx.tx, scanAPIKey, "list the API keys of "+tx.companyID, selectAPIKeys+` where company_id = $1 order by id`, tx.companyID)
}

// APIKeyByHash returns the key with that SHA-256, or problem.NotFound.
func (s *Store) APIKeyByHash(ctx context.Context, hash []byte) (merchant.APIKey, error) {
	return shown(ctx, s, scanAPIKey, "API key", hash, selectAPIKeys+` where hash = $1`,
		`select set_config('quittance.company_id', company_id, true) from api_keys where hash = $1`) // so that its company is seen too
}

// LockAPIKey returns a key of the company, or problem.NotFound, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockAPIKey(ctx context.Context, keyID string) (merchant.APIKey, error) {
	return one(ctx, tx.tx, scanAPIKey, "API key", keyID, selectAPIKeys+` where company_id = $1 and id = $2 for update`, tx.companyID, keyID)
}

// SaveAPIKey stores what can change about a key: when it ends, and from where it works.
func (tx *Tx) SaveAPIKey(ctx context.Context, k merchant.APIKey) error {
	return tx.save(ctx, "API key", k.ID, `update api_keys set expires_at = $3, allowed_addresses = $4 where company_id = $1 and id = $2`,
		tx.companyID, k.ID, zeronull.Timestamptz(k.ExpiresAt), list(k.AllowedAddresses))
}

// UseAPIKey stores when the key was last used.
func (s *Store) UseAPIKey(ctx context.Context, k merchant.APIKey) error {
	return s.InCompany(ctx, k.CompanyID, func(tx *Tx) error {
		_, err := tx.tx.Exec(ctx, `update api_keys set last_used_at = $2 where hash = $1`, k.Hash, k.LastUsedAt)
		return failed(err, "note the use of API key %s", k.ID)
	})
}

// DeleteAPIKey makes a key of the company useless at once; problem.NotFound when the company has no such key.
func (tx *Tx) DeleteAPIKey(ctx context.Context, keyID string) error {
	return tx.save(ctx, "API key", keyID, `delete from api_keys where company_id = $1 and id = $2`, tx.companyID, keyID)
}
