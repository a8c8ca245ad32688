package exchange_test

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/exchange"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/strictxml"
)

const list = `<?xml version="1.0" encoding="UTF-8"?>
<monatsmittelkurs xmlns="https://www.backend-rates.bazg.admin.ch/avgratesmonth">
  <monat>2026-11</monat>
  <devise code="eur"><land_de>Europäische Währungsunion</land_de><waehrung>1 EUR</waehrung><kurs>0.9412</kurs></devise>
  <devise code="jpy"><land_de>Japan</land_de><waehrung>100 JPY</waehrung><kurs>0.5412</kurs></devise>
  <devise code="gbp"><land_de>Grossbritannien</land_de><waehrung>100 GBP</waehrung><kurs>107.3214</kurs></devise>
</monatsmittelkurs>
`

func TestRatesOfTheCustomsAreForOneUnit(t *testing.T) {
	t.Parallel()
	read, err := exchange.ReadCustoms([]byte(list))
	require.NoError(t, err)
	assert.Equal(t, "2026-11", read.Month.Format("2006-01"))
	assert.Equal(t, 1, read.Others)
	require.Len(t, read.Rates, 2)
	assert.Equal(t, []any{"2026-11-EUR", "0.9412", exchange.Customs}, []any{read.Rates[0].ID(), read.Rates[0].Value.String(), read.Rates[0].Source})
	assert.Equal(t, []any{money.GBP, "1.073214"}, []any{read.Rates[1].Currency, read.Rates[1].Value.String()})
}

func TestListThatIsNotSoundIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		from, to string
		line     int
		says     string
	}{
		"another code":      {`code="eur"`, `code="usd"`, 4, `the devise "usd" has the waehrung "1 EUR"`},
		"no month":          {"<monat>2026-11</monat>", "", 8, "monat is missing"},
		"two months":        {"<monat>2026-11</monat>", "<monat>2026-11</monat><monat>2026-12</monat>", 3, "monat is there twice"},
		"a comma":           {"0.9412", "0,9412", 4, "must be a decimal number"},
		"a price below 0":   {"0.9412", "-0.9412", 4, "must be a decimal number"},
		"units of nothing":  {"1 EUR", "0 EUR", 4, "how many units"},
		"no exact division": {"100 GBP", "7000 GBP", 6, "is no rate with at most 8 decimals"},
		"two prices":        {"<kurs>0.9412</kurs>", "<kurs>0.9412</kurs><kurs>0.9413</kurs>", 4, `"kurs" is there twice`},
		"an open element":   {"</monatsmittelkurs>", "</monat>", 7, "no well-formed XML"},
		"too deep":          {"<monat>", strings.Repeat("<x>", 10), 3, "more than 8 deep"},
	} {
		_, err := exchange.ReadCustoms([]byte(strings.Replace(list, c.from, c.to, 1)))
		var fault *strictxml.Error
		require.ErrorAs(t, err, &fault, what)
		assert.Equal(t, c.line, fault.Line, what)
		assert.Contains(t, fault.Reason, c.says, what)
	}
	_, err := exchange.ReadCustoms([]byte(list + strings.Repeat(" ", exchange.MaxList)))
	require.ErrorContains(t, err, "more than 1048576 bytes")
	_, err = exchange.ReadCustoms([]byte(strings.Replace(list, "100 JPY", "JPY", 1)))
	require.NoError(t, err, "other currencies don't matter")
}

func FuzzReadCustoms(f *testing.F) {
	f.Add([]byte(list))
	f.Add([]byte(list[:250]))
	f.Add([]byte(`<wechselkurse><datum>20.11.2026</datum></wechselkurse>`))
	f.Add([]byte(`<monatsmittelkurs><monat>2026-11</monat><devise code="usd"><waehrung>100 USD</waehrung><kurs>81.75</kurs></devise></monatsmittelkurs>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := exchange.ReadCustoms(data)
		if err != nil {
			var fault *strictxml.Error
			require.ErrorAs(t, err, &fault)
			return
		}
		require.NotEmpty(t, read.Rates)
		for _, r := range read.Rates {
			assert.Equal(t, read.Month, r.Month)
			assert.True(t, r.Value.IsPositive() && r.Value.LessThan(decimal.NewFromInt(1000)) && r.Value.Equal(r.Value.Round(8)), r.Value)
			assert.NotEqual(t, money.CHF, r.Currency)
		}
	})
}
