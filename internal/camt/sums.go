package camt

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/strictxml"
)

// sums compares the entries of a statement with the totals and balances of the statement.
type sums struct {
	told             wireSummary
	opening, closing *side
	booked           decimal.Decimal // signed
	all, settled     totals          // settled is without what is only expected; some banks count one, some the other
	currencies       []string        // of the booked entries, each once
	unreadable       bool            // some amount, so that no sum can be held against anything
}

// side is a balance.
type side struct {
	line     int
	currency string
	value    decimal.Decimal
}

// totals are counts and unsigned sums of entries.
type totals struct{ all, credits, debits tally }

type tally struct {
	count int
	sum   decimal.Decimal
}

func (t *tally) add(value decimal.Decimal) { t.count, t.sum = t.count+1, t.sum.Add(value.Abs()) }

func (t *totals) add(value decimal.Decimal, debit bool) {
	t.all.add(value)
	if debit {
		t.debits.add(value)
	} else {
		t.credits.add(value)
	}
}

// add takes note of an entry, whoever it is of, in whatever currency.
func (s *sums) add(e wireEntry, booked bool) {
	value, ok := plain(e.Amount.Value)
	if sign := clean(e.Sign); !ok || sign != credit && sign != debit {
		s.unreadable = true
	}
	isDebit := clean(e.Sign) == debit
	s.all.add(value, isDebit)
	if !booked {
		return
	}
	s.settled.add(value, isDebit)
	if code := clean(e.Amount.Currency); !slices.Contains(s.currencies, code) {
		s.currencies = append(s.currencies, code)
	}
	if isDebit {
		value = value.Neg()
	}
	s.booked = s.booked.Add(value)
}

// balance takes note of the opening and the closing balance; there are others, such as the available one.
func (s *sums) balance(b wireBalance) *Error {
	code := clean(b.Code)
	if code != "OPBD" && code != "PRCD" && code != "CLBD" {
		return nil
	}
	value, ok := plain(b.Amount.Value)
	if !ok {
		return strictxml.Fault(cmp.Or(b.Amount.Line, b.Line), "Bal/Amt %s is not an amount", strictxml.Quoted(clean(b.Amount.Value)))
	}
	switch clean(b.Sign) {
	case credit:
	case debit:
		value = value.Neg()
	default:
		return strictxml.Fault(b.Line, "the CdtDbtInd of Bal is %s instead of CRDT or DBIT", strictxml.Quoted(clean(b.Sign)))
	}
	at := &side{b.Amount.Line, clean(b.Amount.Currency), value}
	if code == "CLBD" {
		s.closing = at
	} else {
		s.opening = at
	}
	return nil
}

// check returns a fault when a total or balance of the statement does not fit its entries. Entries in another currency than the
// balance, and amounts that can't be read, leave nothing to compare but their number.
func (s *sums) check() *Error {
	if o, c := s.opening, s.closing; o != nil && c != nil && o.currency == c.currency && s.in(o.currency) && !o.value.Add(s.booked).Equal(c.value) {
		return strictxml.Fault(c.line, "the opening balance %s and the booked entries (%s) make %s, but the closing balance is %s",
			o.value.StringFixed(2), s.booked.StringFixed(2), o.value.Add(s.booked).StringFixed(2), c.value.StringFixed(2))
	}
	for _, t := range []struct {
		told         *wireTotals
		what         string
		all, settled tally
	}{
		{s.told.All, "TtlNtries", s.all.all, s.settled.all},
		{s.told.Credits, "TtlCdtNtries", s.all.credits, s.settled.credits},
		{s.told.Debits, "TtlDbtNtries", s.all.debits, s.settled.debits},
	} {
		if t.told == nil {
			continue
		}
		if s.unreadable {
			t.told.Sum = ""
		}
		if t.told.agree(t.what, t.settled) != nil {
			if err := t.told.agree(t.what, t.all); err != nil {
				return err
			}
		}
	}
	return nil
}

// in reports whether all booked entries are in a currency and can be read.
func (s *sums) in(currency string) bool {
	return !s.unreadable && !slices.ContainsFunc(s.currencies, func(c string) bool { return c != currency })
}

// page returns what is needed to compare the entries of several pages with the balances of the whole: nil for what this page
// doesn't tell.
func (s *sums) page() (opening, closing, booked *decimal.Decimal) {
	currency := strings.Join(s.currencies, " ")
	if s.opening != nil {
		opening, currency = &s.opening.value, s.opening.currency
	}
	if s.closing != nil {
		closing, currency = &s.closing.value, s.closing.currency
	}
	if s.in(currency) {
		booked = &s.booked
	}
	return opening, closing, booked
}

// agree returns a fault when a total in the file differs from what was found. A total that the file leaves out is fine.
func (w wireTotals) agree(what string, found tally) *Error {
	if count := clean(w.Count); count != "" && count != strconv.Itoa(found.count) {
		return strictxml.Fault(w.Line, "%s/NbOfNtries is %s, but there are %d entries", what, strictxml.Quoted(count), found.count)
	}
	if sum, ok := plain(w.Sum); clean(w.Sum) != "" && (!ok || !sum.Equal(found.sum)) {
		return strictxml.Fault(w.Line, "%s/Sum is %s, but the entries add up to %s", what, strictxml.Quoted(clean(w.Sum)), found.sum.StringFixed(2))
	}
	return nil
}
