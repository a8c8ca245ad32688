package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
)

const exceptionColumns = `id, company_id, kind, subject, workflow_id, detail, choices, raised_at, resolved_at, choice, note, resolved_by, finding`

// exceptionFields are where exceptionColumns are scanned into.
func exceptionFields(e *exception.Exception) []any {
	return []any{
		&e.ID, &e.CompanyID, &e.Kind, &e.Subject, &e.WorkflowID, &e.Detail, &e.Choices, &e.RaisedAt,
		(*zeronull.Timestamptz)(&e.ResolvedAt), &e.Choice, &e.Note, &e.ResolvedBy, &e.Finding,
	}
}

const selectExceptions = `select ` + exceptionColumns + ` from exceptions`

// listedExceptions is selectExceptions with what each is about.
const listedExceptions = `
	select ` + exceptionColumns + `,
		coalesce(invoice_number, ''), value, coalesce(unit, '')
	from exceptions left join lateral (
		select i.number as invoice_number, p.amount as value, p.currency as unit
		from payments p join invoices i on i.id = p.invoice_id where p.id = subject
		union all
		select i.number, r.amount, r.currency from refunds r join invoices i on i.id = r.invoice_id where r.id = subject
		union all
		select number, i.amount, i.currency from invoices i where i.id = subject
		union all
		select i.number, b.amount, b.currency from bank_receipts b join invoices i on i.id = b.invoice_id where b.id = subject
	) about on true`

func scanListedException(row pgx.CollectableRow) (e exception.Exception, err error) {
	var value decimal.NullDecimal
	var currency money.Currency
	err = row.Scan(append(exceptionFields(&e), &e.About.InvoiceNumber, &value, &currency)...)
	if value.Valid {
		e.About.Amount = amount(value.Decimal, currency)
	}
	return e, err
}

func scanException(row pgx.CollectableRow) (e exception.Exception, err error) {
	return e, row.Scan(exceptionFields(&e)...)
}

// RaiseException stores an exception and returns it. If one of that kind about that subject is open already, or a finding was
// raised before, RaiseException returns that one and false.
func (tx *Tx) RaiseException(ctx context.Context, e exception.Exception) (exception.Exception, bool, error) {
	tag, err := tx.tx.Exec(ctx, `
		insert into exceptions (company_id, id, kind, subject, workflow_id, detail, choices, raised_at, choice, note, resolved_by, finding)
		values ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '', $9) on conflict do nothing`,
		e.CompanyID, e.ID, e.Kind, e.Subject, e.WorkflowID, e.Detail, e.Choices, e.RaisedAt, e.Finding)
	if err != nil {
		return e, false, failed(err, "raise the exception %s about %s", e.Kind, e.Subject)
	}
	standing, err := one(ctx, tx.tx, scanException, "exception", e.ID,
		selectExceptions+` where kind = $1 and subject = $2 order by resolved_at is null desc, id desc limit 1`, e.Kind, e.Subject)
	return standing, tag.RowsAffected() == 1, err
}

// Exception returns an exception, or problem.NotFound.
func (tx *Tx) Exception(ctx context.Context, id string) (exception.Exception, error) {
	return one(ctx, tx.tx, scanException, "exception", id, selectExceptions+` where id = $1`, id)
}

// LockException is Exception, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockException(ctx context.Context, id string) (exception.Exception, error) {
	return one(ctx, tx.tx, scanException, "exception", id, selectExceptions+` where id = $1 for no key update`, id)
}

// OpenFindings returns the findings of the company that nobody has decided, and whose workflow can begin again.
func (tx *Tx) OpenFindings(ctx context.Context) ([]exception.Exception, error) {
	return all(ctx, tx.tx, scanException, "list open findings", selectExceptions+` where kind = any($1) and `+openFinding, exception.Findings)
}

const openFinding = `resolved_at is null and finding is not null`

// SaveException stores the decision on an exception.
func (tx *Tx) SaveException(ctx context.Context, e exception.Exception) error {
	return tx.save(ctx, "exception", e.ID, `update exceptions set resolved_at = $2, choice = $3, note = $4, resolved_by = $5 where id = $1`,
		e.ID, zeronull.Timestamptz(e.ResolvedAt), e.Choice, e.Note, e.ResolvedBy)
}

// Exceptions returns the exceptions that the filter chooses, and the cursor for more, if there are. A cursor that didn't come from
// here is problem.Invalid.
func (tx *Tx) Exceptions(ctx context.Context, f listing.Exceptions) (exceptions []exception.Exception, next string, err error) {
	q, order, err := exceptionsBy(f)
	if err != nil {
		return nil, "", err
	}
	exceptions, next, err = page(ctx, tx, q, order, f.Limit, scanListedException, idOfException)
	return exceptions, next, failed(err, "list exceptions")
}

// exceptionsBy returns the query of a filter, and its order.
func exceptionsBy(f listing.Exceptions) (q query, order string, err error) {
	q, order = query{sql: listedExceptions}, newestFirst
	if f.OldestFirst {
		order = oldestFirst
	}
	whereSet(&q, "company_id = ?", f.CompanyID)
	whereSet(&q, "kind = ?", f.Kind)
	whereSet(&q, "subject = ?", f.Subject)
	if f.Open != nil {
		q.where("(resolved_at is null) = ?", *f.Open)
	}
	return q, order, q.inOrder(order, f.Cursor, id.Exception)
}

func idOfException(e exception.Exception) string { return e.ID }
