package settlement

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/csvlist"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
)

// IsList reports whether a CSV file is a list of the acquirer, which ReadList reads: it has a header that is not of the form that
// ReadCSV reads. It returns the list. A file that is neither is left to ReadCSV, which says what it lacks.
func IsList(data []byte) (csvlist.Table, bool, error) {
	t, err := csvlist.Read(data)
	if slices.Contains(t.Header, Columns[0]) || len(t.Header) == 0 {
		return t, false, nil
	}
	return t, true, refusedList(err)
}

func refusedList(err error) error {
	if fault, ok := errors.AsType[*csvlist.Error](err); ok {
		return refuse(fault.Line, "%s", fault.Reason)
	}
	return err
}

// ReadList reads the acquirer's list of transactions by a mapping that was checked against its header. A line in a currency in which
// Quittance has no books is skipped. Stated totals are checked. A file with any fault is a *FileError that names up to 20 of them.
func ReadList(t csvlist.Table, m csvlist.Mapping) (File, error) {
	called := map[string]string{}
	for f, name := range m.Columns {
		called[string(f)] = fmt.Sprintf("%q", name)
	}
	l := list{Mapping: m, at: m.Places(t.Header), table: table{payouts: map[string]int{}, paid: map[string]int{}, line: t.Line, names: called}, skipped: map[SkipReason]int{}, sums: map[money.Currency]*sums{}}
	l.look(t.Rows)
	for _, row := range t.Rows {
		if len(l.faults) >= maxFaults {
			break
		}
		l.line, l.cells = row.Line, row.Cells
		if l.isTotal() {
			l.checkTotal()
		} else {
			l.row()
		}
	}
	switch {
	case len(l.faults) > 0:
	case len(l.transfers) == 0:
		l.line = t.Line
		l.fault("the file has no transactions that are paid out")
	case len(l.transfers) > maxTransfers:
		l.line = l.transfers[maxTransfers].Line
		l.fault("the file has more than %d payouts: send it in parts", maxTransfers)
	}
	if len(l.faults) > 0 {
		return File{}, &FileError{Faults: l.faults}
	}
	return File{Format: List, Transfers: l.transfers, Skipped: l.skipped}, nil
}

// list puts the lines of a list together to payouts.
type list struct {
	csvlist.Mapping
	table
	at       map[csvlist.Field]int
	cells    []string // of the row
	decimals csvlist.Decimals
	unsigned bool // no amount is less than 0, though refunds or chargebacks are among the lines: their type says it
	negative bool // fees are less than 0 where they are kept
	skipped  map[SkipReason]int
	sums     map[money.Currency]*sums
}

func (l *list) has(f csvlist.Field) bool { _, ok := l.at[f]; return ok }

// cell returns what stands in a column; of more than 100 characters the first ones.
func (l *list) cell(f csvlist.Field) string {
	i, ok := l.at[f]
	if !ok {
		return ""
	}
	if runes := []rune(l.cells[i]); len(runes) > maxCell && f != csvlist.OrderID && f != csvlist.PayoutReference {
		return string(runes[:maxCell])
	}
	return l.cells[i]
}

// maxCell is how many characters of a cell are kept.
const maxCell = 100

// wholeCard matches the number of a card of which nothing is hidden.
var wholeCard = regexp.MustCompile(`^[0-9]{12,19}$`)

// hidden returns the number of a card as it may be kept: without what is between its first six digits and its last four.
func hidden(card string) string {
	digits := strings.NewReplacer(" ", "", "-", "").Replace(card)
	if !wholeCard.MatchString(digits) {
		return card
	}
	return digits[:6] + strings.Repeat("X", len(digits)-10) + digits[len(digits)-4:]
}

// name returns what the list calls a field.
func (l *list) name(f csvlist.Field) string { return fmt.Sprintf("%q", l.Columns[f]) }

