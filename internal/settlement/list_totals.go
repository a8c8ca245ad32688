package settlement

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/csvlist"
	"github.com/quittance/quittance/internal/money"
)

// sums are what the lines of a currency make: all of them, and those since the last total.
type sums struct {
	all, since columnSums
}

// columnSums are sums by amount: as the list writes them, and signed as they change the payout.
type columnSums struct {
	written, signed [3]decimal.Decimal
	lines           int
}

func (s *columnSums) add(told [3]money.Amount, line Line) {
	s.lines++
	for i, signed := range []money.Amount{line.Gross, line.Fee, line.Net} {
		if isSet(told[i]) {
			s.written[i] = s.written[i].Add(told[i].Decimal())
		}
		s.signed[i] = s.signed[i].Add(signed.Decimal())
	}
}

// states reports whether the amounts of a total are what the lines make.
func (s *columnSums) states(total [3]money.Amount) bool {
	right := func(sum [3]decimal.Decimal) bool {
		for i, a := range total {
			if isSet(a) && !a.Decimal().Equal(sum[i]) && (csvlist.Amounts[i] != csvlist.Fee || !a.Decimal().Neg().Equal(sum[i])) {
				return false
			}
		}
		return true
	}
	return s.lines > 0 && (right(s.written) || right(s.signed))
}

// sum counts a line among those of which a total may be stated.
func (l *list) sum(currency money.Currency, told [3]money.Amount, line Line) {
	if l.sums[currency] == nil {
		l.sums[currency] = &sums{}
	}
	l.sums[currency].all.add(told, line)
	l.sums[currency].since.add(told, line)
}

// isTotal reports whether the row is a total of rows before it: it names no transaction, and says that it is a total, or not even when
// it is paid out.
func (l *list) isTotal() bool {
	for _, f := range []csvlist.Field{csvlist.OrderID, csvlist.AuthorizationCode, csvlist.Card, csvlist.Brand, csvlist.TransactionDate, csvlist.Type} {
		if cell := l.cell(f); cell != "" && !csvlist.IsTotal(cell) {
			return false
		}
	}
	date, reference := l.cell(csvlist.PayoutDate), l.cell(csvlist.PayoutReference)
	return slices.ContainsFunc(l.cells, csvlist.IsTotal) || date == "" && reference == ""
}

// checkTotal checks a total against the lines before it: all of them, or those since the last total.
func (l *list) checkTotal() {
	of := []money.Currency{l.Currency}
	if l.has(csvlist.Currency) {
		of = []money.Currency{money.Currency(l.cell(csvlist.Currency))}
		if of[0] == "" || csvlist.IsTotal(string(of[0])) {
			of = nil
			for currency := range l.sums {
				of = append(of, currency)
			}
			slices.Sort(of)
		}
	}
	stated := false
	for _, currency := range of {
		if _, err := money.ParseCurrency(string(currency)); err != nil {
			return // its lines were skipped
		}
		faults := len(l.faults)
		total := l.amounts(currency)
		if len(l.faults) > faults {
			return
		}
		stated = stated || isSet(total[0]) || isSet(total[1]) || isSet(total[2])
		if s := l.sums[currency]; s != nil && (s.since.states(total) || s.all.states(total)) {
			s.since = columnSums{}
			return
		}
	}
	if !stated {
		return
	}
	reason := "the total is not what the lines make"
	if len(of) == 1 && l.sums[of[0]] != nil {
		total := l.amounts(of[0])
		for i, f := range csvlist.Amounts {
			if sum := l.sums[of[0]].all.written[i]; isSet(total[i]) && !total[i].Decimal().Equal(sum) {
				l.fault("the total of %s is %s, but the lines make %s", l.name(f), total[i].Value(), sum.StringFixed(of[0].Scale()))
				return
			}
		}
	}
	l.fault("%s", reason)
}
