package camt

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/iban"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/strictxml"
)

func (a wireAccount) read(s *Statement) error {
	s.Account = strings.ReplaceAll(clean(cmp.Or(clean(a.IBAN), a.Other)), " ", "")
	if s.Account == "" {
		return strictxml.Fault(a.Line, "Acct/Id is missing")
	}
	if s.IBAN = clean(a.IBAN) != ""; s.IBAN && !iban.Valid(s.Account) {
		s.fault(strictxml.Fault(a.Line, "%s is not a valid IBAN", strictxml.Quoted(s.Account)))
	}
	if c, err := money.ParseCurrency(clean(a.Currency)); err == nil {
		s.Currency = c
	}
	return nil
}

// fault takes note of the first error.
func (e *Entry) fault(err error) {
	if f, ok := errors.AsType[*Error](err); ok && e.Fault == nil {
		e.Fault = f
	}
}

func (e wireEntry) read() (entry Entry) {
	entry = Entry{
		Line: e.Line, Reference: reference(e.Reference), EntryRef: reference(e.EntryRef), Text: clean(e.Text), Currency: clean(e.Amount.Currency),
		Debit: clean(e.Sign) == debit,
	}
	if e.Domain != "" {
		entry.Code = clean(e.Domain) + "/" + clean(e.Family) + "/" + clean(e.SubFamily)
	}
	var err error
	entry.Amount, err = signed(e.Amount, e.Line, "Ntry/Amt", e.Sign)
	entry.fault(err)
	switch status := cmp.Or(clean(e.Status.Code), clean(e.Status.Code04)); status {
	case "BOOK":
		entry.Booked = true
	case "PDNG", "INFO", "FUTR":
	case "":
		if e.Status.Own == "" {
			entry.Booked = true // as far as anybody knows
			entry.fault(strictxml.Fault(e.Line, "Ntry/Sts is missing"))
		}
	default:
		entry.Booked = true
		entry.fault(strictxml.Fault(e.Line, "Ntry/Sts %s is not a status", strictxml.Quoted(status)))
	}
	entry.Reversal, err = indicator(e.Line, "RvslInd", e.Reversal)
	entry.fault(err)
	entry.fault(e.dates(&entry))
	entry.Charges, err = e.Charges.read()
	entry.fault(err)
	original, err := e.Amounts.original()
	if entry.fault(err); original.Currency() != entry.Amount.Currency() {
		entry.Exchanged = original
	}
	several := false
	for _, group := range e.Groups {
		several = several || len(group.Details) > 1
	}
	several = several || len(e.Groups) > 1
	for _, group := range e.Groups {
		entry.fault(group.read(&entry, clean(e.Sign), several))
	}
	return entry
}

func (e wireEntry) dates(entry *Entry) (err error) {
	if entry.ValueDate, err = e.Value.read("ValDt"); err != nil {
		return err
	}
	if entry.BookingDate, err = e.Booked.read("BookgDt"); err != nil {
		return err
	}
	if entry.BookingDate.IsZero() {
		entry.BookingDate = entry.ValueDate
	}
	if entry.Booked && entry.BookingDate.IsZero() {
		return strictxml.Fault(e.Line, "Ntry/BookgDt is missing")
	}
	return nil
}

func (g wireGroup) read(entry *Entry, sign string, several bool) error {
	total := decimal.Zero
	for _, d := range g.Details {
		detail, err := d.read(entry.Amount, sign, several)
		entry.fault(err) // which is told with the entry, if that matters
		total = total.Add(detail.Amount.Decimal())
		entry.Details = append(entry.Details, detail)
	}
	if entry.Fault != nil || g.Batch == nil || len(g.Details) == 0 {
		return nil //nolint:nilerr // the fault is the entry's
	}
	if count := clean(g.Batch.Count); count != "" && count != strconv.Itoa(len(g.Details)) {
		return strictxml.Fault(g.Batch.Line, "Btch/NbOfTxs is %s, but there are %d transactions", strictxml.Quoted(count), len(g.Details))
	}
	told := !slices.ContainsFunc(entry.Details[len(entry.Details)-len(g.Details):], func(d Detail) bool { return d.Amount.Currency() == "" })
	if g.Batch.Total == nil || !told {
		return nil
	}
	sum, err := signed(*g.Batch.Total, g.Batch.Line, "Btch/TtlAmt", cmp.Or(g.Batch.Sign, sign))
	if err != nil {
		return err
	}
	if !sum.Decimal().Equal(total) {
		return strictxml.Fault(g.Batch.Line, "Btch/TtlAmt is %s, but the transactions add up to %s", sum.Value(), total.StringFixed(sum.Currency().Scale()))
	}
	return nil
}

