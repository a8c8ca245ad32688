package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/audit"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
)

// NoteWrite stores a write before it is tried. A company that doesn't exist is problem.NotFound.
func (tx *Tx) NoteWrite(ctx context.Context, e audit.Entry) error {
	_, err := tx.tx.Exec(ctx, `
		insert into audit_log (company_id, id, at, actor, action, subject, request_id, status, problem, changes)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		e.CompanyID, e.ID, e.At, e.Actor, e.Action, e.Subject, e.RequestID, zeronull.Int8(e.Status), e.Problem, changes(e))
	if isCode(err, foreignKeyViolation) {
		return notFound("company", e.CompanyID)
	}
	return failed(err, "note a write")
}

// CompleteWrite stores how a write was answered.
func (tx *Tx) CompleteWrite(ctx context.Context, e audit.Entry) error {
	return tx.save(ctx, "audit entry", e.ID, `update audit_log set subject = $2, status = $3, problem = $4, changes = $5 where id = $1`,
		e.ID, e.Subject, zeronull.Int8(e.Status), e.Problem, changes(e))
}

// AuditLog returns the entries that the filter chooses, newest first, and the cursor for more, if there are. A cursor that
// didn't come from here is problem.Invalid.
func (tx *Tx) AuditLog(ctx context.Context, f listing.AuditLog) (entries []audit.Entry, next string, err error) {
	q := query{sql: `select company_id, id, at, actor, action, subject, request_id, status, problem, changes from audit_log`}
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
