package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/settlement"
)

const selectSettlements = `
	select id, company_id, file_hash, file_size, format, message, message_id, created, accounts, skipped, imported_at, imported_by
	from settlements`

func scanSettlement(row pgx.CollectableRow) (s settlement.Settlement, err error) {
	err = row.Scan(&s.ID, &s.CompanyID, &s.Hash, &s.Size, &s.Format, &s.Message, &s.MessageID, (*zeronull.Timestamptz)(&s.Created),
		&s.Accounts, &s.Skipped, &s.ImportedAt, &s.ImportedBy)
	return s, err
}

// Settlement returns a settlement, or problem.NotFound.
func (tx *Tx) Settlement(ctx context.Context, id string) (settlement.Settlement, error) {
	return one(ctx, tx.tx, scanSettlement, "settlement", id, selectSettlements+` where id = $1`, id)
}

// SettlementOf returns the settlement of the file with that SHA-256; false when it was never imported.
func (tx *Tx) SettlementOf(ctx context.Context, hash []byte) (settlement.Settlement, bool, error) {
	return optional(ctx, tx.tx, scanSettlement, "look for the settlement of a file", selectSettlements+` where file_hash = $1`, hash)
}

// InsertSettlement stores a new settlement, or what another import of its file has read besides. Lock the journal first, so that nobody
// else imports the same file at the same time.
func (tx *Tx) InsertSettlement(ctx context.Context, s settlement.Settlement) error {
	_, err := tx.tx.Exec(ctx, `
		insert into settlements (company_id, id, file_hash, file_size, format, message, message_id, created, accounts, skipped, imported_at, imported_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict (company_id, id) do update set accounts = excluded.accounts, skipped = excluded.skipped`,
		s.CompanyID, s.ID, s.Hash, s.Size, s.Format, s.Message, s.MessageID, zeronull.Timestamptz(s.Created), list(s.Accounts), s.Skipped,
		s.ImportedAt, s.ImportedBy)
	return failed(err, "insert settlement %s", s.ID)
}

// Settlements returns one page of the settlements, newest first, and the cursor for more, if there are. A cursor that didn't come
// from here is problem.Invalid.
func (tx *Tx) Settlements(ctx context.Context, f listing.Settlements) (settlements []settlement.Settlement, next string, err error) {
	q := query{sql: selectSettlements}
	if err := q.before(f.Cursor, id.Settlement); err != nil {
		return nil, "", err
	}
	settlements, next, err = page(ctx, tx, q, "id desc", f.Limit, scanSettlement, func(s settlement.Settlement) string { return s.ID })
	return settlements, next, failed(err, "list settlements")
}

// SettlementsWithPages returns the settlements, oldest first, that have a page of one of those statements, see settlement.Account.
func (tx *Tx) SettlementsWithPages(ctx context.Context, statements []settlement.Account) ([]settlement.Settlement, error) {
	if len(statements) == 0 {
		return nil, nil
	}
	parts := make([][]map[string]string, len(statements))
	for i, a := range statements {
		parts[i] = []map[string]string{{"number": a.Number, "sequence": a.Series}}
	}
	rows, _ := tx.tx.Query(ctx, selectSettlements+` where accounts @> any($1::jsonb[]) order by id`, parts) // its error comes out of CollectRows
	settlements, err := pgx.CollectRows(rows, scanSettlement)
	return settlements, failed(err, "look for the pages of statements")
}

// CountPayouts returns how many payouts of each settlement are in each state, by the settlement's id.
func (tx *Tx) CountPayouts(ctx context.Context, settlements ...settlement.Settlement) (map[string]map[settlement.State]int, error) {
	ids, counts := make([]string, len(settlements)), map[string]map[settlement.State]int{}
	for i, s := range settlements {
		ids[i], counts[s.ID] = s.ID, map[settlement.State]int{}
	}
	rows, _ := tx.tx.Query(ctx, `
		select s.settlement_id, p.state, count(distinct p.id) from payout_sightings s join payouts p on p.id = s.payout_id
		where s.settlement_id = any($1) group by 1, 2`, ids) // its error comes out of ForEachRow
	var id string
	var state settlement.State
	var count int
	_, err := pgx.ForEachRow(rows, []any{&id, &state, &count}, func() error {
		counts[id][state] = count
		return nil
	})
	return counts, failed(err, "count the payouts of settlements")
}

// LockJournal keeps everybody else from booking anything for the company until the transaction ends.
func (tx *Tx) LockJournal(ctx context.Context) error {
	_, err := one(ctx, tx.tx, scanHead, "company", tx.companyID, selectHead+` for update`, tx.companyID)
	return err
}
