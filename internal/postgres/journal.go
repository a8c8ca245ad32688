package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// Append adds an entry to the end of the company's journal and returns it with the id, sequence, hashes and time that it
// got, on a day for which the books are open (ledger.Entry.InOpenPeriod). When an entry for the same source stands there
// already, that one is returned and nothing is added, so that booking twice is harmless. An entry that ledger.Entry.Check
// refuses is an error; an account that the chart doesn't have is problem.Invalid.
//
// From here to the end of the transaction nobody else can append to the same company's journal.
func (tx *Tx) Append(ctx context.Context, e ledger.Entry) (ledger.Entry, error) {
	if err := e.Check(); err != nil {
		return ledger.Entry{}, fmt.Errorf("append journal entry for %s %s: %w", e.Source.Kind, e.Source.ID, err)
	}
	head, err := one(ctx, tx.tx, scanHead, "company", tx.companyID, selectHead+` for update`, tx.companyID)
	if err != nil {
		return ledger.Entry{}, err
	}
	if standing, ok, err := tx.EntryBySource(ctx, e.Source); err != nil || ok {
		return standing, err
	}
	e.Date = e.Date.UTC().Truncate(24 * time.Hour)
	if e, err = e.InOpenPeriod(head.closedUntil); err != nil {
		return ledger.Entry{}, err
	}
	e.ID, e.Sequence = id.New(id.JournalEntry), head.sequence+1
	e.CreatedAt = time.Now().UTC().Truncate(time.Microsecond) // what Postgres keeps
	if e.CreatedAt.Before(head.bookedAt) {
		e.CreatedAt = head.bookedAt // booked by a host whose clock is ahead of ours: a journal's time never runs backwards
	}
	e = e.Seal(head.hash)
	return e, tx.insertEntry(ctx, e)
}

// chainHead is the end of a company's journal, to which the next entry will be chained.
type chainHead struct {
	sequence    int64
	hash        string
	bookedAt    time.Time // of the last entry
	closedUntil time.Time // the last day of the books that nothing can be booked on any more; zero for none
}

const selectHead = `select sequence, hash, booked_at, closed_until from journal_heads where company_id = $1`

func scanHead(row pgx.CollectableRow) (h chainHead, err error) {
	err = row.Scan(&h.sequence, &h.hash, (*zeronull.Timestamptz)(&h.bookedAt), (*zeroDate)(&h.closedUntil))
	return h, err
}

// BooksClosedUntil returns the last day of the closed period, midnight UTC; zero when the books were never closed.
func (tx *Tx) BooksClosedUntil(ctx context.Context) (time.Time, error) {
	head, err := one(ctx, tx.tx, scanHead, "company", tx.companyID, selectHead, tx.companyID)
	return head.closedUntil, err
}

// CloseBooks closes the books until the end of that day, midnight UTC. An earlier day than before opens them again from
// there. It waits for whoever is booking, so that nothing gets into the period any more.
func (tx *Tx) CloseBooks(ctx context.Context, until time.Time) error {
	return tx.save(ctx, "company", tx.companyID, `update journal_heads set closed_until = $2 where company_id = $1`, tx.companyID, until)
}

func (tx *Tx) insertEntry(ctx context.Context, e ledger.Entry) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		insert into journal_entries (company_id, sequence, id, date, value_date, text, source_kind, source_id, invoice_id, payment_id,
			reverses, booked_by, line_count, previous_hash, hash, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		e.CompanyID, e.Sequence, e.ID, e.Date, zeroDate(e.ValueDate), e.Text, e.Source.Kind, e.Source.ID, zeronull.Text(e.InvoiceID),
		zeronull.Text(e.PaymentID), zeronull.Text(e.Reverses), zeronull.Text(e.By), len(e.Lines), e.PreviousHash, e.Hash, e.CreatedAt)
	for i, line := range e.Lines {
		batch.Queue(`
			insert into journal_lines (company_id, sequence, position, account, currency, debit, credit)
			values ($1, $2, $3, $4, $5, $6, $7)`,
			e.CompanyID, e.Sequence, i+1, line.Account, line.Debit.Currency(), line.Debit.Decimal(), line.Credit.Decimal())
	}
	batch.Queue(`update journal_heads set sequence = $2, hash = $3, booked_at = $4 where company_id = $1`, e.CompanyID, e.Sequence, e.Hash, e.CreatedAt)
	err := tx.tx.SendBatch(ctx, batch).Close()
	if violates(err, foreignKeyViolation, "known_account") {
		return problem.InvalidFields(problem.Field{Name: "lines", Message: "must name accounts of the chart, see GET /v1/accounts"})
	}
	return failed(err, "append journal entry for %s %s", e.Source.Kind, e.Source.ID)
}