// read reads a transaction of an entry over that amount and with that CdtDbtInd, which says what the transaction doesn't say
// itself. The only transaction of an entry may be in the currency from which it was exchanged.
func (d wireDetail) read(entry money.Amount, sign string, several bool) (detail Detail, err error) {
	detail = Detail{
		Line: d.Line, Reference: reference(d.References.Servicer), Credited: strings.ReplaceAll(clean(d.Credited), " ", ""),
		References: d.References.list(), Remittance: d.Remittance.list(d.Text),
	}
	sign = cmp.Or(clean(d.Sign), sign)
	switch sign {
	case debit:
		detail.Parties = d.Creditor.names(d.LastCredit.names(nil))
	case credit:
		detail.Parties = d.Debtor.names(d.LastDebtor.names(nil))
	default: // it is unknown who is on the other side
		detail.Parties = d.Debtor.names(d.LastDebtor.names(d.Creditor.names(d.LastCredit.names(nil))))
	}
	if detail.Original, err = d.Amounts.original(); err != nil {
		return detail, err
	}
	if detail.Charges, err = d.Charges.read(); err != nil || d.Amount == nil {
		return detail, err
	}
	code := clean(d.Amount.Currency)
	if _, known := money.ParseCurrency(code); known != nil && code != "" && !several {
		return detail, nil // it was exchanged from what nothing can be booked in
	}
	if detail.Amount, err = signed(*d.Amount, d.Line, "TxDtls/Amt", sign); err != nil || entry.Currency() == "" || detail.Amount.Currency() == entry.Currency() {
		return detail, err
	}
	exchanged := detail.Amount
	if detail.Amount = (money.Amount{}); several {
		return detail, strictxml.Fault(d.Amount.Line, "TxDtls/Amt is in %s, but its entry is in %s", exchanged.Currency(), entry.Currency())
	}
	if original := detail.Original; original.Currency() == "" || original.Currency() == entry.Currency() {
		if detail.Original = exchanged; exchanged.IsNegative() {
			detail.Original = exchanged.Neg()
		}
	}
	return detail, nil
}

// names appends the names of a party.
func (p wireParty) names(after []string) []string {
	return append(keep(nil, p.Name04, p.Name, p.Agent), after...)
}

func (r wireReferences) list() []string {
	all := append([]string{r.Servicer, r.EndToEnd, r.Transaction, r.Instruction, r.Batch, r.Message, r.Mandate, r.Clearing}, r.Own...)
	return slices.DeleteFunc(keep(nil, all...), func(s string) bool { return reference(s) == "" })
}

// placeholders are what banks write where a reference has to stand and there is none.
var placeholders = []string{"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF", "NOTAVAILABLE", "UNKNOWN", "N/A", "-", "0"}

// reference is a reference, or nothing when a placeholder stands in its place.
func reference(s string) string {
	if s = clean(s); slices.Contains(placeholders, strings.ToUpper(s)) {
		return ""
	}
	return s
}

func (r wireRemittance) list(text string) (list []string) {
	for _, s := range r.Structured {
		list = keep(keep(keep(list, s.Reference), s.Document...), s.Text...)
	}
	return keep(keep(list, r.Unstructured...), text)
}

// original is what was instructed, or else transacted.
func (a wireAmountDetails) original() (money.Amount, error) {
	wire := cmp.Or(a.Instructed, a.Transacted)
	if wire == nil {
		return money.Amount{}, nil
	}
	if _, err := money.ParseCurrency(clean(wire.Currency)); err != nil {
		return money.Amount{}, nil //nolint:nilerr // somebody instructed a payment in a currency that doesn't matter here
	}
	return unsigned(*wire, wire.Line, "AmtDtls")
}

func (c wireCharges) read() (charges []Charge, err error) {
	for _, record := range c.Records {
		charge := Charge{}
		if charge.Included, err = indicator(record.Amount.Line, "ChrgInclInd", record.Included); err != nil {
			return nil, err
		}
		if charge.Amount, err = signed(record.Amount, record.Amount.Line, "Chrgs/Rcrd/Amt", cmp.Or(clean(record.Sign), debit)); err != nil {
			return nil, err
		}
		charge.Amount = charge.Amount.Neg() // a debit is a cost
		charges = append(charges, charge)
	}
	return charges, nil
}

// The values of CdtDbtInd.
const (
	credit = "CRDT"
	debit  = "DBIT"
)

