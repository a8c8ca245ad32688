package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/audit"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
)

// NoteWrite stores a write before it is tried, at the end of the company's chain. A company that doesn't exist is problem.NotFound.
//
// From here to the end of the transaction nobody else can add to the same company's audit log.
func (tx *Tx) NoteWrite(ctx context.Context, e audit.Entry) error {
	_, err := tx.tx.Exec(ctx, `
		insert into audit_log (company_id, id, at, actor, action, subject, request_id, status, problem, changes)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		e.CompanyID, e.ID, e.At, e.Actor, e.Action, e.Subject, e.RequestID, zeronull.Int8(e.Status), e.Problem, changes(e))
	if isCode(err, noDataFound) { // no head of its chain
		return notFound("company", e.CompanyID)
	}
	return failed(err, "note a write")
}

// CompleteWrite stores how a noted write was answered, as one more entry of the chain. One without a status has no answer: that is
// noted already.
func (tx *Tx) CompleteWrite(ctx context.Context, e audit.Entry) error {
	if e.Status == 0 {
		return nil
	}
	return tx.NoteWrite(ctx, e)
}

// AuditLog returns the entries that the filter chooses, newest first, and the cursor for more, if there are. A cursor that
// didn't come from here is problem.Invalid.
func (tx *Tx) AuditLog(ctx context.Context, f listing.AuditLog) (entries []audit.Entry, next string, err error) {
	q := query{sql: `select ` + auditColumns + ` from audit_log a`}
	q.where(`(status is not null or not exists (
		select from audit_log answered where answered.company_id = a.company_id and answered.id = a.id and answered.status is not null))`)
	whereSet(&q, "subject = ?", f.Subject)
	whereSet(&q, "actor = ?", f.Actor)
	if !f.From.IsZero() {
		q.where("at >= ?", f.From)
	}
	if !f.To.IsZero() {
		q.where("at < ?", f.To)
	}
	if err := q.before(f.Cursor, id.AuditEntry); err != nil {
		return nil, "", err
	}
	entries, next, err = page(ctx, tx, q, "id desc", f.Limit, scanAuditEntry, func(e audit.Entry) string { return e.ID })
	return entries, next, failed(err, "list the audit log")
}

const auditColumns = `company_id, id, at, actor, action, subject, request_id, status, problem, changes`

func scanAuditEntry(row pgx.CollectableRow) (e audit.Entry, err error) {
	var status zeronull.Int8
	err = row.Scan(&e.CompanyID, &e.ID, &e.At, &e.Actor, &e.Action, &e.Subject, &e.RequestID, &status, &e.Problem, &e.Changes)
	e.Status = int(status)
	return e, err
}

func changes(e audit.Entry) map[string]audit.Change {
	if e.Changes == nil {
		return map[string]audit.Change{}
	}
	return e.Changes
}

// auditChunk is how many entries VerifyAudit reads at once. One may hold all fields of an invoice, twice.
const auditChunk = 500

// VerifyAudit walks the company's audit log from the first entry to the last and returns how far it goes. When an entry was changed,
// dropped or inserted, the error is an audit.BreakError that names the first one.
func (s *Store) VerifyAudit(ctx context.Context, companyID string) (audit.Chain, error) {
	var chain audit.Chain
	err := s.InCompany(ctx, companyID, func(tx *Tx) error {
		chain = audit.Chain{}
		tx.Snapshot()
		head, err := one(ctx, tx.tx, pgx.RowToStructByPos[audit.Chain], "company", companyID, `select sequence, hash from audit_heads`)
		if err != nil {
			return err
		}
		for {
			links, err := all(ctx, tx.tx, scanLink, "read the audit log", `
				select sequence, changes::text, previous_hash, hash, `+auditColumns+` from audit_log
				where sequence > $1 order by sequence limit $2`, chain.Sequence, auditChunk)
			if err != nil {
				return err
			}
			for _, l := range links {
				if err := chain.Next(l); err != nil {
					return err
				}
			}
			if len(links) < auditChunk {
				return chain.Ends(head)
			}
		}
	})
	if err != nil {
		return chain, fmt.Errorf("verify the audit log of company %s: %w", companyID, err)
	}
	return chain, nil
}

func scanLink(row pgx.CollectableRow) (l audit.Link, err error) {
	var status zeronull.Int8
	err = row.Scan(&l.Sequence, &l.Stored, &l.PreviousHash, &l.Hash, &l.CompanyID, &l.ID, &l.At, &l.Actor, &l.Action, &l.Subject, &l.RequestID,
		&status, &l.Problem, &l.Changes)
	l.Status = int(status)
	return l, err
}
