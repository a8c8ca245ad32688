package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/problem"
)

// DataKeys returns the keys that seal, wrapped by the master key, or problem.NotFound before there are any.
func (s *Store) DataKeys(ctx context.Context) (wrapped []byte, err error) {
	err = s.pool.QueryRow(ctx, `select wrapped from data_keys`).Scan(&wrapped)
	if errors.Is(err, pgx.ErrNoRows) || isCode(err, undefinedTable) {
		return nil, problem.New(problem.NotFound, "The database has no data keys yet: run `quittance migrate`.")
	}
	return wrapped, failed(err, "read the data keys")
}

// CreateDataKeys stores the first data keys; when there are some already they stay.
func (s *Store) CreateDataKeys(ctx context.Context, wrapped []byte, at time.Time) error {
	_, err := s.pool.Exec(ctx, `insert into data_keys (wrapped, rotated_at, resealed_at) values ($1, $2, $2) on conflict do nothing`, wrapped, at)
	return failed(err, "keep the data keys")
}

// DataKeyChange is the state of the data keys. ResealedAt is zero while something may still be sealed with an older key than
// the newest.
type DataKeyChange struct {
	Wrapped               []byte
	RotatedAt, ResealedAt time.Time
}

// ChangeDataKeys stores what change makes of the data keys, one call after the other. The error is that of change, or
// problem.NotFound before there are any keys.
func (s *Store) ChangeDataKeys(ctx context.Context, change func(*DataKeyChange) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		scan := func(row pgx.CollectableRow) (k DataKeyChange, err error) {
			err = row.Scan(&k.Wrapped, &k.RotatedAt, (*zeronull.Timestamptz)(&k.ResealedAt))
			return k, err
		}
		k, err := one(ctx, tx, scan, "set", "of data keys", `select wrapped, rotated_at, resealed_at from data_keys for update`)
		if err != nil {
			return err
		}
		if err := change(&k); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update data_keys set wrapped = $1, rotated_at = $2, resealed_at = $3`, k.Wrapped, k.RotatedAt, zeronull.Timestamptz(k.ResealedAt))
		return failed(err, "keep the data keys")
	})
}

// Companies returns the ids of all companies.
func (s *Store) Companies(ctx context.Context) ([]string, error) {
	return all(ctx, s.pool, pgx.RowTo[string], "list the companies", `select id from company_ids order by id`)
}
