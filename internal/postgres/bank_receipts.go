package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/settlement"
)

const selectBankReceipts = `
	select id, company_id, state, invoice_id, reference, currency, amount, date, occurrence, bank_refs, iban, account, certain, parked,
		exception_id, line, seen_in, created_at
	from bank_receipts`

func scanBankReceipt(row pgx.CollectableRow) (r settlement.Receipt, err error) {
	var currency money.Currency
	var value decimal.Decimal
	var parked decimal.NullDecimal
	err = row.Scan(&r.ID, &r.CompanyID, &r.State, &r.InvoiceID, &r.Reference, &currency, &value, &r.Date, &r.Occurrence, &r.BankRefs, &r.IBAN,
		&r.Account, &r.Certain, &parked, (*zeronull.Text)(&r.ExceptionID), &r.Line, &r.SeenIn, &r.CreatedAt)
	r.Amount, r.Parked = amount(value, currency), optionalAmount(parked, currency)
	return r, err
}

// IssuedByNumber returns the ids of the issued invoices whose references have those numbers, by number; see qrbill.Reference.Number.
func (tx *Tx) IssuedByNumber(ctx context.Context, numbers []string) (map[string]string, error) {
	issued := map[string]string{}
	rows, _ := tx.tx.Query(ctx, `select payment_number, id from invoices where payment_number = any($1) and status <> 'draft'`, numbers) // its error comes out of ForEachRow
	var number, id string
	_, err := pgx.ForEachRow(rows, []any{&number, &id}, func() error {
		issued[number] = id
		return nil
	})
	return issued, failed(err, "look for the invoices of references")
}

// BankReceiptsWith returns the bank receipts that carry one of the references, oldest first.
func (tx *Tx) BankReceiptsWith(ctx context.Context, references []string) ([]settlement.Receipt, error) {
	return all(ctx, tx.tx, scanBankReceipt, "look for bank receipts", selectBankReceipts+` where reference = any($1) order by id`, references)
}

// BankReceiptsOf returns the bank receipts that a settlement tells, in the order in which they became known, and the cursor for
// more, if there are. A cursor that didn't come from here is problem.Invalid.
func (tx *Tx) BankReceiptsOf(ctx context.Context, settlementID string, f listing.Part) (receipts []settlement.Receipt, next string, err error) {
	q := query{sql: selectBankReceipts}
	q.where("seen_in @> array[?]", settlementID)
	if err := q.inOrder(oldestFirst, f.Cursor, id.Receipt); err != nil {
		return nil, "", err
	}
	receipts, next, err = page(ctx, tx, q, oldestFirst, f.Limit, scanBankReceipt, func(r settlement.Receipt) string { return r.ID })
	return receipts, next, failed(err, "list the bank receipts of settlement %s", settlementID)
}

// WaitingBankReceipts returns at most limit bank receipts that wait to be booked, after the one of that id, in the order of their ids.
func (tx *Tx) WaitingBankReceipts(ctx context.Context, after string, limit int) ([]settlement.Receipt, error) {
	return all(ctx, tx.tx, scanBankReceipt, "list waiting bank receipts", selectBankReceipts+` where state = 'waiting' and id > $1 order by id limit $2`, after, limit)
}

// LockBankReceipt returns a bank receipt, or problem.NotFound, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockBankReceipt(ctx context.Context, id string) (settlement.Receipt, error) {
	return one(ctx, tx.tx, scanBankReceipt, "bank receipt", id, selectBankReceipts+` where id = $1 for no key update`, id)
}

// UndecidedReceipts returns those of the invoices for which the bank has told money that is not booked yet, or that waits for a person.
func (tx *Tx) UndecidedReceipts(ctx context.Context, invoiceIDs ...string) (map[string]bool, error) {
	ids, err := all(ctx, tx.tx, pgx.RowTo[string], "look for undecided bank receipts", undecidedReceipts, invoiceIDs)
	return setOf(ids), err
}

const undecidedReceipts = `select distinct invoice_id from bank_receipts where invoice_id = any($1) and state in ('waiting', 'asked')`

// SaveBankReceipt stores what becomes of a bank receipt.
func (tx *Tx) SaveBankReceipt(ctx context.Context, r settlement.Receipt) error {
	return tx.save(ctx, "bank receipt", r.ID, `update bank_receipts set state = $2, certain = $3, parked = $4, exception_id = $5 where id = $1`,
		r.ID, r.State, r.Certain, orNull(r.Parked), zeronull.Text(r.ExceptionID))
}

// InsertBankReceipts stores new bank receipts.
func (tx *Tx) InsertBankReceipts(ctx context.Context, receipts []settlement.Receipt) error {
	batch := &pgx.Batch{}
	for _, r := range receipts {
		batch.Queue(`
			insert into bank_receipts (company_id, id, state, invoice_id, reference, currency, amount, date, occurrence, bank_refs, iban, account,
				certain, parked, exception_id, line, seen_in, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
			r.CompanyID, r.ID, r.State, r.InvoiceID, r.Reference, r.Amount.Currency(), r.Amount.Decimal(), r.Date, r.Occurrence, list(r.BankRefs), r.IBAN,
			r.Account, r.Certain, orNull(r.Parked), zeronull.Text(r.ExceptionID), r.Line, r.SeenIn, r.CreatedAt)
	}
	return failed(tx.tx.SendBatch(ctx, batch).Close(), "insert %d bank receipts", len(receipts))
}

// SeeBankReceipts stores that a file tells those bank receipts again, with the bank's own references that it adds.
func (tx *Tx) SeeBankReceipts(ctx context.Context, receipts []settlement.Receipt) error {
	batch := &pgx.Batch{}
	for _, r := range receipts {
		batch.Queue(`update bank_receipts set bank_refs = $2, seen_in = $3 where id = $1`, r.ID, list(r.BankRefs), r.SeenIn)
	}
	return failed(tx.tx.SendBatch(ctx, batch).Close(), "note that %d bank receipts are told again", len(receipts))
}

// CountBankReceipts returns how many bank receipts of each settlement are in each state, by the settlement's id.
func (tx *Tx) CountBankReceipts(ctx context.Context, settlements ...settlement.Settlement) (map[string]map[settlement.ReceiptState]int, error) {
	ids, counts := make([]string, len(settlements)), map[string]map[settlement.ReceiptState]int{}
	for i, s := range settlements {
		ids[i], counts[s.ID] = s.ID, map[settlement.ReceiptState]int{}
	}
	rows, _ := tx.tx.Query(ctx, `
		select s.id, r.state, count(*) from unnest($1::text[]) s (id) join bank_receipts r on r.seen_in @> array[s.id] group by 1, 2`, ids) // its error comes out of ForEachRow
	var id string
	var state settlement.ReceiptState
	var count int
	_, err := pgx.ForEachRow(rows, []any{&id, &state, &count}, func() error {
		counts[id][state] = count
		return nil
	})
	return counts, failed(err, "count the bank receipts of settlements")
}
