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
	return s.InCompany(ctx, k.CompanyID, func(tx *Tx) error { return tx.createAPIKey(ctx, k) })
}

func (tx *Tx) createAPIKey(ctx context.Context, k merchant.APIKey) error {
	_, err := tx.tx.Exec(ctx, `
		insert into api_keys (hash, id, company_id, prefix, scopes, created_at, expires_at, last_used_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict do nothing`,
		k.Hash, k.ID, k.CompanyID, k.Prefix, list(k.Scopes), k.CreatedAt, zeronull.Timestamptz(k.ExpiresAt), zeronull.Timestamptz(k.LastUsedAt))
	if violates(err, foreignKeyViolation, "key_of_a_company") {
		return notFound("company", k.CompanyID)
	}
	return failed(err, "create API key %s", k.ID)
}

const selectAPIKeys = `
	select hash, id, company_id, prefix, scopes, created_at, expires_at, last_used_at,
		(select suspended from companies c where c.id = company_id)
	from api_keys`

func scanAPIKey(row pgx.CollectableRow) (k merchant.APIKey, err error) {
	err = row.Scan(&k.Hash, &k.ID, &k.CompanyID, &k.Prefix, &k.Scopes, &k.CreatedAt, (*zeronull.Timestamptz)(&k.ExpiresAt),
		(*zeronull.Timestamptz)(&k.LastUsedAt), &k.Suspended)
	return k, err
}

// APIKeys returns the keys of a company, oldest first; none when there is no such company.
func (s *Store) APIKeys(ctx context.Context, companyID string) (keys []merchant.APIKey, err error) {
	err = s.InCompany(ctx, companyID, func(tx *Tx) error {
		rows, _ := tx.tx.Query(ctx, selectAPIKeys+` where company_id = $1 order by id`, companyID) // its error comes out of CollectRows
		keys, err = pgx.CollectRows(rows, scanAPIKey)
		return failed(err, "list the API keys of %s", companyID)
	})
	return keys, err
}

// APIKeyByHash returns the key with that SHA-256, or problem.NotFound.
func (s *Store) APIKeyByHash(ctx context.Context, hash []byte) (merchant.APIKey, error) {
	return shown(ctx, s, scanAPIKey, "API key", hash, selectAPIKeys+` where hash = $1`,
		`select set_config('quittance.company_id', company_id, true) from api_keys where hash = $1`) // so that its company is seen too
}

// ReplaceAPIKey stores a new key, and the end of the one that it replaces, which end sets. Problems: problem.NotFound when
// the company has no such key, and those of end.
func (s *Store) ReplaceAPIKey(ctx context.Context, keyID string, next merchant.APIKey, end func(*merchant.APIKey) error) error {
	return s.InCompany(ctx, next.CompanyID, func(tx *Tx) error {
		k, err := one(ctx, tx.tx, scanAPIKey, "API key", keyID, selectAPIKeys+` where company_id = $1 and id = $2 for update`, next.CompanyID, keyID)
		if err != nil {
			return err
		}
		if err := end(&k); err != nil {
			return err
		}
		if _, err := tx.tx.Exec(ctx, `update api_keys set expires_at = $2 where id = $1`, keyID, k.ExpiresAt); err != nil {
			return failed(err, "end API key %s", keyID)
		}
		return tx.createAPIKey(ctx, next)
	})
}

// UseAPIKey stores when the key was last used.
func (s *Store) UseAPIKey(ctx context.Context, k merchant.APIKey) error {
	return s.InCompany(ctx, k.CompanyID, func(tx *Tx) error {
		_, err := tx.tx.Exec(ctx, `update api_keys set last_used_at = $2 where hash = $1`, k.Hash, k.LastUsedAt)
		return failed(err, "note the use of API key %s", k.ID)
	})
}

// DeleteAPIKey makes a key of the company useless at once; problem.NotFound when the company has no such key.
func (s *Store) DeleteAPIKey(ctx context.Context, companyID, keyID string) error {
	return s.InCompany(ctx, companyID, func(tx *Tx) error {
		return tx.save(ctx, "API key", keyID, `delete from api_keys where company_id = $1 and id = $2`, companyID, keyID)
	})
}
