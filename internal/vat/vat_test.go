package vat_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/vat"
)

func number(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func line(quantity, price, rate string) vat.Line {
	return vat.Line{Quantity: number(quantity), UnitPrice: number(price), Rate: number(rate)}
}

// sums writes totals as people read them.
func sums(t vat.Totals) [][4]string {
	var rows [][4]string
	for _, r := range t.Rates {
		rows = append(rows, [4]string{r.Rate.String(), r.Net.Value(), r.Tax.Value(), r.Gross.Value()})
	}
	return append(rows, [4]string{"", t.Net.Value(), t.Tax.Value(), t.Gross.Value()})
}

func TestTaxIsAddedPerRate(t *testing.T) {
	t.Parallel()
	totals, err := vat.Total([]vat.Line{line("2", "100", "8.1"), line("1.5", "33.33", "8.10"), line("3", "4.95", "2.6"), line("1", "10", "0")}, false, money.CHF)
	require.NoError(t, err)
	assert.Equal(t, [][4]string{
		{"8.1", "250.00", "20.25", "270.25"}, // 1.5 × 33.33 = 49.995 is 50.00
		{"2.6", "14.85", "0.39", "15.24"},    // 0.3861
		{"0", "10.00", "0.00", "10.00"},
		{"", "274.85", "20.64", "295.49"},
	}, sums(totals))
}

func TestTaxIsTakenOutOfPricesThatHoldIt(t *testing.T) {
	t.Parallel()
	totals, err := vat.Total([]vat.Line{line("1", "108.10", "8.1"), line("1", "102.60", "2.6"), line("1", "100", "3.8")}, true, money.CHF)
	require.NoError(t, err)
	assert.Equal(t, [][4]string{
		{"8.1", "100.00", "8.10", "108.10"},
		{"3.8", "96.34", "3.66", "100.00"},
		{"2.6", "100.00", "2.60", "102.60"},
		{"", "296.34", "14.36", "310.70"},
	}, sums(totals))
}

func TestTaxIsRoundedOncePerRateAndNotPerLine(t *testing.T) {
	t.Parallel()
	var lines []vat.Line
	for range 10 {
		lines = append(lines, line("1", "0.05", "8.1")) // each alone: 0.00405
	}
	totals, err := vat.Total(lines, false, money.CHF)
	require.NoError(t, err)
	assert.Equal(t, "0.04", totals.Tax.Value())
}

func TestHalvesGoAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ quantity, price, total string }{
		{"0.5", "0.01", "0.01"}, {"0.5", "-0.01", "-0.01"}, {"-0.5", "0.01", "-0.01"}, {"0.5", "0.03", "0.02"}, {"0.499", "0.01", "0.00"}, {"3", "0.333", "1.00"},
	} {
		totals, err := vat.Total([]vat.Line{line(c.quantity, c.price, "0")}, false, money.CHF)
		require.NoError(t, err)
		assert.Equal(t, c.total, totals.Net.Value(), "%s × %s", c.quantity, c.price)
	}
	totals, err := vat.Total([]vat.Line{line("1", "0.50", "5")}, false, money.CHF) // 0.025
	require.NoError(t, err)
	assert.Equal(t, "0.03", totals.Tax.Value())
	totals, err = vat.Total([]vat.Line{line("-1", "0.50", "5")}, false, money.CHF)
	require.NoError(t, err)
	assert.Equal(t, "-0.03", totals.Tax.Value())
}

func TestLinesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for _, rate := range []string{"-0.1", "100.1", "-100"} {
		_, err := vat.Total([]vat.Line{line("1", "1", "0"), line("1", "1", rate)}, true, money.CHF)
		require.ErrorContains(t, err, "line 2")
	}
	for _, lines := range [][]vat.Line{
		{line("1", "1000000000", "0")},
		{line("1", "999999999.99", "8.1")},
		{line("1", "999999999.99", "0"), line("1", "0.01", "2.6")},
	} {
		_, err := vat.Total(lines, false, money.CHF)
		require.ErrorContains(t, err, "999999999.99")
	}
	totals, err := vat.Total(nil, false, money.EUR)
	require.NoError(t, err)
	assert.Equal(t, vat.Totals{Net: money.Zero(money.EUR), Tax: money.Zero(money.EUR), Gross: money.Zero(money.EUR)}, totals)
}

