package csvlist

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// looked is how many lines a guess looks at.
const looked = 200

// certain is what content says for a field that can be nothing else.
const certain = 120

// Guess returns what the columns of a list probably are, from their names, and from what stands in them. A field that no column
// looks like is left out, so that the mapping may be incomplete.
func Guess(t Table) Mapping {
	g := guesser{table: t, taken: map[int]bool{}, mapping: Mapping{Columns: map[Field]string{}, Currency: money.CHF}}
	for i := range t.Header {
		var cells []string
		for _, row := range t.Rows[:min(len(t.Rows), looked)] {
			if !slices.ContainsFunc(row.Cells, IsTotal) {
				cells = append(cells, row.Cells[i])
			}
		}
		g.cells = append(g.cells, cells)
	}
	g.amounts()
	g.others()
	m := g.mapping
	for _, code := range []money.Currency{money.EUR, money.USD, money.GBP} {
		if !m.has(Currency) && slices.ContainsFunc(Amounts, func(f Field) bool {
			return slices.Contains(strings.Fields(fold(m.Columns[f])), strings.ToLower(string(code)))
		}) {
			m.Currency = code
		}
	}
	if m.has(Currency) {
		m.Currency = ""
	}
	switch {
	case m.has(PayoutReference):
		m.Payouts = ByReference
	case m.has(Brand) && m.has(TransactionDate):
		m.Payouts = ByBrandAndDay
	case m.has(Brand):
		m.Payouts = ByBrand
	default:
		m.Payouts = ByDate
	}
	return m
}

type guesser struct {
	table   Table
	cells   [][]string // of each column
	taken   map[int]bool
	mapping Mapping
}

func (g *guesser) take(f Field, column int) {
	g.mapping.Columns[f], g.taken[column] = g.table.Header[column], true
}

