// Package export writes entries of the journal in the forms that accounting programs take in.
package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// Format is the form of a file.
type Format string

// The forms: a table of debit and credit for people and for programs that let them assign its columns, such as bexio; Banana
// Accounting's double entry transactions; DATEV's posting batch.
const (
	Table  Format = "table"
	Banana Format = "banana"
	DATEV  Format = "datev"
)

// Formats lists every form.
var Formats = []Format{Table, Banana, DATEV}

// Export is a period of a company's journal, as it was at one moment.
type Export struct {
	ID        string
	CompanyID string
	Number    int // 1, 2, 3 … within the company, without gaps
	Format    Format
	From, To  time.Time // dates of entries, both included
	Until     int64     // the sequence of the journal's last entry when it was taken
	DATEV     Client    // for that form only
	By        string    // who took it
	TakenAt   time.Time
	Later     int // how many entries came into the period since; the file doesn't have them
}

// Client is how DATEV knows a company.
type Client struct {
	Consultant int            `json:"consultant"`  // the consultant's number (Beraternummer), from 1001 on
	Number     int            `json:"number"`      // the client's number (Mandantennummer)
	YearBegins time.Time      `json:"year_begins"` // the first day of the financial year in which the period lies
	Currency   money.Currency `json:"currency"`    // the file's; entries of others are left out, because a file has one
}

// The bounds of numbers at DATEV (DATEV format, header 700, fields 11 and 12).
const (
	minConsultant, maxConsultant = 1001, 9_999_999
	maxClient                    = 99_999
)

// Validate returns a problem.Invalid that names the fields that can't be, else nil.
func (e Export) Validate() error {
	var wrong []problem.Field
	refuse := func(name, message string) { wrong = append(wrong, problem.Field{Name: name, Message: message}) }
	if e.To.Before(e.From) {
		refuse("to", "must not be before from")
	}
	if e.From.Year() < 2000 || e.To.Year() > 2099 {
		refuse("from", "must be a day of this century, as to")
	}
	if e.Format == DATEV {
		if e.DATEV.Consultant < minConsultant || e.DATEV.Consultant > maxConsultant {
			refuse("datev.consultant_number", fmt.Sprintf("must be between %d and %d", minConsultant, maxConsultant))
		}
		if e.DATEV.Number < 1 || e.DATEV.Number > maxClient {
			refuse("datev.client_number", fmt.Sprintf("must be between 1 and %d", maxClient))
		}
		if e.From.Before(e.DATEV.YearBegins) || !e.To.Before(e.DATEV.YearBegins.AddDate(1, 0, 0)) {
			refuse("to", "must be in the same financial year as from, because days in a DATEV file have no year")
		}
	} else if e.DATEV != (Client{}) {
		refuse("datev", "is only for the format datev")
	}
	if wrong != nil {
		return problem.InvalidFields(wrong...)
	}
	return nil
}

// FileName is how the file is called.
func (e Export) FileName() string {
	name := fmt.Sprintf("%03d_%s_%s", e.Number, e.From.Format(time.DateOnly), e.To.Format(time.DateOnly))
	switch e.Format {
	case Banana:
		return "journal_" + name + ".txt"
	case DATEV:
		return "EXTF_Buchungsstapel_" + name + ".csv" // the beginning is DATEV's
	default:
		return "journal_" + name + ".csv"
	}
}

// ContentType is the media type of the file.
func (e Export) ContentType() string {
	switch e.Format {
	case Banana:
		return "text/tab-separated-values; charset=utf-8; header=present"
	case DATEV:
		return "text/csv; charset=windows-1252"
	default:
		return "text/csv; charset=utf-8; header=present"
	}
}

// Books are what a file says beside its entries.
type Books struct {
	Language string            // the company's: de, fr, it or en
	Accounts map[string]string // names of accounts, by number
}

// Title is how people know an invoice.
type Title struct {
	Invoice  string // its number
	Customer string // the customer's name
}

// Line is a pair of accounts with the entry that it is of, and the invoice that this is about, if there is one.
type Line struct {
	ledger.Pair
	Rate  decimal.Decimal // what one unit is worth in francs; zero for francs, and where it is unknown
	Value money.Amount    // what the pair is worth in francs; the zero value where that is unknown
	Entry ledger.Entry
	Title
}

// value returns what the pair is worth in francs, or "".
func (l Line) value() string {
	if l.Value.Currency() == "" {
		return ""
	}
	return l.Value.Value()
}

