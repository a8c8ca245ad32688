// Package calendar counts business days in the cantons of Switzerland.
//
// Everything here is a pure function of its arguments. So workflows may use it: a replay gives the same day.
package calendar

import (
	"fmt"
	"time"
	_ "time/tzdata" // Europe/Zurich must be known on hosts without a time zone database

	"github.com/rickar/cal/v2"
)

// Zurich is the time zone in which all days of this package begin and end.
var Zurich = mustLoad("Europe/Zurich")

func mustLoad(zone string) *time.Location {
	location, err := time.LoadLocation(zone)
	if err != nil {
		panic(fmt.Sprintf("calendar: %v", err))
	}
	return location
}

// Calendar knows the public holidays of one canton. Get one from ForCanton.
type Calendar struct {
	holidays []*cal.Holiday
}

// ForCanton returns the calendar of the canton with the given two-letter code, such as "VD", or an error for any other code.
func ForCanton(code string) (Calendar, error) {
	holidays, ok := cantons[code]
	if !ok {
		return Calendar{}, fmt.Errorf("must be the two letters of a Swiss canton, such as ZH or VD")
	}
	return Calendar{holidays}, nil
}

// IsBusinessDay reports whether the day of t in Zurich is one from Monday to Friday and no public holiday.
func (c Calendar) IsBusinessDay(t time.Time) bool { return c.works(Day(t)) }

// AddBusinessDays returns the n-th business day after the day of t, or before it when n is negative, at the same time
// of day in Zurich. For n = 0 it is t itself, even on a holiday.
func (c Calendar) AddBusinessDays(t time.Time, n int) time.Time {
	local := t.In(Zurich)
	if n == 0 {
		return local
	}
	day, step := Day(t), 1
	if n < 0 {
		n, step = -n, -1
	}
	for n > 0 {
		day = day.AddDate(0, 0, step)
		if c.works(day) {
			n--
		}
	}
	hour, minute, second := local.Clock()
	return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, second, local.Nanosecond(), Zurich)
}

// NextBusinessDay returns the first business day after the day of t, at the same time of day in Zurich.
func (c Calendar) NextBusinessDay(t time.Time) time.Time { return c.AddBusinessDays(t, 1) }

// BusinessDaysBetween counts the business days after the day of from, up to and including the day of to. It is negative
// when to is on an earlier day: the business days from the day of to until before the day of from.
func (c Calendar) BusinessDaysBetween(from, to time.Time) int {
	first, last, sign := Day(from).AddDate(0, 0, 1), Day(to), 1
	if last.Before(Day(from)) {
		first, last, sign = Day(to), Day(from).AddDate(0, 0, -1), -1
	}
	days := 0
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		if c.works(day) {
			days += sign
		}
	}
	return days
}

// Day returns the calendar day of t in Zurich as midnight UTC. Dates are kept in this form, because in UTC every day has 24
// hours.
func Day(t time.Time) time.Time {
	year, month, day := t.In(Zurich).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func (c Calendar) works(day time.Time) bool {
	if cal.IsWeekend(day) {
		return false
	}
	for _, holiday := range c.holidays {
		// Swiss holidays are never moved to another day; only the actual day counts.
		actual, _ := holiday.Calc(day.Year())
		if actual.Equal(day) {
			return false
		}
	}
	return true
}