// others gives every other field the column that looks most like it, the surest first.
func (g *guesser) others() {
	type match struct {
		field         Field
		column, score int
	}
	var all []match
	for _, field := range Fields {
		for i, name := range g.table.Header {
			if slices.Contains(Amounts, field) {
				continue
			}
			can, must := fits(field, g.cells[i])
			score := named(field, name)
			if must && (score > 0 || field != PayoutDate && field != TransactionDate) {
				score += certain
			}
			if can && score > 0 {
				all = append(all, match{field, i, score})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b match) int { return cmp.Compare(b.score, a.score) })
	for _, m := range all {
		if !g.taken[m.column] && !g.mapping.has(m.field) {
			g.take(m.field, m.column)
		}
	}
}

// masked matches the number of a card of which some digits are hidden.
var masked = regexp.MustCompile(`(?i)^\d{0,8}[ \dx*#.•-]*[x*#•]{2,}[ x*#•-]*\d{2,4}$`)

// shown matches the number of a card of which none is hidden.
var shown = regexp.MustCompile(`^[\d -]{12,25}$`)

// code matches the code of a currency.
var code = regexp.MustCompile(`^[A-Za-z]{3}$`)

// fits returns whether cells can be a field, and whether they look like nothing else.
func fits(field Field, cells []string) (can, must bool) {
	all := func(is func(string) bool) bool { // but for one in ten
		count, right := 0, 0
		for _, cell := range cells {
			if cell == "" {
				continue
			}
			if count++; is(cell) {
				right++
			}
		}
		return count > 0 && right*10 >= count*9
	}
	empty := !all(func(string) bool { return true })
	some := func(is func(string) bool) bool { return slices.ContainsFunc(cells, is) }
	isDate := func(s string) bool { _, ok := ParseDate(s); return ok }
	switch field {
	case PayoutDate, TransactionDate:
		return empty || all(isDate), false
	case OrderID:
		return !all(isDate), some(func(s string) bool { return len(id.Orders(s)) > 0 })
	case AuthorizationCode:
		return empty || all(func(s string) bool { return len(s) <= 12 }), false
	case Card:
		return empty || all(func(s string) bool { return masked.MatchString(s) || shown.MatchString(s) }), all(masked.MatchString)
	case Brand:
		return !all(isDate), all(func(s string) bool { return known(BrandOf(s)) })
	case Type:
		is := func(s string) bool { return KindOf(s) != Unknown }
		return empty || some(is), all(is)
	case Currency:
		is := func(s string) bool { _, err := money.ParseCurrency(strings.ToUpper(s)); return err == nil }
		return empty || all(code.MatchString), all(is)
	case PayoutReference:
		return !all(isDate), false
	case Gross, Fee, Net:
	}
	return empty || all(isAmount), false
}

// isAmount reports whether a cell can be an amount.
func isAmount(cell string) bool {
	_, _, ok := digits(cell)
	_, day := ParseDate(cell)
	return ok && !day
}

// BrandOf returns the brand that a cell names, as payment.BrandAtSaferpay knows it: "Visa Debit" and "VSDB" are VISA. A name that
// nobody knows is returned in capital letters.
func BrandOf(cell string) string {
	if known(payment.BrandAtSaferpay(cell)) {
		return payment.BrandAtSaferpay(cell)
	}
	for word := range strings.FieldsSeq(fold(cell)) {
		if brand := payment.BrandAtSaferpay(word); known(brand) {
			return brand
		}
	}
	return strings.ToUpper(cell)
}

func known(brand string) bool { return payment.MethodOfBrand(brand) != "" }

// amounts finds gross, fee and net: by their names, and since gross less fee is net, where there is content to see that.
func (g *guesser) amounts() {
	candidates := []int{-1}
	read, says := map[int][]int64{}, map[Field][]int{}
	for i := range g.cells {
		for _, field := range Amounts {
			says[field] = append(says[field], named(field, g.table.Header[i]))
		}
		if can, _ := fits(Gross, g.cells[i]); can && len(candidates) <= maxAmounts {
			candidates, read[i] = append(candidates, i), amountsIn(g.cells[i])
		}
	}
	best, score := [3]int{-1, -1, -1}, 0
	try := func(columns [3]int) {
		points, unnamed := 0, false
		for i, field := range Amounts {
			if columns[i] >= 0 {
				says := says[field][columns[i]]
				points, unnamed = points+says, unnamed || says == 0
			}
		}
		switch {
		case points > score-certain && addsUp(read[columns[0]], read[columns[1]], read[columns[2]]):
			points += certain
		case unnamed: // neither its name nor its content says it
			return
		}
		if points > score {
			best, score = columns, points
		}
	}
	for _, gross := range candidates {
		for _, fee := range candidates {
			for _, net := range candidates {
				if twice := gross >= 0 && (gross == fee || gross == net) || fee >= 0 && fee == net; !twice {
					try([3]int{gross, fee, net})
				}
			}
		}
	}
	for i, column := range best {
		if column >= 0 {
			g.take(Amounts[i], column)
		}
	}
}

// maxAmounts is how many columns of numbers a guess tries as amounts.
const maxAmounts = 20

// amountsIn reads the cells of a column, in hundredths; nil when one is no amount. An empty cell is nothing.
func amountsIn(cells []string) []int64 {
	var d Decimals
	for _, cell := range cells {
		if !d.Look(cell) {
			return nil
		}
	}
	all := make([]int64, len(cells))
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		a, err := d.Parse(cell, money.CHF) // whatever it is, it has two decimals
		if err != nil {
			return nil
		}
		all[i] = a.Minor()
	}
	return all
}

// addsUp reports whether gross less fee is net in every line, in whatever way the list writes signs, and some fee is not zero.
func addsUp(gross, fee, net []int64) bool {
	if len(gross) == 0 || len(fee) == 0 || len(net) == 0 {
		return false
	}
	told := false
	for i := range gross {
		kept := gross[i] - net[i]
		if kept != fee[i] && kept != -fee[i] {
			return false
		}
		told = told || fee[i] != 0 && max(gross[i], -gross[i]) > max(fee[i], -fee[i])
	}
	return told
}