// signed returns an amount with the sign of a credit or debit indicator.
func signed(a wireAmount, line int, what, indicator string) (money.Amount, error) {
	amount, err := unsigned(a, line, what)
	if err != nil {
		return amount, err
	}
	switch clean(indicator) {
	case credit:
		return amount, nil
	case debit:
		return amount.Neg(), nil
	case "":
		return amount, strictxml.Fault(cmp.Or(a.Line, line), "the CdtDbtInd of %s is missing", what)
	default:
		return amount, strictxml.Fault(cmp.Or(a.Line, line), "the CdtDbtInd of %s is %s instead of CRDT or DBIT", what, strictxml.Quoted(indicator))
	}
}

// unsigned reads an amount as ISO 20022 writes it: not negative, no exponent, and no more decimals than the currency has but
// zeros, such as 9.10000. There may be nothing before the point, or behind it. Line is where it should be when it is missing.
func unsigned(a wireAmount, line int, what string) (money.Amount, error) {
	line = cmp.Or(a.Line, line)
	value := clean(a.Value)
	if value == "" {
		return money.Amount{}, strictxml.Fault(line, "%s is missing", what)
	}
	code, err := currency(line, a.Currency)
	if err != nil {
		return money.Amount{}, err
	}
	if strings.HasPrefix(value, "-") {
		return money.Amount{}, strictxml.Fault(line, "%s %s is negative", what, strictxml.Quoted(value))
	}
	full := value
	if _, ok := plain(value); ok {
		full = strings.TrimSuffix("0"+value, ".")
	}
	amount, err := money.Parse(full, code)
	if err != nil {
		return money.Amount{}, strictxml.Fault(line, "%s %s %s", what, strictxml.Quoted(value), err)
	}
	return amount, nil
}

func currency(line int, code string) (money.Currency, error) {
	if code = clean(code); code == "" {
		return "", strictxml.Fault(line, "the currency is missing")
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		return "", strictxml.Fault(line, "the currency %s %s", strictxml.Quoted(code), err)
	}
	return c, nil
}

func (d wireDate) read(what string) (time.Time, error) {
	if day := clean(d.Day); day != "" {
		for _, layout := range []string{time.DateOnly, "2006-01-02Z07:00"} { // xs:date may have a time zone
			if t, err := time.Parse(layout, day); err == nil {
				return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC), nil
			}
		}
		return time.Time{}, strictxml.Fault(d.Line, "%s %s is not a day", what, strictxml.Quoted(day))
	}
	t, err := timestamp(d.Line, what, d.Time)
	if err != nil || t.IsZero() {
		return t, err
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC), nil
}

// timestamp reads an ISODateTime, with or without a time zone; nothing is the zero time.
func timestamp(line int, what, value string) (time.Time, error) {
	value = clean(value)
	if value == "" {
		return time.Time{}, nil
	}
	// xs:dateTime may write the end of a day as 24:00:00.
	hours, endOfDay := value, strings.Contains(value, "T24:00:00")
	if endOfDay {
		hours = strings.Replace(value, "T24:00:00", "T00:00:00", 1)
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, hours); err == nil {
			if endOfDay {
				t = t.AddDate(0, 0, 1)
			}
			return t, nil
		}
	}
	return time.Time{}, strictxml.Fault(line, "%s %s is not a date and time", what, strictxml.Quoted(value))
}

func indicator(line int, what, value string) (bool, error) {
	switch clean(value) {
	case "true", "1":
		return true, nil
	case "false", "0", "":
		return false, nil
	default:
		return false, strictxml.Fault(line, "%s %s is neither true nor false", what, strictxml.Quoted(value))
	}
}

// clean drops the white space around a text and makes one space of any within.
func clean(s string) string { return strings.Join(strings.Fields(s), " ") }

// keep appends the texts that are not empty.
func keep(list []string, texts ...string) []string {
	for _, t := range texts {
		if t = clean(t); t != "" {
			list = append(list, t)
		}
	}
	return list
}

// plain reads a number of digits with at most one point, as ISO 20022 writes it; an exponent would make it cost any amount of
// memory to add up.
func plain(s string) (decimal.Decimal, bool) {
	s = clean(s)
	if s == "" || len(s) > 24 || strings.Trim(s, "0123456789.") != "" {
		return decimal.Zero, false
	}
	d, err := decimal.NewFromString(s)
	return d, err == nil
}

func number(s string) int {
	n, _ := strconv.Atoi(s) // written by us
	return n
}
