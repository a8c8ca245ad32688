// Package exchange knows what foreign money is worth in francs: a rate for each month and currency, which a person enters or takes from
// the list of the Swiss customs.
package exchange

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// Source is where a rate comes from.
type Source string

// The sources of rates.
const (
	Manual  Source = "manual"  // a person entered it
	Customs Source = "customs" // the list of the Swiss customs
)

// Sources lists every source.
var Sources = []Source{Manual, Customs}

// Rate is what one unit of a foreign currency is worth in francs in a month.
type Rate struct {
	CompanyID string
	Month     time.Time // its first day, midnight UTC
	Currency  money.Currency
	Value     decimal.Decimal
	Source    Source
	SavedAt   time.Time
	SavedBy   string // the id of the key with which it was entered
}

// ID returns how the rate is called within its company, such as "2026-11-EUR".
func (r Rate) ID() string { return r.Month.Format(monthLayout) + "-" + string(r.Currency) }

// Missing is a month for which foreign money was booked without a rate.
type Missing struct {
	Month    time.Time // its first day, midnight UTC
	Currency money.Currency
}

const (
	monthLayout = "2006-01"
	maxDecimals = 6
)

// maxRate is beyond what a franc ever bought, and keeps a slipped decimal point out.
var maxRate = decimal.NewFromInt(1000)

// ParseMonth reads a month of this century, such as "2026-11". Its error is the end of a sentence that begins with the field.
func ParseMonth(s string) (time.Time, error) {
	month, err := time.Parse(monthLayout, s)
	if err != nil || month.Year() < 2000 || month.Year() > 2099 {
		return time.Time{}, fmt.Errorf("must be a month of this century, such as 2026-11")
	}
	return month, nil
}

// ParseRate reads francs for one unit, such as "0.9412". Its error is the end of a sentence that begins with the field.
func ParseRate(s string) (decimal.Decimal, error) {
	rate, err := plain(s, maxDecimals)
	if err == nil && !rate.LessThan(maxRate) {
		err = fmt.Errorf("must be less than %s", maxRate)
	}
	return rate, err
}

// plain reads a decimal number of more than 0 without sign and exponent.
func plain(s string, decimals int) (decimal.Decimal, error) {
	whole, fraction, point := strings.Cut(s, ".")
	if !digits(whole) || point && !digits(fraction) || len(s) > 20 {
		return decimal.Zero, fmt.Errorf(`must be a decimal number such as "0.9412"`)
	}
	if len(fraction) > decimals {
		return decimal.Zero, fmt.Errorf("has more than %d decimals", decimals)
	}
	rate, err := decimal.NewFromString(s)
	if err != nil || !rate.IsPositive() {
		return decimal.Zero, fmt.Errorf("must be more than 0")
	}
	return rate, nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Replace returns nil when the rate may take the place of the one before it: the zero value when there is none. A rate of a month in
// which the books are closed until some day can't change (problem.PeriodClosed), because what was told of that month rests on it. Where
// there was none, nothing was told.
func (r Rate) Replace(before Rate, closedUntil time.Time) error {
	if before.Month.IsZero() || before.Value.Equal(r.Value) || closedUntil.Before(r.Month) {
		return nil
	}
	closed := problem.New(problem.PeriodClosed, "The books are closed until %s, so the rate of %s for %s stays %s.",
		closedUntil.Format(time.DateOnly), r.Month.Format(monthLayout), r.Currency, before.Value)
	closed.Fields = []problem.Field{{Name: "month", Message: "must be a month in which the books are open, or without a rate"}}
	return closed
}
