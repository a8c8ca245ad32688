package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/internal/ledger"
)

// chunk is how many entries VerifyJournal reads at once.
const chunk = 2000

// VerifyJournal walks the company's journal from the first entry to the last and returns how far it goes. When an entry was
// changed, dropped or inserted, the error is a ledger.BreakError that names the first one. VerifyJournal calls seen, unless it
// is nil, with each entry that is in order; an error of seen ends the walk.
func (s *Store) VerifyJournal(ctx context.Context, companyID string, seen func(ledger.Chain) error) (ledger.Chain, error) {
	var chain ledger.Chain
	err := s.InCompany(ctx, companyID, func(tx *Tx) error {
		chain = ledger.Chain{}
		tx.Snapshot()
		if err := tx.takeTime(ctx); err != nil {
			return err
		}
		head, err := one(ctx, tx.tx, scanHead, "company", companyID, selectHead, companyID)
		if err != nil {
			return err
		}
		if err := tx.walk(ctx, &chain, seen); err != nil {
			return err
		}
		if err := chain.Ends(ledger.Chain{Sequence: head.sequence, Hash: head.hash}); err != nil {
			return err
		}
		if err := tx.noOtherLines(ctx, chain); err != nil {
			return err
		}
		return tx.sameTurnovers(ctx, chain)
	})
	if err != nil {
		return chain, fmt.Errorf("verify the journal of company %s: %w", companyID, err)
	}
	return chain, nil
}

// walk adds all entries to the chain. One goroutine reads the next chunk while the other hashes the one before.
func (tx *Tx) walk(ctx context.Context, chain *ledger.Chain, seen func(ledger.Chain) error) error {
	var both errgroup.Group
	chunks, broken := make(chan []ledger.Entry), make(chan struct{})
	both.Go(func() error {
		defer close(chunks)
		for after := int64(0); ; {
			entries, err := tx.entriesAfter(ctx, after)
			if err != nil {
				return err
			}
			select {
			case chunks <- entries:
			case <-broken:
				return nil
			}
			if len(entries) < chunk {
				return nil
			}
			after = entries[len(entries)-1].Sequence
		}
	})
	both.Go(func() error {
		defer close(broken)
		for entries := range chunks {
			if err := add(chain, entries, seen); err != nil {
				return err
			}
		}
		return nil
	})
	return both.Wait()
}

// add adds entries to the chain and calls seen with each.
func add(chain *ledger.Chain, entries []ledger.Entry, seen func(ledger.Chain) error) error {
	for _, e := range entries {
		if err := chain.Next(e); err != nil {
			return err
		}
		if seen == nil {
			continue
		}
		if err := seen(*chain); err != nil {
			return err
		}
	}
	return nil
}

// entriesAfter returns the next chunk of entries with their lines, by two plain scans: a walk through a long journal has no
// time for a query per entry.
func (tx *Tx) entriesAfter(ctx context.Context, sequence int64) ([]ledger.Entry, error) {
	rows, _ := tx.tx.Query(ctx, `select `+entryColumns+` from journal_entries where sequence > $1 order by sequence limit $2`, sequence, chunk) // its error comes out of AppendRows
	entries, err := pgx.AppendRows(make([]ledger.Entry, 0, chunk), rows, func(row pgx.CollectableRow) (e ledger.Entry, err error) {
		return e, row.Scan(entryFields(&e)...)
	})
	if err != nil || len(entries) == 0 {
		return nil, failed(err, "read the journal from entry %d", sequence+1)
	}
	return entries, tx.addLines(ctx, entries, `sequence > $1 and sequence <= $2`, sequence, entries[len(entries)-1].Sequence)
}

// noOtherLines returns a BreakError when there are lines outside the entries of the whole chain. Balances would count them.
func (tx *Tx) noOtherLines(ctx context.Context, whole ledger.Chain) error {
	stray, found, err := optional(ctx, tx.tx, pgx.RowTo[int64], "look for lines without an entry",
		`select sequence from journal_lines where sequence < 1 or sequence > $1 order by sequence limit 1`, whole.Sequence)
	if err != nil || !found {
		return err
	}
	return &ledger.BreakError{Sequence: stray, Why: "has lines, but was never booked"}
}

// sameTurnovers returns a BreakError when the turnovers of a day, of which balances are made, are not those of the whole chain.
func (tx *Tx) sameTurnovers(ctx context.Context, whole ledger.Chain) error {
	other, found, err := optional(ctx, tx.tx, pgx.RowTo[string], "hold the turnovers of each day against the journal", `
		select format('account %s on %s in %s', account, date, currency)
		from (
			select account, date, currency, source_kind, sum(debit) as debit, sum(credit) as credit
			from journal_lines join journal_entries using (company_id, sequence) group by 1, 2, 3, 4
		) booked full join daily_turnovers d using (account, date, currency, source_kind)
		where (booked.debit, booked.credit) is distinct from (d.debit, d.credit) order by 1 limit 1`)
	if err != nil || !found {
		return err
	}
	return &ledger.BreakError{Sequence: whole.Sequence, Why: "is the last one, but the journal adds up to other turnovers of " + other}
}

// Head returns how far the company's journal has come.
func (tx *Tx) Head(ctx context.Context) (ledger.Chain, error) {
	head, err := one(ctx, tx.tx, scanHead, "company", tx.companyID, selectHead, tx.companyID)
	return ledger.Chain{Sequence: head.sequence, Hash: head.hash}, err
}

// HeadBefore returns how far the company's journal had come before that time.
func (tx *Tx) HeadBefore(ctx context.Context, t time.Time) (ledger.Chain, error) {
	chain, _, err := optional(ctx, tx.tx, pgx.RowToStructByPos[ledger.Chain], "look up the head of the journal", `
		select sequence, hash from journal_entries where created_at < $1 order by created_at desc, sequence desc limit 1`, t)
	return chain, err
}
