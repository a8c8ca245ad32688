package csvlist_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/csvlist"
	"github.com/quittance/quittance/internal/money"
)

func TestHeaderIsFoundHoweverTheFileIsWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file   string
		header []string
		line   int
		cells  []string
	}{
		"semicolons":               {"Datum;Brutto;Netto\n24.11.2026;1,00;0,90\n", []string{"Datum", "Brutto", "Netto"}, 1, []string{"24.11.2026", "1,00", "0,90"}},
		"a line for spreadsheets":  {"sep=,\r\nDate,Gross,Net\r\n2026-11-24,1.00,0.90\r\n", []string{"Date", "Gross", "Net"}, 2, []string{"2026-11-24", "1.00", "0.90"}},
		"tabs and empty cells":     {"Date\tGross\tFee\tNet\n24/11/2026\t1.00\t\t1.00\n", []string{"Date", "Gross", "Fee", "Net"}, 1, []string{"24/11/2026", "1.00", "", "1.00"}},
		"commas within names":      {"\"Date, heure\";Brut;Net\n24.11.2026;1,00;0,90\n", []string{"Date, heure", "Brut", "Net"}, 1, []string{"24.11.2026", "1,00", "0,90"}},
		"a mark":                   {"\ufeffDatum;Währung;Gebühr\n24.11.2026;CHF;1\n", []string{"Datum", "Währung", "Gebühr"}, 1, []string{"24.11.2026", "CHF", "1"}},
		"Windows-1252":             {"Datum;W\xe4hrung;Geb\xfchr\n24.11.2026;CHF;1\n", []string{"Datum", "Währung", "Gebühr"}, 1, []string{"24.11.2026", "CHF", "1"}},
		"a title before it":        {"Transaktionsliste\n\nVertrag;12345\nDatum;Brutto;Netto\n24.11.2026;1,00;0,90\n", []string{"Datum", "Brutto", "Netto"}, 4, []string{"24.11.2026", "1,00", "0,90"}},
		"names twice or not":       {"Betrag;;Betrag;x;\n1;2;3;;\n", []string{"Betrag", "#2", "Betrag (2)", "x"}, 1, []string{"1", "2", "3", ""}},
		"a line that ends early":   {"a;b;c\n\n1;2\n", []string{"a", "b", "c"}, 1, []string{"1", "2", ""}},
		"quotes with a separator":  {"a;b;c\n\"1;1\"; \"x \"\"y\"\"\";z\n", []string{"a", "b", "c"}, 1, []string{"1;1", `x "y"`, "z"}},
		"a cell with a line break": {"a;b;c\n\"1\n2\";x;y\n", []string{"a", "b", "c"}, 1, []string{"1\n2", "x", "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, err := csvlist.Read([]byte(c.file))
			require.NoError(t, err)
			assert.Equal(t, c.header, table.Header)
			assert.Equal(t, c.line, table.Line)
			require.Len(t, table.Rows, 1)
			assert.Equal(t, c.cells, table.Rows[0].Cells)
			assert.Len(t, csvlist.Fingerprint(table.Header), 64)
		})
	}
}

func TestFileThatIsNoListIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"nothing":            {"", "line 1: the file has no line with the names of at least three columns"},
		"two columns":        {"a;b\n1;2\n", "line 1: the file has no line with the names of at least three columns"},
		"no names":           {"1;2;3\n4;5;6\n", "line 1: the file has no line with the names of at least three columns"},
		"a zero byte":        {"a;b;c\n1;\x00;2\n", "line 1: the file is no text"},
		"a stray quote":      {"sep=;\na;b;c\n1;x\"y;2\n", "line 3: a quote is where none may be"},
		"a cell too many":    {"sep=;\na;b;c\n\n1;2;3;4\n", "line 4: the line has more columns than the header, which has 3"},
		"a quote to part by": {"sep=\"\na;b;c\n", "line 1: the first line names no separator that can be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := csvlist.Read([]byte(c.file))
			require.EqualError(t, err, c.want)
		})
	}
}

