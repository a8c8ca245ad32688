package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
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

// Append adds an entry to the end of the company's journal, on a day for which the books are open (ledger.Entry.InOpenPeriod).
// It returns the entry with its id, sequence, hashes and time. If there is an entry for the same source already, Append returns
// that one and adds nothing, so booking twice is harmless. An entry that ledger.Entry.Check refuses is an error; an account
// that the chart doesn't have is problem.Invalid.
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

// CloseBooks closes the books until the end of that day, midnight UTC. An earlier day than before opens them again from there.
// It waits for transactions that are booking, so that nothing gets into the period afterwards.
func (tx *Tx) CloseBooks(ctx context.Context, until time.Time) error {
	return tx.save(ctx, "company", tx.companyID, `update journal_heads set closed_until = $2 where company_id = $1`, tx.companyID, until)
}

func (tx *Tx) insertEntry(ctx context.Context, e ledger.Entry) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		insert into journal_entries (company_id, sequence, id, date, value_date, text, source_kind, source_id, invoice_id, payment_id,
			reverses, booked_by, line_count, previous_hash, hash, created_at, exchange_rate)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		e.CompanyID, e.Sequence, e.ID, e.Date, zeroDate(e.ValueDate), e.Text, e.Source.Kind, e.Source.ID, zeronull.Text(e.InvoiceID),
		zeronull.Text(e.PaymentID), zeronull.Text(e.Reverses), zeronull.Text(e.By), len(e.Lines), e.PreviousHash, e.Hash, e.CreatedAt,
		zeroDecimal(e.Rate))
	var accounts, currencies, debits, credits []string
	for _, line := range e.Lines {
		accounts, currencies = append(accounts, line.Account), append(currencies, string(line.Debit.Currency()))
		debits, credits = append(debits, line.Debit.Decimal().String()), append(credits, line.Credit.Decimal().String())
	}
	batch.Queue(`
		insert into journal_lines (company_id, sequence, position, account, currency, debit, credit)
		select $1, $2, position, account, currency, debit::numeric, credit::numeric
		from unnest($3::text[], $4::text[], $5::text[], $6::text[]) with ordinality as line (account, currency, debit, credit, position)`,
		e.CompanyID, e.Sequence, accounts, currencies, debits, credits)
	batch.Queue(`update journal_heads set sequence = $2, hash = $3, booked_at = $4 where company_id = $1`, e.CompanyID, e.Sequence, e.Hash, e.CreatedAt)
	err := tx.tx.SendBatch(ctx, batch).Close()
	if violates(err, foreignKeyViolation, "known_account") {
		return problem.InvalidFields(problem.Field{Name: "lines", Message: "must name accounts of the chart, see GET /v1/accounts"})
	}
	return failed(err, "append journal entry for %s %s", e.Source.Kind, e.Source.ID)
}

const entryColumns = `company_id, sequence, id, date, value_date, text, source_kind, source_id, invoice_id, payment_id, reverses, booked_by,
	previous_hash, hash, created_at, exchange_rate`

// entryFields are where entryColumns are scanned into.
func entryFields(e *ledger.Entry) []any {
	return []any{
		&e.CompanyID, &e.Sequence, &e.ID, &e.Date, (*zeroDate)(&e.ValueDate), &e.Text, &e.Source.Kind, &e.Source.ID,
		(*zeronull.Text)(&e.InvoiceID), (*zeronull.Text)(&e.PaymentID), (*zeronull.Text)(&e.Reverses), (*zeronull.Text)(&e.By),
		&e.PreviousHash, &e.Hash, &e.CreatedAt, (*zeroDecimal)(&e.Rate),
	}
}

const selectEntries = `
	select ` + entryColumns + `, (select id from journal_entries r where r.reverses = e.id) from journal_entries e`

func scanEntry(row pgx.CollectableRow) (e ledger.Entry, err error) {
	return e, row.Scan(append(entryFields(&e), (*zeronull.Text)(&e.ReversedBy))...)
}

// addLines gives the entries, which are in the order of their sequences, their lines; where says which lines those are.
func (tx *Tx) addLines(ctx context.Context, entries []ledger.Entry, where string, args ...any) error {
	rows, _ := tx.tx.Query(ctx, `
		select sequence, account, currency, (debit * 100)::bigint, (credit * 100)::bigint from journal_lines
		where `+where+` order by sequence, position`, args...) // its error comes out of ForEachRow
	var of int64
	var line ledger.Line
	var currency money.Currency
	var debit, credit int64 // hundredths, as the columns have them: whole numbers are read in half the time
	i := 0
	_, err := pgx.ForEachRow(rows, []any{&of, &line.Account, &currency, &debit, &credit}, func() error {
		for i < len(entries) && entries[i].Sequence < of {
			i++
		}
		if i < len(entries) && entries[i].Sequence == of { // a line without an entry is of one that is missing
			line.Debit, line.Credit = amount(decimal.New(debit, -2), currency), amount(decimal.New(credit, -2), currency)
			if entries[i].Lines == nil {
				entries[i].Lines = make([]ledger.Line, 0, 2) // most have two
			}
			entries[i].Lines = append(entries[i].Lines, line)
		}
		return nil
	})
	return failed(err, "read the lines of journal entries")
}

