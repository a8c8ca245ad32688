// Package vat adds up the lines of an invoice and their value added tax. Where it rounds, halves go away from zero:
// a line's price to the centime, and the tax once per rate, on the sum of its lines. Nothing else is rounded.
package vat

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/money"
)

// Line is what one line of an invoice charges. A quantity or price below zero is a discount or a return. The numbers must have been
// written without an exponent: 1e1000000 takes more memory to add up than there is.
type Line struct {
	Quantity  decimal.Decimal
	UnitPrice decimal.Decimal // in major units, with as many decimals as it needs
	Rate      decimal.Decimal // in percent: 8.1
}

// Price returns quantity times unit price in major units, rounded to the decimals of the currency. It holds the tax when the prices
// do.
func (l Line) Price(currency money.Currency) decimal.Decimal {
	return l.Quantity.Mul(l.UnitPrice).Round(currency.Scale())
}

// RateTotal is what all lines of one rate come to: Gross is Net and Tax together.
type RateTotal struct {
	Rate            decimal.Decimal
	Net, Tax, Gross money.Amount
}

// Totals is what all lines come to: the sums of the totals per rate, the highest rate first.
type Totals struct {
	Rates           []RateTotal
	Net, Tax, Gross money.Amount
}

// Total adds up lines whose prices hold the tax or don't. The order of the lines does not matter. The error says which line has a rate
// that cannot be, counted from 1, or that a sum is larger than money.Parse takes.
func Total(lines []Line, pricesIncludeTax bool, currency money.Currency) (Totals, error) {
	prices := map[string]decimal.Decimal{} // by rate, where 8.1 and 8.10 are the same
	rates := map[string]decimal.Decimal{}
	for i, line := range lines {
		if line.Rate.IsNegative() || line.Rate.GreaterThan(hundred) {
			return Totals{}, fmt.Errorf("line %d: the VAT rate must be 0 to 100 percent", i+1)
		}
		key := line.Rate.String()
		prices[key], rates[key] = prices[key].Add(line.Price(currency)), line.Rate
	}
	totals := Totals{Net: money.Zero(currency), Tax: money.Zero(currency), Gross: money.Zero(currency)}
	for key, price := range prices {
		total, err := rateTotal(rates[key], price, pricesIncludeTax, currency)
		if err != nil {
			return Totals{}, err
		}
		totals.Rates = append(totals.Rates, total)
		totals.Net, totals.Tax, totals.Gross = totals.Net.Add(total.Net), totals.Tax.Add(total.Tax), totals.Gross.Add(total.Gross)
	}
	if totals.Net.TooLarge() || totals.Tax.TooLarge() || totals.Gross.TooLarge() {
		return Totals{}, errTooLarge
	}
	slices.SortFunc(totals.Rates, func(a, b RateTotal) int { return b.Rate.Cmp(a.Rate) })
	return totals, nil
}

var (
	hundred     = decimal.NewFromInt(100)
	errTooLarge = fmt.Errorf("the lines come to more than 999999999.99")
)

func rateTotal(rate, price decimal.Decimal, includesTax bool, currency money.Currency) (RateTotal, error) {
	net, gross := price, price
	tax := price.Mul(rate).DivRound(hundred, currency.Scale())
	if includesTax {
		tax = price.Mul(rate).DivRound(hundred.Add(rate), currency.Scale())
		net = gross.Sub(tax)
	} else {
		gross = net.Add(tax)
	}
	total := RateTotal{Rate: rate}
	for to, value := range map[*money.Amount]decimal.Decimal{&total.Net: net, &total.Tax: tax, &total.Gross: gross} {
		amount, err := money.Parse(value.StringFixed(currency.Scale()), currency)
		if err != nil {
			return RateTotal{}, errTooLarge
		}
		*to = amount
	}
	return total, nil
}

// ToFiveCentimes returns the nearest amount that coins can pay: 1.02 becomes 1.00, 1.03 becomes 1.05. Only who asks for it gets it: no
// total is rounded like that by itself.
func ToFiveCentimes(a money.Amount) money.Amount {
	minor := a.Minor()
	rest := minor % 5
	switch {
	case rest > 2:
		rest -= 5
	case rest < -2:
		rest += 5
	}
	return money.FromMinor(minor-rest, a.Currency())
}

// period is the time from a day on in which Switzerland has these rates.
type period struct {
	from  time.Time
	rates []decimal.Decimal
}

// periods are the latest first. Rates: Federal Act on Value Added Tax (SR 641.20), articles 25 and 115.
var periods = []period{
	{time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC), percents("8.1", "2.6", "3.8", "0")},
	{time.Time{}, percents("7.7", "2.5", "3.7", "0")},
}

func percents(values ...string) []decimal.Decimal {
	rates := make([]decimal.Decimal, len(values))
	for i, value := range values {
		rates[i] = decimal.RequireFromString(value)
	}
	return rates
}

// Rates returns the rates that Switzerland has on a day, in percent: normal, reduced, lodging, and 0 for what is exempt.
func Rates(day time.Time) []decimal.Decimal {
	i := slices.IndexFunc(periods, func(p period) bool { return !day.Before(p.from) })
	return slices.Clone(periods[i].rates)
}

// Known reports whether Switzerland has the rate, in percent, on a day. Another rate is worth a warning, not a refusal: the seller may
// be taxed elsewhere.
func Known(rate decimal.Decimal, day time.Time) bool {
	return slices.ContainsFunc(Rates(day), rate.Equal)
}
