package api

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// maxPrinted is how many lines a statement shows as a page; of a longer month it shows the sums, and leaves the lines to the
// CSV.
const maxPrinted = 2000

// statementPage is what statement.html shows.
type statementPage struct {
	Words    statementWords
	Language string
	Title    string
	Company  string
	Period   string
	Standing string // whether the month is closed
	Closed   bool
	Accounts []pageSheet
	Bookings []pageBookings
	Lines    bool   // the accounts have their lines
	TooLong  string // instead of the lines
	Made     string
	Chain    string
	Hash     string
}

// pageSheet is an account in one currency.
type pageSheet struct {
	Number, Name, Currency          string
	Opening, Debit, Credit, Closing string
	Value                           string // of a foreign closing balance, in francs; may be empty
	Rows                            []pageRow
}

type pageRow struct {
	Date, Happened string // Happened only where it differs
	Number         int64
	Text, Contra   string
	Debit, Credit  string
	Balance        string
}

// pageBookings is what was booked of one kind.
type pageBookings struct {
	Kind, Currency, Amount string
	Entries                int64
}

// statementPage reads the lines and returns the page, ready to be sent.
func (s *server) statementPage(ctx context.Context, t statement) (statementHTML, error) {
	movements, err := s.movements(ctx, t, ledger.Movement{}, maxPrinted+1)
	if err != nil {
		return statementHTML{}, err
	}
	code := t.company.Language
	w, pages := statementDictionary[code], dictionary[code]
	month := pages.Months[t.from.Month()-1] + " " + strconv.Itoa(t.from.Year())
	p := statementPage{
		Words:    w,
		Language: code,
		Title:    w.Statement + " " + month + " – " + t.company.Name,
		Company:  t.company.Name,
		Period:   month,
		Standing: w.Provisional,
		Closed:   t.closed(),
		Lines:    len(movements) <= maxPrinted,
		TooLong:  w.TooLong,
		Made:     strings.ReplaceAll(w.Made, "{date}", pages.date(t.made.In(zurich))),
		Chain:    strings.ReplaceAll(w.Chain, "{entries}", strconv.FormatInt(t.chain.Sequence, 10)),
		Hash:     t.chain.Hash,
	}
	if t.closed() {
		p.Standing = strings.ReplaceAll(w.Closed, "{date}", pages.date(t.closedUntil))
	}
	for _, v := range t.volumes {
		p.Bookings = append(p.Bookings, pageBookings{w.Kinds[v.Kind], string(v.Amount.Currency()), swiss(v.Amount), v.Entries})
	}
	for _, sheet := range t.sheets {
		shown := pageSheet{
			Number: sheet.Account, Name: t.names[sheet.Account], Currency: string(sheet.Opening.Currency()),
			Opening: swiss(sheet.Opening), Debit: swiss(sheet.Debit), Credit: swiss(sheet.Credit), Closing: swiss(sheet.Closing()),
		}
		if v, ok := t.worth(sheet); ok {
			shown.Value = "CHF " + swiss(v)
		}
		if p.Lines {
			shown.Rows, movements = w.rows(sheet, movements)
		}
		p.Accounts = append(p.Accounts, shown)
	}
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, "statement.html", p); err != nil {
		panic(err)
	}
	return statementHTML{out.Bytes()}, nil
}

// rows returns the lines of the sheet, with the balance after each, and the movements of the sheets behind it.
func (w statementWords) rows(sheet ledger.Sheet, movements []ledger.Movement) (rows []pageRow, rest []ledger.Movement) {
	balance := sheet.Opening
	for len(movements) > 0 && on(sheet, movements[0]) {
		m := movements[0]
		movements = movements[1:]
		balance = balance.Add(m.Debit).Sub(m.Credit)
		row := pageRow{
			Date: short(m.Date), Number: m.Sequence, Text: m.Text, Contra: m.Contra, Debit: swissUnlessZero(m.Debit), Credit: swissUnlessZero(m.Credit),
			Balance: swiss(balance),
		}
		if row.Contra == "" {
			row.Contra = w.Several
		}
		if !m.Happened.Equal(m.Date) {
			row.Happened = short(m.Happened)
		}
		rows = append(rows, row)
	}
	return rows, movements
}

// short writes a day as Swiss tables do: 01.11.2026.
func short(t time.Time) string { return t.Format("02.01.2006") }

func swissUnlessZero(a money.Amount) string {
	if a.IsZero() {
		return ""
	}
	return swiss(a)
}

// statementHTML is a page that is complete in itself: it can be saved, mailed and printed.
type statementHTML struct{ page []byte }

// VisitGetStatementResponse sends the page.
func (h statementHTML) VisitGetStatementResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, err := w.Write(h.page)
	return err
}
