package postgres

import (
	"context"
	"fmt"

	"github.com/quittance/quittance/internal/ledger"
)

// VerifyJournal walks the company's journal from the first entry to the last. It returns nil when none was changed, dropped
// or inserted since it was booked, else an error that names the first entry at which the chain breaks.
func (s *Store) VerifyJournal(ctx context.Context, companyID string) error {
	return s.InCompany(ctx, companyID, func(tx *Tx) error {
		// Both queries below must see the same journal, whatever is booked meanwhile.
		if _, err := tx.tx.Exec(ctx, `set transaction isolation level repeatable read, read only`); err != nil {
			return failed(err, "freeze the journal of company %s", companyID)
		}
		head, err := one(ctx, tx.tx, scanHead, "company", companyID, selectHead, companyID)
		if err != nil {
			return err
		}
		if err := tx.walk(ctx, head); err != nil {
			return fmt.Errorf("verify the journal of company %s: %w", companyID, err)
		}
		return nil
	})
}

func (tx *Tx) walk(ctx context.Context, head chainHead) error {
	rows, err := tx.tx.Query(ctx, selectEntries+` order by sequence`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var last ledger.Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return err
		}
		if err := follows(last, e); err != nil {
			return err
		}
		last = e
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if last.Sequence != head.sequence || last.Hash != head.hash {
		return fmt.Errorf("it ends with entry %d, but the last one booked was entry %d", last.Sequence, head.sequence)
	}
	return nil
}

// follows returns nil when e is the entry after last in the chain and still says what was booked.
func follows(last, e ledger.Entry) error {
	switch {
	case e.Sequence != last.Sequence+1:
		return fmt.Errorf("entry %d is missing", last.Sequence+1)
	case e.PreviousHash != last.Hash:
		return fmt.Errorf("entry %d (%s) doesn't carry the hash of the entry before it", e.Sequence, e.ID)
	case !e.Intact():
		return fmt.Errorf("entry %d (%s) doesn't say any more what its hash was made of", e.Sequence, e.ID)
	default:
		return nil
	}
}