// look finds out how the list writes amounts.
func (l *list) look(rows []csvlist.Row) {
	signed, takes, kept := false, false, 0
	for _, row := range rows {
		l.line, l.cells = row.Line, row.Cells
		for _, f := range csvlist.Amounts {
			cell := l.cell(f)
			if !l.decimals.Look(cell) {
				l.fault("%s %s has other decimals than the amounts before it", l.name(f), cell)
				return
			}
			isNegative := strings.ContainsAny(cell, "-−")
			signed = signed || isNegative && f != csvlist.Fee
			if f == csvlist.Fee && strings.Trim(cell, "-−+0.,' ") != "" {
				if kept++; isNegative {
					kept -= 2
				}
			}
		}
		kind := csvlist.KindOf(l.cell(csvlist.Type))
		takes = takes || kind == csvlist.Refund || kind == csvlist.Chargeback || kind == csvlist.FeeOnly
	}
	l.unsigned, l.negative = takes && !signed, kept < 0
	if unclear := l.decimals.Unclear(); unclear != "" {
		l.fault("nothing in the file says whether %s is more than a thousand", unclear)
	}
}

// currency returns the currency of the row, which may be none of ours; empty after a fault.
func (l *list) currency() money.Currency {
	if !l.has(csvlist.Currency) {
		return l.Currency
	}
	code := strings.ToUpper(l.cell(csvlist.Currency))
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		l.fault("%s must be the code of a currency such as CHF", l.name(csvlist.Currency))
		return ""
	}
	return money.Currency(code)
}

func (l *list) row() {
	before := len(l.faults)
	currency := l.currency()
	if currency == "" {
		return
	}
	if _, err := money.ParseCurrency(string(currency)); err != nil {
		l.skipped[Others]++
		return
	}
	date := l.date(csvlist.PayoutDate, false)
	line := Line{
		Number: l.line, Day: l.date(csvlist.TransactionDate, l.Payouts == csvlist.ByBrandAndDay), Brand: csvlist.BrandOf(l.cell(csvlist.Brand)),
		Authorization: l.cell(csvlist.AuthorizationCode), Card: hidden(l.cell(csvlist.Card)),
	}
	if orders := id.Orders(l.cell(csvlist.OrderID)); len(orders) == 1 {
		line.OrderID = orders[0]
	}
	told := l.amounts(currency)
	reference := l.cell(csvlist.PayoutReference)
	if l.Payouts == csvlist.ByReference && !date.IsZero() {
		l.text(l.name(csvlist.PayoutReference), &reference, 100)
	}
	if len(l.faults) > before || !l.settle(&line, told, currency) {
		return
	}
	l.sum(currency, told, line)
	switch {
	case date.IsZero(): // it is not paid out yet
		l.skipped[Pending]++
		return
	case line.Gross.IsZero() && line.Net.IsZero(): // nothing moves
		return
	}
	if earlier, twice := l.paid[line.OrderID]; twice && line.Kind == PaymentLine && line.OrderID != "" {
		l.fault("%s %s is paid out in line %d already", l.name(csvlist.OrderID), line.OrderID, earlier)
		return
	}
	l.addTo(reference, date, line)
}

// addTo makes the line part of its payout.
func (l *list) addTo(reference string, date time.Time, line Line) {
	key, currency := reference, string(line.Net.Currency())
	switch l.Payouts {
	case csvlist.ByReference:
	case csvlist.ByDate:
		key = date.Format(time.DateOnly) + " " + currency
	case csvlist.ByBrand:
		key = date.Format(time.DateOnly) + " " + currency + " " + strings.ToUpper(l.cell(csvlist.Brand))
	case csvlist.ByBrandAndDay:
		key = date.Format(time.DateOnly) + " " + currency + " " + line.Day.Format(time.DateOnly) + " " + strings.ToUpper(l.cell(csvlist.Brand))
	}
	known := len(l.transfers)
	l.add(key, date, line)
	if len(l.transfers) == known || l.Payouts == csvlist.ByReference {
		return
	}
	t := &l.transfers[known]
	if t.Reference = ""; reference != "" && len(reference) <= maxCell {
		t.Mentions = []string{reference}
	}
}