// Writer writes lines to a file.
type Writer interface {
	// Write adds a line. It may come out only with Flush, whose error is also that of lines before.
	Write(Line)
	Flush() error
}

// Begin begins the file on w.
func (e Export) Begin(w io.Writer, books Books) Writer {
	switch e.Format {
	case Banana:
		return newBanana(w)
	case DATEV:
		return newDATEV(w, e, books)
	default:
		return newTable(w, books)
	}
}

// ByteOrderMark tells spreadsheets that a file is UTF-8.
const ByteOrderMark = "\ufeff"

// headings of the table, as bookkeepers of each language call them.
var headings = map[string][]string{
	"de": {"Datum", "Text", "Soll", "Haben", "Betrag", "Währung", "Steuercode", "Sollkonto", "Habenkonto", "Rechnung", "Kunde", "Nr.", "Buchung", "Wert CHF"},
	"fr": {"Date", "Libellé", "Débit", "Crédit", "Montant", "Monnaie", "Code TVA", "Compte débité", "Compte crédité", "Facture", "Client", "N°", "Écriture", "Valeur CHF"},
	"it": {"Data", "Testo", "Dare", "Avere", "Importo", "Valuta", "Codice IVA", "Conto dare", "Conto avere", "Fattura", "Cliente", "N.", "Registrazione", "Valore CHF"},
	"en": {"Date", "Text", "Debit", "Credit", "Amount", "Currency", "VAT code", "Debit account", "Credit account", "Invoice", "Customer", "No.", "Entry", "Value CHF"},
}

// table is CSV as spreadsheets of Switzerland expect it: semicolons, UTF-8 with a mark.
type table struct {
	rows  *csv.Writer
	names map[string]string
}

func newTable(w io.Writer, books Books) table {
	_, _ = io.WriteString(w, ByteOrderMark) // its error comes with the rows
	rows := csv.NewWriter(w)
	rows.Comma, rows.UseCRLF = ';', true
	_ = rows.Write(headings[books.Language])
	return table{rows, books.Accounts}
}

func (t table) Write(l Line) {
	_ = t.rows.Write([]string{
		l.Entry.Date.Format("02.01.2006"), Cell(l.Entry.Text), l.Debit, l.Credit, l.Amount.Value(), string(l.Amount.Currency()), "",
		Cell(t.names[l.Debit]), Cell(t.names[l.Credit]), Cell(l.Invoice), Cell(l.Customer), strconv.FormatInt(l.Entry.Sequence, 10), l.Entry.ID, l.value(),
	})
}

func (t table) Flush() error {
	t.rows.Flush()
	return t.rows.Error()
}

// banana is a file with tabs and column names of Banana Accounting (Import Double-entry transactions, columns by NameXml).
type banana struct {
	w   io.Writer
	err error
}

func newBanana(w io.Writer) *banana {
	b := &banana{w: w}
	b.row("Date", "Doc", "Description", "Notes", "AccountDebit", "AccountCredit", "Amount", "VatCode", "AmountCurrency", "ExchangeCurrency", "DocInvoice", "ExternalReference", "ExchangeRate")
	return b
}

func (b *banana) Write(l Line) {
	amount, foreign, currency, rate := l.Amount.Value(), "", "", ""
	if l.Amount.Currency() != money.CHF { // what it is worth is for the program to say where nobody has entered a rate here
		amount, foreign, currency = l.value(), amount, string(l.Amount.Currency())
	}
	if !l.Rate.IsZero() {
		rate = l.Rate.String()
	}
	b.row(l.Entry.Date.Format(time.DateOnly), strconv.FormatInt(l.Entry.Sequence, 10), l.Entry.Text, l.Customer, l.Debit, l.Credit, amount, "", foreign, currency, l.Invoice, l.Entry.ID, rate)
}

func (b *banana) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = plain(cell)
	}
	if b.err == nil {
		_, b.err = io.WriteString(b.w, strings.Join(cells, "\t")+"\n")
	}
}

func (b *banana) Flush() error { return b.err }

// plain returns the text without characters that control something, such as tabs and ends of lines.
func plain(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}

// Cell returns the text as a cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"), whatever blanks, quotes or marks that
// nobody sees stand before it.
func Cell(text string) string {
	begins := strings.TrimLeftFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(`"'`, r) })
	if begins != text && begins == "" || strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "\r") {
		return "'" + text
	}
	if first, _ := utf8.DecodeRuneInString(begins); strings.ContainsRune("=+-@＝＋－＠", first) && begins != "" {
		return "'" + text
	}
	return text
}
