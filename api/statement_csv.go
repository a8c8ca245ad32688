package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"time"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/ledger/export"
	"github.com/quittance/quittance/internal/money"
)

// csvPage is how many lines a statement as CSV reads at once. For each page the database sorts the whole month.
const csvPage = 65_536

// statementCSV is a statement that is read page by page while it is sent.
type statementCSV struct {
	statement
	first []ledger.Movement // the first page
	more  func(after ledger.Movement) ([]ledger.Movement, error)
}

func (s *server) statementCSV(ctx context.Context, t statement) (statementCSV, error) {
	more := func(after ledger.Movement) ([]ledger.Movement, error) { return s.movements(ctx, t, after, csvPage) }
	first, err := more(ledger.Movement{})
	return statementCSV{t, first, more}, err
}

// VisitGetStatementResponse sends the sheets of all accounts. The semicolon is what spreadsheets of Switzerland expect. An
// error after the first page breaks the answer off, so that nobody takes a part for the whole.
func (t statementCSV) VisitGetStatementResponse(w http.ResponseWriter) error {
	words := statementDictionary[t.company.Language]
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="`+t.from.Format("2006-01")+`.csv"`)
	_, _ = w.Write([]byte(export.ByteOrderMark))
	rows := csv.NewWriter(w)
	rows.Comma = ';'
	_ = rows.Write([]string{
		words.Account, words.Name, words.Currency, words.Date, words.ValueDate, words.Number, words.Text, words.Contra, words.Debit, words.Credit, words.Balance,
	})
	deadline := http.NewResponseController(w)
	movements := t.first
	for _, sheet := range t.sheets {
		row := func(day, happened time.Time, number, text, contra, debit, credit string, balance money.Amount) {
			value := ""
			if !happened.IsZero() {
				value = happened.Format(time.DateOnly)
			}
			_ = rows.Write([]string{
				sheet.Account, export.Cell(t.names[sheet.Account]), string(sheet.Opening.Currency()), day.Format(time.DateOnly), value, number, export.Cell(text), contra,
				debit, credit, balance.Value(),
			})
		}
		balance := sheet.Opening
		row(t.from, time.Time{}, "", words.Opening, "", "", "", balance)
		for len(movements) > 0 && on(sheet, movements[0]) {
			m := movements[0]
			balance = balance.Add(m.Debit).Sub(m.Credit)
			contra := m.Contra
			if contra == "" {
				contra = words.Several
			}
			row(m.Date, m.Happened, strconv.FormatInt(m.Sequence, 10), m.Text, contra, unlessZero(m.Debit), unlessZero(m.Credit), balance)
			if movements = movements[1:]; len(movements) > 0 {
				continue
			}
			rows.Flush()
			_ = deadline.SetWriteDeadline(time.Now().Add(pageTimeout)) // where there is none, as in tests, nothing needs to be put off
			var err error
			if movements, err = t.more(m); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
		row(t.to, time.Time{}, "", words.Closing, "", sheet.Debit.Value(), sheet.Credit.Value(), sheet.Closing())
	}
	rows.Flush()
	return rows.Error()
}

// on reports whether the movement is one of the sheet.
func on(s ledger.Sheet, m ledger.Movement) bool {
	return m.Account == s.Account && m.Debit.Currency() == s.Opening.Currency()
}

func unlessZero(a money.Amount) string {
	if a.IsZero() {
		return ""
	}
	return a.Value()
}
