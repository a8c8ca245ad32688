package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/idempotency"
)

// forgotten is how many old keys of a company each new one removes.
const forgotten = 20

// TakeRequest returns what becomes of a request with a key, see idempotency.Request.Repeat. It stores a request that is to be
// carried out. Of two at the same time, only one is.
func (s *Store) TakeRequest(ctx context.Context, r idempotency.Request) (taken idempotency.Request, err error) {
	err = s.inOwner(ctx, r.Owner, func(tx *Tx) error {
		_, err := tx.tx.Exec(ctx, `
			delete from idempotency_keys where (company_id, key) in (
				select company_id, key from idempotency_keys where created_at < $1 order by created_at limit $2 for update skip locked
			)`, r.CreatedAt.Add(-idempotency.Kept), forgotten)
		if err != nil {
			return failed(err, "forget old requests")
		}
		tag, err := tx.tx.Exec(ctx, `
			insert into idempotency_keys (company_id, key, fingerprint, seed, created_at, taken_at) values ($1, $2, $3, $4, $5, $6)
			on conflict (company_id, key) do update
				set fingerprint = $3, seed = $4, created_at = $5, taken_at = $6, status = null, content_type = null, sealed = null
				where idempotency_keys.created_at < $7`,
			r.Owner, r.Key, r.Fingerprint, r.Seed[:], r.CreatedAt, r.TakenAt, r.CreatedAt.Add(-idempotency.Kept))
		if err != nil || tag.RowsAffected() == 1 {
			taken = r
			return failed(err, "keep a request")
		}
		first, err := one(ctx, tx.tx, scanRequest, "request", r.Key, `
			select company_id, key, fingerprint, seed, created_at, taken_at, status, content_type, sealed
			from idempotency_keys where key = $1 for update`, r.Key)
		if err != nil {
			return err
		}
		if taken, err = first.Repeat(r); err != nil || taken.Answer != nil {
			return err
		}
		return tx.saveTaken(ctx, taken)
	})
	return taken, err
}

func scanRequest(row pgx.CollectableRow) (r idempotency.Request, err error) {
	var status *int
	var contentType *string
	var seed, sealed []byte
	err = row.Scan(&r.Owner, &r.Key, &r.Fingerprint, &seed, &r.CreatedAt, &r.TakenAt, &status, &contentType, &sealed)
	copy(r.Seed[:], seed)
	if status != nil {
		r.Answer = &idempotency.Answer{Status: *status, ContentType: *contentType, Sealed: sealed}
	}
	return r, err
}

func (tx *Tx) saveTaken(ctx context.Context, r idempotency.Request) error {
	return tx.save(ctx, "request", r.Key, `update idempotency_keys set taken_at = $2 where key = $1`, r.Key, r.TakenAt)
}

// AnswerRequest keeps the answer to a request that was taken.
func (s *Store) AnswerRequest(ctx context.Context, r idempotency.Request, a idempotency.Answer) error {
	return s.inOwner(ctx, r.Owner, func(tx *Tx) error {
		return tx.save(ctx, "request", r.Key, `
			update idempotency_keys set status = $3, content_type = $4, sealed = $5 where key = $1 and seed = $2`,
			r.Key, r.Seed[:], a.Status, a.ContentType, a.Sealed)
	})
}

// GiveUpRequest frees the key of a request that was taken, so that a repetition is carried out at once.
func (s *Store) GiveUpRequest(ctx context.Context, r idempotency.Request) error {
	r.TakenAt = time.Unix(0, 0)
	return s.inOwner(ctx, r.Owner, func(tx *Tx) error { return tx.saveTaken(ctx, r) })
}

func (s *Store) inOwner(ctx context.Context, owner string, fn func(*Tx) error) error {
	if owner == idempotency.Administrator {
		return s.within(ctx, owner, fn)
	}
	return s.InCompany(ctx, owner, fn)
}
