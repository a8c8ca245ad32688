// Package money holds an exact amount together with its ISO 4217 currency.
//
// There is no float anywhere: amounts are decimals in major units ("108.00" francs), and minor units ("10800" centimes)
// exist only at the Saferpay edge, through Minor and FromMinor.
package money

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// Currency is an ISO 4217 alphabetic code that Quittance can collect.
type Currency string

// The currencies that Worldline/SIX contracts for Swiss merchants: CHF by the contract itself, the others on request.
const (
	CHF Currency = "CHF"
	EUR Currency = "EUR"
	USD Currency = "USD"
	GBP Currency = "GBP"
)

// Currencies lists them.
var Currencies = []Currency{CHF, EUR, USD, GBP}

// scales gives the number of decimals of each supported currency (ISO 4217, "minor unit").
var scales = map[Currency]int32{CHF: 2, EUR: 2, USD: 2, GBP: 2}

// maxMinor is the largest amount in minor units that Saferpay and the journal both hold with room to add up:
// 999 999 999.99 in a currency of two decimals.
var maxMinor = decimal.NewFromInt(99_999_999_999)

// ParseCurrency returns the currency with the given code; the error names the supported ones.
func ParseCurrency(code string) (Currency, error) {
	c := Currency(code)
	if _, ok := scales[c]; !ok {
		return "", fmt.Errorf("must be one of CHF, EUR, USD, GBP")
	}
	return c, nil
}

// Scale returns the number of decimals of the currency, 0 for one that is not supported.
func (c Currency) Scale() int32 { return scales[c] }

// Amount is an exact amount of one currency. The zero value is no amount: it has no currency and is only good for IsZero.
type Amount struct {
	value    decimal.Decimal
	currency Currency
}

// Parse reads a plain decimal string such as "108.00" or "108" (major units, optional minus sign, no exponent, no
// grouping). It refuses more decimals than the currency has, and anything beyond ±999 999 999.99.
func Parse(value string, currency Currency) (Amount, error) {
	if _, ok := scales[currency]; !ok {
		return Amount{}, fmt.Errorf("currency %q is not supported", currency)
	}
	if !plain(value) {
		return Amount{}, fmt.Errorf(`must be a decimal number such as "108.00"`)
	}
	d, err := decimal.NewFromString(value)
	if err != nil {
		return Amount{}, fmt.Errorf(`must be a decimal number such as "108.00"`)
	}
	if !d.Equal(d.Round(currency.Scale())) {
		return Amount{}, fmt.Errorf("has more than the %d decimals of %s", currency.Scale(), currency)
	}
	if (Amount{d, currency}).TooLarge() {
		return Amount{}, fmt.Errorf("is larger than 999999999.99")
	}
	return Amount{d, currency}, nil
}

// plain reports whether s is an optional minus sign, digits, and optionally a point followed by digits.
func plain(s string) bool {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return digits(whole) && (!point || digits(fraction)) && len(s) <= 32
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// MustParse is Parse for constants in tests and tables; it panics on an error.
func MustParse(value string, currency Currency) Amount {
	a, err := Parse(value, currency)
	if err != nil {
		panic(fmt.Sprintf("money: %q %s: %v", value, currency, err))
	}
	return a
}

// Zero returns nothing of the currency.
func Zero(currency Currency) Amount { return Amount{decimal.Zero, currency} }

// FromMinor returns the amount of n minor units (10800 centimes are CHF 108.00).
func FromMinor(n int64, currency Currency) Amount {
	return Amount{decimal.New(n, -currency.Scale()), currency}
}

// Minor returns the amount in minor units, as Saferpay counts (CHF 108.00 are 10800).
func (a Amount) Minor() int64 { return a.value.Shift(a.currency.Scale()).IntPart() }

// Currency returns the currency of the amount.
func (a Amount) Currency() Currency { return a.currency }

// TooLarge reports whether a sum is beyond ±999 999 999.99, which is as much as Parse reads and the journal holds.
func (a Amount) TooLarge() bool { return a.value.Shift(a.currency.Scale()).Abs().GreaterThan(maxMinor) }

// Decimal returns the amount in major units.
func (a Amount) Decimal() decimal.Decimal { return a.value }

// Value renders the amount without its currency, with exactly the currency's decimals: "108.00".
func (a Amount) Value() string { return a.value.StringFixed(a.currency.Scale()) }

// String renders the amount for people and logs: "CHF 108.00".
func (a Amount) String() string { return string(a.currency) + " " + a.Value() }

// Add returns a+b. Adding two currencies is a programming error and panics.
func (a Amount) Add(b Amount) Amount {
	a.mustMatch(b)
	return Amount{a.value.Add(b.value), a.currency}
}

// Sub returns a-b. Subtracting two currencies is a programming error and panics.
func (a Amount) Sub(b Amount) Amount { return a.Add(b.Neg()) }

// Neg returns -a.
func (a Amount) Neg() Amount { return Amount{a.value.Neg(), a.currency} }

// In returns what the amount is worth in another currency at that rate, in which one unit of a is so many of the other. Half a cent is
// rounded away from nothing, so that -a is worth as much less.
func (a Amount) In(other Currency, rate decimal.Decimal) Amount {
	return Amount{a.value.Mul(rate).Round(other.Scale()), other}
}

// Cmp returns -1, 0 or +1 as a is less than, equal to or more than b. Comparing two currencies panics.
func (a Amount) Cmp(b Amount) int {
	a.mustMatch(b)
	return a.value.Cmp(b.value)
}

// Equal reports whether a and b are the same amount of the same currency.
func (a Amount) Equal(b Amount) bool { return a.currency == b.currency && a.value.Equal(b.value) }

// IsZero reports whether the amount is nothing.
func (a Amount) IsZero() bool { return a.value.IsZero() }

// IsPositive reports whether the amount is more than nothing.
func (a Amount) IsPositive() bool { return a.value.IsPositive() }

// IsNegative reports whether the amount is less than nothing.
func (a Amount) IsNegative() bool { return a.value.IsNegative() }

func (a Amount) mustMatch(b Amount) {
	if a.currency != b.currency {
		panic(fmt.Sprintf("money: %s and %s do not add up", a.currency, b.currency))
	}
}

type wire struct {
	Value    string   `json:"value"`
	Currency Currency `json:"currency"`
}

// MarshalJSON writes {"value":"108.00","currency":"CHF"}; the zero Amount is null.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.currency == "" {
		return []byte("null"), nil
	}
	return json.Marshal(wire{a.Value(), a.currency})
}

// UnmarshalJSON reads what MarshalJSON writes, with the checks of Parse.
func (a *Amount) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*a = Amount{}
		return nil
	}
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("amount: %w", err)
	}
	parsed, err := Parse(w.Value, w.Currency)
	if err != nil {
		return fmt.Errorf("amount %q: %w", w.Value, err)
	}
	*a = parsed
	return nil
}