var lines = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) vat.Line {
	return vat.Line{
		Quantity:  decimal.New(rapid.Int64Range(-10_000, 1_000_000).Draw(t, "quantity"), -rapid.Int32Range(0, 3).Draw(t, "its decimals")),
		UnitPrice: decimal.New(rapid.Int64Range(-10_000, 1_000_000).Draw(t, "price"), -rapid.Int32Range(2, 5).Draw(t, "its decimals")),
		Rate:      number(rapid.SampledFrom([]string{"8.1", "8.10", "2.6", "3.8", "7.7", "19", "0"}).Draw(t, "rate")),
	}
}), 0, 40)

func TestTotalsOfAllLinesAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines, included := lines.Draw(t, "lines"), rapid.Bool().Draw(t, "prices include the tax")
		totals, err := vat.Total(lines, included, money.CHF)
		if err != nil {
			return // more than there may be
		}
		shuffled, err := vat.Total(rapid.Permutation(lines).Draw(t, "in another order"), included, money.CHF)
		require.NoError(t, err)
		assert.Equal(t, sums(totals), sums(shuffled), "the order of lines does not matter")

		net, tax, gross, prices := money.Zero(money.CHF), money.Zero(money.CHF), money.Zero(money.CHF), decimal.Zero
		for _, l := range lines {
			prices = prices.Add(l.Price(money.CHF))
		}
		for i, r := range totals.Rates {
			assert.True(t, r.Gross.Equal(r.Net.Add(r.Tax)), "gross is net and tax")
			exact := r.Net.Decimal().Mul(r.Rate).Div(number("100"))
			off := exact.Sub(r.Tax.Decimal()).Abs()
			assert.True(t, off.LessThanOrEqual(number("0.01")), "the tax is off by %s", off)
			assert.True(t, i == 0 || r.Rate.LessThan(totals.Rates[i-1].Rate), "each rate is there once, the highest first")
			net, tax, gross = net.Add(r.Net), tax.Add(r.Tax), gross.Add(r.Gross)
		}
		assert.True(t, net.Equal(totals.Net) && tax.Equal(totals.Tax) && gross.Equal(totals.Gross), "totals are the sums of the rates")
		if included {
			assert.True(t, prices.Equal(totals.Gross.Decimal()), "prices with tax come to the gross total")
		} else {
			assert.True(t, prices.Equal(totals.Net.Decimal()), "prices without tax come to the net total")
		}
	})
}

func TestFiveCentimesAreTheNearest(t *testing.T) {
	t.Parallel()
	for from, to := range map[string]string{
		"0": "0.00", "1.00": "1.00", "1.02": "1.00", "1.03": "1.05", "1.07": "1.05", "1.08": "1.10", "-1.02": "-1.00", "-1.03": "-1.05", "0.01": "0.00", "999999999.98": "1000000000.00",
	} {
		assert.Equal(t, to, vat.ToFiveCentimes(money.MustParse(from, money.CHF)).Value(), from)
	}
}

func TestRatesAreThoseOfTheDay(t *testing.T) {
	t.Parallel()
	before, since := time.Date(2023, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, rate := range []string{"7.7", "2.5", "3.7"} {
		assert.True(t, vat.Known(number(rate), before), rate)
		assert.False(t, vat.Known(number(rate), since), rate)
	}
	for _, rate := range []string{"8.1", "2.6", "3.80"} {
		assert.False(t, vat.Known(number(rate), before), rate)
		assert.True(t, vat.Known(number(rate), since), rate)
	}
	assert.True(t, vat.Known(number("0"), before))
	assert.True(t, vat.Known(number("0.0"), since))
	assert.False(t, vat.Known(number("19"), since))
}