// Entry returns a journal entry, or problem.NotFound.
func (tx *Tx) Entry(ctx context.Context, id string) (ledger.Entry, error) {
	e, err := one(ctx, tx.tx, scanEntry, "journal entry", id, selectEntries+` where id = $1`, id)
	if err != nil {
		return e, err
	}
	return tx.whole(ctx, e)
}

// whole returns the entry with its lines.
func (tx *Tx) whole(ctx context.Context, e ledger.Entry) (ledger.Entry, error) {
	entries := []ledger.Entry{e}
	err := tx.addLines(ctx, entries, `sequence = $1`, e.Sequence)
	return entries[0], err
}

// LockEntry is Entry, and keeps everybody else from reversing it until the transaction ends.
func (tx *Tx) LockEntry(ctx context.Context, id string) (ledger.Entry, error) {
	// Two statements: the second one sees the reversal that was committed while the first one waited.
	// An advisory lock, since nobody may update an entry, and so lock its row.
	if _, err := tx.tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1, 0))`, id); err != nil {
		return ledger.Entry{}, failed(err, "lock journal entry %s", id)
	}
	return tx.Entry(ctx, id)
}

// EntryBySource returns the entry that was booked for the source; false when there is none.
func (tx *Tx) EntryBySource(ctx context.Context, source ledger.Source) (ledger.Entry, bool, error) {
	e, ok, err := optional(ctx, tx.tx, scanEntry, fmt.Sprintf("look up the journal entry for %s %s", source.Kind, source.ID),
		selectEntries+` where source_kind = $1 and source_id = $2`, source.Kind, source.ID)
	if err != nil || !ok {
		return ledger.Entry{}, false, err
	}
	e, err = tx.whole(ctx, e)
	return e, err == nil, err
}

// Journal returns the entries that the filter chooses, in the order in which they were booked or the other way round, and the
// cursor for more, if there are. A cursor that didn't come from here is problem.Invalid.
func (tx *Tx) Journal(ctx context.Context, f listing.Journal) (entries []ledger.Entry, next string, err error) {
	order, beyond, after := "sequence", "sequence > ?", int64(0)
	if f.Newest {
		order, beyond, after = "sequence desc", "sequence < ?", math.MaxInt64
	}
	if f.Cursor != "" {
		if after, err = strconv.ParseInt(f.Cursor, 10, 64); err != nil {
			return nil, "", badCursor()
		}
	}
	q := query{sql: selectEntries}
	if !f.From.IsZero() || !f.To.IsZero() {
		q = query{sql: withDays + selectEntries, args: []any{zeroDate(f.From), zeroDate(f.To)}, conditions: []string{withinDays}}
		q.between("date + 0", f.From, f.To) // + 0 leaves the index on dates to the days above: read by it, all of them would have to be sorted
	}
	q.where(beyond, after)
	if f.Until > 0 {
		q.where("sequence <= ?", f.Until)
	}
	if f.Account != "" {
		q.where("sequence in (select sequence from journal_lines where account = ? and "+beyond+")", f.Account, after)
	}
	whereSet(&q, "invoice_id = ?", f.InvoiceID)
	whereSet(&q, "payment_id = ?", f.PaymentID)
	whereSet(&q, "source_kind = ?", f.SourceKind)
	entries, next, err = page(ctx, tx, q, order, f.Limit, scanEntry, func(e ledger.Entry) string { return strconv.FormatInt(e.Sequence, 10) })
	if err != nil {
		return nil, "", failed(err, "list journal entries")
	}
	sequences := make([]int64, len(entries))
	for i, e := range entries {
		sequences[i] = e.Sequence
	}
	if f.Newest { // lines are added in the order of sequences
		slices.Reverse(entries)
		defer slices.Reverse(entries)
	}
	return entries, next, tx.addLines(ctx, entries, `sequence = any($1)`, sequences)
}

// withDays are the days between two bounds, either of which may be null, on which there may be entries.
const withDays = `
	with days as (
		select day::date from generate_series(
			greatest($1::date, (select min(date) from journal_entries)), least($2::date, (select max(date) from journal_entries)), interval '1 day'
		) as day
	)`

// withinDays turns the dates into sequences: from the first entry of these days to the last one. Entries are booked about in
// the order of their dates, so few others lie between. Without this, a page of last month's entries would read the years before
// it, because pages are in the order of sequences.
const withinDays = `sequence between (
		select min(first) from days, lateral (select sequence as first from journal_entries d where d.date = day order by sequence limit 1) f
	) and (
		select max(last) from days, lateral (select sequence as last from journal_entries d where d.date = day order by sequence desc limit 1) l
	)`
