package settlement

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/text"
)

// Columns are the columns of the acquirer's CSV file, which its first line must name, in any order: one further line per
// transaction. Its type is payment, refund, chargeback, chargeback_won or fee. Amounts have a decimal point and are signed as they change the payout: a refund or a chargeback has a gross of
// less than 0, and gross less fee is net. A fee has no sale, so that its gross is 0, and needs no order_id. Lines with the same payout_reference are one payout; order_id is the OrderId at
// Saferpay, of a refund its own or that of its payment. Columns are separated by commas, or by semicolons as the spreadsheets of
// this country write them; the file is in UTF-8.
var Columns = []string{"payout_reference", "payout_date", "type", "order_id", "currency", "gross", "fee", "net"}

// What a CSV file may hold at most, and how many of its faults are worth reading.
const (
	maxRows   = 100_000
	maxFaults = 20
)

// ReadCSV reads the acquirer's list of transactions. A file with any fault is a *FileError that names up to 20 of them.
func ReadCSV(data []byte) (File, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return File{}, refuse(1, "the file is not in UTF-8")
	}
	r := table{rows: csv.NewReader(bytes.NewReader(data)), line: 1, payouts: map[string]int{}, paid: map[string]int{}}
	if head, _, _ := bytes.Cut(data, []byte("\n")); bytes.ContainsRune(head, ';') {
		r.rows.Comma = ';'
	}
	for n := 0; len(r.faults) < maxFaults; n++ {
		cells, err := r.rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.faults = append(r.faults, unreadable(err))
			break
		}
		r.line, _ = r.rows.FieldPos(0)
		if n > maxRows {
			r.fault("the file has more than %d transactions", maxRows)
			break
		}
		if n > 0 {
			r.row(cells)
		} else if r.header(cells); len(r.faults) > 0 {
			break
		}
	}
	if len(r.faults) == 0 && len(r.transfers) == 0 {
		r.fault("the file has no transactions")
	}
	if len(r.faults) > 0 {
		return File{}, &FileError{Faults: r.faults}
	}
	return File{Format: CSV, Transfers: r.transfers, Skipped: map[SkipReason]int{}}, nil
}

// table puts rows together to payouts.
type table struct {
	rows      *csv.Reader
	line      int            // where the row begins that was read last
	columns   map[string]int // of the header, by name
	transfers []Transfer
	payouts   map[string]int // index in transfers, by reference
	paid      map[string]int // line that pays a payment, by order id
	faults    []Fault
	names     map[string]string // what the file calls a column, where it has another name
}

func (t *table) called(name string) string { return cmp.Or(t.names[name], name) }

func (t *table) fault(format string, args ...any) {
	t.faults = append(t.faults, Fault{t.line, fmt.Sprintf(format, args...)})
}

func unreadable(err error) Fault {
	syntax, _ := errors.AsType[*csv.ParseError](err) // the only error that reading from memory has
	reason := "a quote is where none may be"
	if errors.Is(err, csv.ErrFieldCount) {
		reason = "the line has another number of columns than the first"
	}
	return Fault{syntax.Line, reason}
}

func (t *table) header(cells []string) {
	columns := map[string]int{}
	for i, name := range cells {
		columns[text.Identifier(name)] = i
	}
	for _, name := range Columns {
		if _, ok := columns[name]; !ok {
			t.fault("the first line must name the columns %s; %s is missing", strings.Join(Columns, ", "), name)
			return
		}
	}
	if len(cells) > len(Columns) {
		t.fault("the first line must name the columns %s and no others", strings.Join(Columns, ", "))
		return
	}
	t.columns = columns
}

func (t *table) row(cells []string) {
	before := len(t.faults)
	cell := func(name string) string { return strings.TrimSpace(cells[t.columns[name]]) }
	currency, err := money.ParseCurrency(cell("currency"))
	if err != nil {
		t.fault("currency %s", err)
		return
	}
	amount := func(name string) money.Amount {
		a, err := money.Parse(cell(name), currency)
		if err != nil {
			t.fault("%s %s", name, err)
		}
		return a
	}
	line := Line{
		Number: t.line, Kind: LineKind(cell("type")), OrderID: cell("order_id"),
		Gross: amount("gross"), Fee: amount("fee"), Net: amount("net"),
	}
	reference := cell("payout_reference")
	t.text("payout_reference", &reference, 100)
	date, err := time.Parse(time.DateOnly, cell("payout_date"))
	if err != nil || date.Year() < 2000 || date.Year() > 2099 {
		t.fault("payout_date must be a day such as 2026-11-24")
	}
	if len(t.faults) == before {
		t.check(&line)
	}
	if len(t.faults) == before {
		t.add(reference, date, line)
	}
}

// text brings a cell that may not be empty into the form in which texts are kept.
func (t *table) text(name string, cell *string, maximum int) {
	for _, fault := range text.Line(name, cell, 1, maximum) {
		t.fault("%s %s", fault.Name, fault.Message)
	}
}

func (t *table) check(line *Line) {
	switch line.Kind {
	case PaymentLine:
		if !line.Gross.IsPositive() {
			t.fault("gross of a payment must be more than 0")
		}
	case RefundLine, ChargebackLine:
		if !line.Gross.IsNegative() {
			t.fault("gross of a %s must be less than 0", line.Kind)
		}
	case ChargebackWonLine:
		if !line.Gross.IsPositive() {
			t.fault("gross of a chargeback_won must be more than 0")
		}
	case FeeLine:
		if !line.Gross.IsZero() || line.Fee.IsZero() {
			t.fault("gross of a fee must be 0.00, and its fee not")
		}
	case AdjustmentLine, CarriedLine, UnknownLine:
		fallthrough
	default:
		t.fault("type must be payment, refund, chargeback, chargeback_won or fee")
	}
	if line.Kind != FeeLine || line.OrderID != "" {
		t.text("order_id", &line.OrderID, 80)
	}
	if !line.Gross.Sub(line.Fee).Equal(line.Net) {
		t.fault("gross %s less fee %s is not net %s", line.Gross.Value(), line.Fee.Value(), line.Net.Value())
	}
	if earlier, twice := t.paid[line.OrderID]; twice && line.Kind == PaymentLine {
		t.fault("order_id %s is paid out in line %d already", line.OrderID, earlier)
	}
}

// add makes the line part of its payout.
func (t *table) add(reference string, date time.Time, line Line) {
	i, known := t.payouts[reference]
	if !known {
		i = len(t.transfers)
		t.payouts[reference] = i
		zero := money.Zero(line.Net.Currency())
		t.transfers = append(t.transfers, Transfer{Line: line.Number, Reference: reference, Date: date, Net: zero, Fee: zero})
	}
	p := &t.transfers[i]
	switch {
	case p.Net.Currency() != line.Net.Currency():
		t.fault("%s must be %s as in line %d of the same payout", t.called("currency"), p.Net.Currency(), p.Line)
	case !p.Date.Equal(date):
		t.fault("%s must be %s as in line %d of the same payout", t.called("payout_date"), p.Date.Format(time.DateOnly), p.Line)
	case p.Net.Add(line.Net).TooLarge() || p.Fee.Add(line.Fee).TooLarge():
		t.fault("payout %s is larger than 999999999.99 with this line", reference)
	default:
		p.Net, p.Fee = p.Net.Add(line.Net), p.Fee.Add(line.Fee)
		p.Lines = append(p.Lines, line)
		if line.Kind == PaymentLine {
			t.paid[line.OrderID] = line.Number
		}
	}
}
