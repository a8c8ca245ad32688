package postgres

import (
	"context"
	"time"
)

// SigningKey returns the id and the sealed private half of the key that signs at present, or problem.NotFound.
func (s *Store) SigningKey(ctx context.Context) (id string, sealed []byte, err error) {
	err = s.route(ctx, "signing key", `select id, sealed_private from signing_keys where retired_at is null and $1`, true, &id, &sealed)
	return id, sealed, err
}

// KeepSigningKey stores a key that signs from now on, unless there is one that does.
func (s *Store) KeepSigningKey(ctx context.Context, id, publicPEM string, sealed []byte, at time.Time) error {
	_, err := s.pool.Exec(ctx, `
		insert into signing_keys (id, public_key, sealed_private, created_at) values ($1, $2, $3, $4) on conflict do nothing`,
		id, publicPEM, sealed, at)
	return failed(err, "keep the signing key %s", id)
}

// RetireSigningKey makes the key that signs at present sign no more. What it has signed stays signed.
func (s *Store) RetireSigningKey(ctx context.Context, at time.Time) error {
	_, err := s.pool.Exec(ctx, `update signing_keys set retired_at = $1 where retired_at is null`, at)
	return failed(err, "retire the signing key")
}