const selectEntries = `
	select company_id, sequence, id, date, value_date, text, source_kind, source_id, invoice_id, payment_id, reverses, booked_by,
		previous_hash, hash, created_at, (
			select jsonb_agg(jsonb_build_object('account', account, 'currency', currency, 'debit', debit::text, 'credit', credit::text)
				order by position)
			from journal_lines l where l.sequence = e.sequence
		), (select id from journal_entries r where r.reverses = e.id)
	from journal_entries e`

func scanEntry(row pgx.CollectableRow) (e ledger.Entry, err error) {
	var lines []struct {
		Account       string
		Currency      money.Currency
		Debit, Credit decimal.Decimal
	}
	err = row.Scan(&e.CompanyID, &e.Sequence, &e.ID, &e.Date, (*zeroDate)(&e.ValueDate), &e.Text, &e.Source.Kind, &e.Source.ID,
		(*zeronull.Text)(&e.InvoiceID), (*zeronull.Text)(&e.PaymentID), (*zeronull.Text)(&e.Reverses), (*zeronull.Text)(&e.By),
		&e.PreviousHash, &e.Hash, &e.CreatedAt, &lines, (*zeronull.Text)(&e.ReversedBy))
	for _, l := range lines {
		e.Lines = append(e.Lines, ledger.Line{Account: l.Account, Debit: amount(l.Debit, l.Currency), Credit: amount(l.Credit, l.Currency)})
	}
	return e, err
}

// Entry returns a journal entry, or problem.NotFound.
func (tx *Tx) Entry(ctx context.Context, id string) (ledger.Entry, error) {
	return one(ctx, tx.tx, scanEntry, "journal entry", id, selectEntries+` where id = $1`, id)
}

// LockEntry is Entry, and keeps everybody else from reversing it until the transaction ends.
func (tx *Tx) LockEntry(ctx context.Context, id string) (ledger.Entry, error) {
	// Two statements: the second one sees the reversal that was committed while the first one waited.
	if _, err := tx.tx.Exec(ctx, `select from journal_entries where id = $1 for no key update`, id); err != nil {
		return ledger.Entry{}, failed(err, "lock journal entry %s", id)
	}
	return tx.Entry(ctx, id)
}

// EntryBySource returns the entry that was booked for the source; false when there is none.
func (tx *Tx) EntryBySource(ctx context.Context, source ledger.Source) (ledger.Entry, bool, error) {
	rows, _ := tx.tx.Query(ctx, selectEntries+` where source_kind = $1 and source_id = $2`, source.Kind, source.ID) // its error comes out of CollectExactlyOneRow
	e, err := pgx.CollectExactlyOneRow(rows, scanEntry)
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.Entry{}, false, nil
	}
	return e, err == nil, failed(err, "look up the journal entry for %s %s", source.Kind, source.ID)
}

// Journal returns the entries that the filter chooses, in the order in which they were booked, and the cursor for more, if
// there are. A cursor that didn't come from here is problem.Invalid.
func (tx *Tx) Journal(ctx context.Context, f listing.Journal) (entries []ledger.Entry, next string, err error) {
	q := query{sql: selectEntries}
	whereSet(&q, "sequence in (select sequence from journal_lines where account = ?)", f.Account)
	whereSet(&q, "invoice_id = ?", f.InvoiceID)
	whereSet(&q, "payment_id = ?", f.PaymentID)
	whereSet(&q, "source_kind = ?", f.SourceKind)
	q.between("date", f.From, f.To)
	if f.Cursor != "" {
		after, err := strconv.ParseInt(f.Cursor, 10, 64)
		if err != nil {
			return nil, "", badCursor()
		}
		q.where("sequence > ?", after)
	}
	entries, next, err = page(ctx, tx, q, "sequence", f.Limit, scanEntry, func(e ledger.Entry) string { return strconv.FormatInt(e.Sequence, 10) })
	return entries, next, failed(err, "list journal entries")
}