func (l *list) date(f csvlist.Field, needed bool) time.Time {
	cell := l.cell(f)
	if !l.has(f) || cell == "" && !needed {
		return time.Time{}
	}
	day, ok := csvlist.ParseDate(cell)
	if !ok {
		l.fault("%s must be a day such as 24.11.2026, 2026-11-24 or 24/11/2026", l.name(f))
	}
	return day
}

// amounts reads the amounts of the row, as they are written; the zero value for one that is not told.
func (l *list) amounts(currency money.Currency) (told [3]money.Amount) {
	for i, f := range csvlist.Amounts {
		if cell := l.cell(f); cell != "" {
			var err error
			if told[i], err = l.decimals.Parse(cell, currency); err != nil {
				l.fault("%s %s", l.name(f), err)
			}
		}
	}
	return told
}

// settle gives a line its kind, and its amounts, signed as they change the payout. It reports whether they make sense.
func (l *list) settle(line *Line, told [3]money.Amount, currency money.Currency) bool {
	kind := csvlist.KindOf(l.cell(csvlist.Type))
	if l.unsigned && (kind == csvlist.Refund || kind == csvlist.Chargeback || kind == csvlist.FeeOnly) {
		for i, f := range csvlist.Amounts {
			if f != csvlist.Fee && isSet(told[i]) {
				told[i] = told[i].Neg()
			}
		}
	}
	gross, fee, net := told[0], told[1], told[2]
	if kind == csvlist.FeeOnly || kind == csvlist.Unknown && !isSet(gross) && l.has(csvlist.Gross) {
		return l.settleFee(line, gross, fee, net, currency)
	}
	if !isSet(fee) {
		if fee = money.Zero(currency); !l.has(csvlist.Fee) && isSet(gross) && isSet(net) {
			fee = gross.Sub(net)
		}
	}
	if l.negative {
		fee = fee.Neg()
	}
	switch {
	case !isSet(gross) && l.has(csvlist.Gross):
		l.fault("%s must not be empty", l.name(csvlist.Gross))
		return false
	case !isSet(net) && l.has(csvlist.Net):
		l.fault("%s must not be empty", l.name(csvlist.Net))
		return false
	case !isSet(gross):
		gross = net.Add(fee)
	case !isSet(net):
		net = gross.Sub(fee)
	case !gross.Sub(net).Equal(fee) && !gross.Sub(net).Equal(fee.Neg()):
		l.fault("%s %s less %s %s is not %s %s", l.name(csvlist.Gross), gross.Value(), l.name(csvlist.Fee), fee.Value(), l.name(csvlist.Net), net.Value())
		return false
	}
	line.Gross, line.Net, line.Fee = gross, net, gross.Sub(net)
	switch {
	case kind == csvlist.ChargebackWon, kind == csvlist.Chargeback && gross.IsPositive():
		line.Kind, line.Text = ChargebackWonLine, l.cell(csvlist.Type)
	case kind == csvlist.Chargeback:
		line.Kind, line.Text = ChargebackLine, l.cell(csvlist.Type)
	case kind == csvlist.Refund || gross.IsNegative():
		line.Kind = RefundLine
	case gross.IsZero():
		line.Kind = FeeLine
	default:
		line.Kind = PaymentLine
	}
	return true
}

// settleFee gives a line that is a fee and no sale its amounts. The list may have it in any of the columns.
func (l *list) settleFee(line *Line, gross, fee, net money.Amount, currency money.Currency) bool {
	zero := money.Zero(currency)
	if l.negative && isSet(fee) {
		fee = fee.Neg()
	}
	switch {
	case isSet(net):
	case isSet(gross) && !gross.IsZero():
		if net = gross; isSet(fee) {
			net = gross.Sub(fee)
		}
	case isSet(fee):
		net = fee.Neg()
	default:
		l.fault("no amount stands in %s, %s or %s", l.name(csvlist.Gross), l.name(csvlist.Fee), l.name(csvlist.Net))
		return false
	}
	line.Kind, line.Text, line.Gross, line.Fee, line.Net = FeeLine, l.cell(csvlist.Type), zero, net.Neg(), net
	return true
}
