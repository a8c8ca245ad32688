package postgres

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/merchant"
)

// pruned is how many rows one transaction removes.
const pruned = 500

// Prune removes what has been kept long enough at that time: the logs of deliveries that ended delivery.Kept ago, answers
// to requests that can't be repeated any more, and security notices that were mailed merchant.SecurityNoticesKept ago. Several processes may call it at once.
func (s *Store) Prune(ctx context.Context, at time.Time) error {
	companies, err := s.Companies(ctx)
	if err != nil {
		return err
	}
	for _, owner := range append(companies, idempotency.Administrator) {
		if err := s.pruneOf(ctx, owner, at); err != nil {
			return failed(err, "remove what was kept long enough of %s", owner)
		}
	}
	return nil
}

func (s *Store) pruneOf(ctx context.Context, owner string, at time.Time) error {
	for {
		var removed int64
		err := s.inOwner(ctx, owner, func(tx *Tx) error {
			logs, err := tx.tx.Exec(ctx, `
				delete from event_deliveries where (company_id, endpoint_id, event_id) in (
					select company_id, endpoint_id, event_id from event_deliveries where ended_at < $1 limit $2 for update skip locked
				)`, at.Add(-delivery.Kept), pruned)
			if err != nil {
				return err
			}
			answers, err := tx.tx.Exec(ctx, `
				delete from idempotency_keys where (company_id, key) in (
					select company_id, key from idempotency_keys where created_at < $1 limit $2 for update skip locked
				)`, at.Add(-idempotency.Kept), pruned)
			if err != nil {
				return err
			}
			notices, err := tx.tx.Exec(ctx, `
				delete from security_notices where (company_id, id, recipient) in (
					select company_id, id, recipient from security_notices where ended_at < $1 limit $2 for update skip locked
				)`, at.Add(-merchant.SecurityNoticesKept), pruned)
			removed = max(logs.RowsAffected(), answers.RowsAffected(), notices.RowsAffected())
			return err
		})
		if err != nil || removed < pruned {
			return err
		}
	}
}