func TestAmountsAreReadAsTheirListWritesThem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cells []string
		want  []string
	}{
		"points":                     {[]string{"108.00", "-2.3", "1'234.50", ".5", "7"}, []string{"108.00", "-2.30", "1234.50", "0.50", "7.00"}},
		"commas":                     {[]string{"108,00", "1.234,50", "1.234", "1 234,5"}, []string{"108.00", "1234.50", "1234.00", "1234.50"}},
		"thousands by commas":        {[]string{"1,234.50", "1,234", "0.5"}, []string{"1234.50", "1234.00", "0.50"}},
		"millions":                   {[]string{"1.234.567", "2,00"}, []string{"1234567.00", "2.00"}},
		"more decimals than cents":   {[]string{"108.0000", "2.50"}, []string{"108.00", "2.50"}},
		"three of them":              {[]string{"108.000", "2.50"}, []string{"108.00", "2.50"}},
		"signs and currencies":       {[]string{"CHF -1.50", "1.50-", "+1.50", "−1.50", "1.50 CHF"}, []string{"-1.50", "-1.50", "1.50", "-1.50", "1.50"}},
		"no decimals anywhere":       {[]string{"108", "1'000"}, []string{"108.00", "1000.00"}},
		"what is no amount":          {[]string{"x", "1.2.3", "--1", "2.305", "", "1,23.00", "12.00"}, []string{"!", "!", "!", "!", "!", "!", "12.00"}},
		"a digit before three zeros": {[]string{"0,500", "2,50"}, []string{"0.50", "2.50"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d csvlist.Decimals
			for _, cell := range c.cells {
				if name != "what is no amount" {
					assert.True(t, d.Look(cell), cell)
				}
			}
			d.Look("12.00")
			if name == "commas" || name == "millions" || name == "a digit before three zeros" {
				assert.False(t, d.Look("12.00"), "the list has commas")
			}
			for i, cell := range c.cells {
				a, err := d.Parse(cell, money.CHF)
				if c.want[i] == "!" {
					require.Error(t, err, cell)
					continue
				}
				if assert.NoError(t, err, cell) {
					assert.Equal(t, c.want[i], a.Value(), cell)
				}
			}
		})
	}
	var d csvlist.Decimals
	assert.True(t, d.Look("1.234"))
	assert.Equal(t, "1.234", d.Unclear(), "nobody knows whether it is more than a thousand")
	assert.True(t, d.Look("5,10"))
	assert.Empty(t, d.Unclear())
}

func TestDaysAreReadInTheThreeFormsOfThisCountry(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{"24.11.2026", "2026-11-24", "24/11/2026", "24.11.2026 14:03", "2026-11-24T14:03:00"} {
		day, ok := csvlist.ParseDate(cell)
		assert.True(t, ok, cell)
		assert.Equal(t, "2026-11-24", day.Format("2006-01-02"), cell)
	}
	for _, cell := range []string{"", "11/24/2026", "31.02.2026", "24.11.26", "24.11.1926", "2026-11-244", "20261124", "x24.11.2026"} {
		_, ok := csvlist.ParseDate(cell)
		assert.False(t, ok, cell)
	}
}

func TestTypesOfLinesAreUnderstoodInFourLanguages(t *testing.T) {
	t.Parallel()
	for kind, words := range map[csvlist.Kind][]string{
		csvlist.Sale:          {"Sale", "Kauf", "Zahlung", "Achat", "Paiement", "Vente", "Acquisto", "Pagamento", "Purchase"},
		csvlist.Refund:        {"Refund", "Gutschrift", "Rückerstattung", "Remboursement", "Rimborso", "Storno"},
		csvlist.Chargeback:    {"Chargeback", "Charge-back", "Rückbelastung", "Rétrofacturation", "Riaddebito"},
		csvlist.ChargebackWon: {"Chargeback reversal", "Chargeback won", "Rückbelastung gewonnen", "Storno Rückbelastung"},
		csvlist.FeeOnly:       {"Fee", "Monatsgebühr", "Gebühren", "Frais mensuels", "Commissione", "Terminalmiete", "Canone"},
		csvlist.Unknown:       {"", "VISA", "x", "Credit", "Debit"},
	} {
		for _, word := range words {
			assert.Equal(t, kind, csvlist.KindOf(word), word)
		}
	}
	for _, word := range []string{"Total", "TOTAL CHF", "Gesamttotal", "Summe", "Zwischensumme", "Sous-total", "Totale", "Somme"} {
		assert.True(t, csvlist.IsTotal(word), word)
	}
	assert.False(t, csvlist.IsTotal("Laden Total"))
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("sep=;\nPaym. date;Brand;Trx Date;Gross Amount;Comm. Amount;Net amount\n24.11.2026;VISA;20.11.2026;108.00;2.30;105.70\nTotal;;;108.00;2.30;105.70\n"))
	f.Add([]byte("Datum\tW\xe4hrung\tBetrag\n24/11/2026\tCHF\t1'000,00\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := csvlist.Read(data)
		if err != nil {
			refused, ok := errors.AsType[*csvlist.Error](err)
			require.True(t, ok)
			assert.Positive(t, refused.Line)
			return
		}
		for _, row := range table.Rows {
			assert.Len(t, row.Cells, len(table.Header))
			assert.Greater(t, row.Line, table.Line)
		}
		again := csvlist.Mapping{Payouts: csvlist.ByDate}.Check(table.Header)
		for _, fault := range again {
			assert.NotEqual(t, "header", fault.Name, "a header that was read is one that can be confirmed: %q", table.Header)
		}
		csvlist.Guess(table)
	})
}
